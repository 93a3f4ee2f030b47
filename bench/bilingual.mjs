// The embedded embedders beside each other: what they find in English, in Chinese and from one to the other, and how fast they are
// beside the bare model and sentence-transformers (torch, fp32) with the bilingual model's weights.
//
//   npm run build && node bench/bilingual.mjs DATA [--fp32 DIR] [--python PY] [--only quality,speed] [--trials 5] [--output FILE]
//   node bench/bilingual.mjs --draw FILE
//
// DATA holds BEIR folders. DIR is the folder `fp32` that models/recipe/e5_build.py writes; with it fp32 is measured too, and with
// PY, which has sentence-transformers, that peer. Trials are interleaved, each in a process of its own, medians. What FILE has of
// the other part is kept. --draw only writes the table of docs/models.md, from FILE.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'
import { table } from './markdown.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fp32: { type: 'string' },
    python: { type: 'string' },
    only: { type: 'string', default: 'quality,speed' },
    trials: { type: 'string', default: '5' },
    output: { type: 'string' },
    draw: { type: 'string' },
  },
})
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
if (flags.draw) {
  draw(JSON.parse(readFileSync(flags.draw, 'utf8')), flags.draw)
  process.exit(0)
}
const data = positionals[0]
if (!data || !existsSync(join(data, 'xquad-zh', 'corpus.jsonl'))) {
  console.error('usage: node bench/bilingual.mjs DATA, where DATA/xquad-zh is a BEIR folder')
  process.exit(2)
}
const EMBEDDERS = ['all-minilm-l6-v2', 'multilingual-e5-small-en-zh']
const BILINGUAL = EMBEDDERS[1]
const CORPORA = ['xquad-en', 'xquad-zh', 'cmrc2018-dev', 'drcd-dev', 'clara-pretrain', 'cranfield']
const work = mkdtempSync(join(tmpdir(), 'clara-bilingual-'))
const env = { ...process.env, CLARA_CACHE_DIR: join(work, 'cache') } // calibrated anew, once

function json(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, env })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${status}\n${stderr}`)
  return JSON.parse(stdout)
}
const bench = (...args) =>
  json(process.execPath, [here('../dist/cli/clara.js'), 'bench', ...args, '--json', '--quiet'])
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
const round = (value, digits = 3) => Number(value.toFixed(digits))

/** Questions of one folder over the passages of the other, whose ids are the same. */
function across(questions, passages) {
  const folder = join(work, `${questions} over ${passages}`)
  mkdirSync(folder)
  cpSync(join(data, passages, 'corpus.jsonl'), join(folder, 'corpus.jsonl'))
  for (const name of ['queries.jsonl', 'qrels'])
    cpSync(join(data, questions, name), join(folder, name), { recursive: true })
  return folder
}

const METRICS = ['queries', 'ndcg_at_10', 'mrr_at_10', 'recall_at_1', 'recall_at_10', 'recall_at_100']

function quality() {
  const folders = {
    ...Object.fromEntries(CORPORA.map((name) => [name, join(data, name)])),
    'Chinese questions over English passages (XQuAD)': across('xquad-zh', 'xquad-en'),
    'English questions over Chinese passages (XQuAD)': across('xquad-en', 'xquad-zh'),
  }
  const out = {}
  for (const [name, folder] of Object.entries(folders)) {
    if (!existsSync(join(folder, 'corpus.jsonl'))) continue
    out[name] = {}
    for (const embedder of [...EMBEDDERS, ...(flags.fp32 ? [flags.fp32] : [])]) {
      const result = bench('retrieval', folder, '--embedder', embedder)
      const label = embedder === flags.fp32 ? `${BILINGUAL}, fp32` : embedder
      out[name][label] = Object.fromEntries(METRICS.map((metric) => [metric, result[metric]]))
      console.error(`${name}: ${label}: nDCG@10 ${result.ndcg_at_10}`)
    }
  }
  return out
}

/** clara's own rates and the peer's, over English and Chinese passages, one after the other, and again. */
function speed() {
  const corpus = (name) => join(data, name, 'corpus.jsonl')
  const ours = (embedder, name) => () =>
    bench('throughput', '--input-file', corpus(name), '--embedder', embedder, '--repeat', '1', '--no-ceiling')
      .passages_per_second
  const theirs = (name) => () =>
    json(flags.python, [here('sentence_transformers_encode.py'), corpus(name), flags.fp32, 'passage: '])
      .passages_per_second
  const rounds = {}
  for (const name of ['clara-pretrain', 'cmrc2018-dev']) {
    for (const embedder of EMBEDDERS) rounds[`${name}: ${embedder}`] = ours(embedder, name)
    if (flags.fp32) rounds[`${name}: ${BILINGUAL}, fp32`] = ours(flags.fp32, name)
    if (flags.fp32 && flags.python) rounds[`${name}: sentence-transformers torch fp32`] = theirs(name)
  }
  for (const [name, run] of Object.entries(rounds)) if (!name.includes('torch')) run() // calibrates
  const raw = Object.fromEntries(Object.keys(rounds).map((name) => [name, []]))
  for (let trial = 0; trial < Number(flags.trials); trial++) {
    for (const [name, run] of Object.entries(rounds)) {
      raw[name].push(run())
      console.error(`trial ${trial + 1}: ${name}: ${raw[name].at(-1)}/s`)
    }
  }
  const medians = Object.fromEntries(Object.entries(raw).map(([name, rates]) => [name, median(rates)]))
  const ratios = {}
  for (const name of ['clara-pretrain', 'cmrc2018-dev']) {
    const [bilingual, peer] = [BILINGUAL, 'sentence-transformers torch fp32'].map(
      (each) => medians[`${name}: ${each}`],
    )
    if (peer) ratios[`${name}: ${BILINGUAL} / sentence-transformers torch fp32`] = round(bilingual / peer, 2)
  }
  const ceiling = bench(
    ...['throughput', '--input-file', corpus('clara-pretrain'), '--embedder', BILINGUAL],
    ...['--repeat', flags.trials],
  )
  return { passages_per_second: raw, medians, ratios, beside_the_bare_model: ceiling }
}

/** Replaces what stands between the marks of docs/models.md. */
function draw({ date, machine, embedders, quality, speed }, file) {
  const path = here('../docs/models.md')
  const text = readFileSync(path, 'utf8')
  const [begin, end] = ['<!-- made by bench/bilingual.mjs -->', '<!-- end of embedders -->']
  const [head, rest] = text.split(begin)
  const found = Object.entries(quality).map(([name, of]) => [
    `nDCG@10, ${name}`,
    ...embedders.map((embedder) => of[embedder].ndcg_at_10.toFixed(3)),
  ])
  const rates = speed
    ? ['clara-pretrain', 'cmrc2018-dev'].map((name) => [
        `passages a second, ${name}`,
        ...embedders.map((embedder) => String(Math.round(speed.medians[`${name}: ${embedder}`]))),
      ])
    : []
  const raw = `[raw](../bench/results/${basename(file)})`
  const about = `Measured on ${date}, ${machine.cpu}, ${machine.cores} cores (${raw}):`
  const rows = table(['', ...embedders.map((name) => `\`${name}\``)], [...found, ...rates])
  writeFileSync(path, `${head}${begin}\n\n${about}\n\n${rows}\n\n${end}${rest.split(end)[1]}`)
}

const PARTS = { quality, speed }
try {
  const before =
    flags.output && existsSync(flags.output) ? JSON.parse(readFileSync(flags.output, 'utf8')) : {}
  const result = { ...before, ...measuredOn(), embedders: EMBEDDERS }
  for (const name of flags.only.split(',')) result[name] = PARTS[name]()
  process.stdout.write(keep(result, flags.output))
} finally {
  rmSync(work, { recursive: true, force: true })
}
