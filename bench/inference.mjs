// How fast inference is: against sentence-transformers (torch and ONNX Runtime), FastEmbed, transformers.js and the
// bare model, on the same weights and passages; int8 against fp32 in retrieval; memory by corpus size.
//
//   npm run build && node bench/inference.mjs DATA --models DIR --python PY [--onnx-python PY]
//     [--transformers-js DIR] [--output FILE]
//
// DATA holds BEIR folders (clara-pretrain, xquad-en). bench/peers/README.md says how the models and the
// Python environments are made. Trials are interleaved, each in a process of its own, medians of 5.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    models: { type: 'string' },
    python: { type: 'string' },
    'onnx-python': { type: 'string' },
    'transformers-js': { type: 'string' },
    output: { type: 'string' },
    trials: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
})
const [data] = positionals
if (!data || !flags.models || !existsSync(join(flags.models, 'minilm-int8'))) {
  console.error('usage: node bench/inference.mjs DATA --models DIR [--python PY] [--onnx-python PY]')
  process.exit(2)
}
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const clara = here('../dist/cli/clara.js')
const model = (name) => join(flags.models, name)
const corpus = join(data, 'clara-pretrain', 'corpus.jsonl')
const queries = join(data, 'clara-pretrain', 'queries.jsonl')
const work = mkdtempSync(join(tmpdir(), 'clara-inference-'))
const env = { ...process.env, CLARA_CACHE_DIR: join(work, 'cache') } // calibrated anew, once

function json(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 30, env })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${status}\n${stderr}`)
  return JSON.parse(stdout)
}
const ours = (...args) => json(process.execPath, [clara, 'bench', ...args, '--json', '--quiet'])
const peer = (python, engine, ...args) => json(python, [here('peers/encode.py'), engine, ...args])
const packages = flags['transformers-js']
const transformersJs = (...args) =>
  json(process.execPath, [here('peers/transformers_js.mjs'), packages, ...args])
const answers = (...args) => json(process.execPath, [here('peers/answers.mjs'), ...args])
const round = (value, digits = 3) => Number(value.toFixed(digits))
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/** name -> what runs one trial and gives inputs a second. */
const pairs = ['--reranker', model('cross-minilm'), '--queries', queries]
const rate = ({ passages_per_second, pairs_per_second }) => passages_per_second ?? pairs_per_second
const throughput = (...args) =>
  ours('throughput', '--input-file', corpus, '--repeat', '1', '--no-ceiling', ...args)
const CONTENDERS = {
  'clara int8, as shipped': () => rate(throughput()),
  'clara int8, the same file as the peers': () => rate(throughput('--embedder', model('minilm-int8'))),
  'clara fp32': () => rate(throughput('--embedder', model('minilm-fp32'))),
  'sentence-transformers torch fp32':
    flags.python && (() => peer(flags.python, 'st-torch', model('minilm-fp32'), corpus).per_second),
  'sentence-transformers ONNX int8':
    flags['onnx-python'] &&
    (() => peer(flags['onnx-python'], 'st-onnx', model('minilm-int8'), corpus).per_second),
  'FastEmbed int8':
    flags['onnx-python'] &&
    (() => peer(flags['onnx-python'], 'fastembed', model('minilm-int8'), corpus).per_second),
  'transformers.js int8': packages && (() => transformersJs(model('minilm-int8'), corpus).per_second),
  'clara int8 pairs': () => rate(throughput(...pairs)),
  'sentence-transformers CrossEncoder fp32 pairs':
    flags.python &&
    (() => peer(flags.python, 'cross-torch', model('cross-minilm'), corpus, queries).per_second),
}

function interleaved() {
  const names = Object.keys(CONTENDERS).filter((name) => CONTENDERS[name])
  for (const name of names.filter((each) => each.startsWith('clara'))) CONTENDERS[name]() // calibrates
  const raw = Object.fromEntries(names.map((name) => [name, []]))
  for (let trial = 0; trial < Number(flags.trials); trial++) {
    for (const name of names) {
      raw[name].push(CONTENDERS[name]())
      console.error(`trial ${trial + 1}: ${name}: ${raw[name].at(-1)}/s`)
    }
  }
  const medians = Object.fromEntries(names.map((name) => [name, median(raw[name])]))
  const ratio = (a, b) => (medians[a] && medians[b] ? round(medians[a] / medians[b], 2) : 'not measured')
  return {
    per_second: raw,
    medians,
    ratios: {
      'int8 as shipped / sentence-transformers torch fp32': ratio(
        'clara int8, as shipped',
        'sentence-transformers torch fp32',
      ),
      'same int8 file / sentence-transformers ONNX': ratio(
        'clara int8, the same file as the peers',
        'sentence-transformers ONNX int8',
      ),
      'same int8 file / FastEmbed': ratio('clara int8, the same file as the peers', 'FastEmbed int8'),
      'same int8 file / transformers.js': ratio(
        'clara int8, the same file as the peers',
        'transformers.js int8',
      ),
      'int8 as shipped / sentence-transformers ONNX int8': ratio(
        'clara int8, as shipped',
        'sentence-transformers ONNX int8',
      ),
      'int8 as shipped / FastEmbed int8': ratio('clara int8, as shipped', 'FastEmbed int8'),
      'int8 pairs / CrossEncoder torch fp32': ratio(
        'clara int8 pairs',
        'sentence-transformers CrossEncoder fp32 pairs',
      ),
      'int8 as shipped / fp32': ratio('clara int8, as shipped', 'clara fp32'),
    },
  }
}

function cosines(a, b) {
  const norm = (v) => Math.hypot(...v)
  return a.map((row, i) => row.reduce((sum, x, j) => sum + x * b[i][j], 0) / norm(row) / norm(b[i]))
}
const least = (values) => round(Math.min(...values), 6)

/** Before anything is timed: do they compute the same? */
function agreement() {
  const [fp32, int8] = ['minilm-fp32', 'minilm-int8'].map((name) =>
    answers('embedder', model(name), '64', corpus),
  )
  const result = {
    'clara int8 as shipped / clara fp32, least cosine': least(
      cosines(answers('embedder', 'all-minilm-l6-v2', '64', corpus), fp32),
    ),
  }
  const compare = (name, python, engine, folder, own) => {
    if (python)
      result[`${name}, least cosine`] = least(
        cosines(peer(python, engine, model(folder), corpus, '--answers', '64'), own),
      )
  }
  compare('clara fp32 / sentence-transformers torch', flags.python, 'st-torch', 'minilm-fp32', fp32)
  compare(
    'clara / sentence-transformers ONNX, same int8 file',
    flags['onnx-python'],
    'st-onnx',
    'minilm-int8',
    int8,
  )
  compare('clara / FastEmbed, same int8 file', flags['onnx-python'], 'fastembed', 'minilm-int8', int8)
  if (packages) {
    result['clara / transformers.js, same int8 file, least cosine'] = least(
      cosines(transformersJs(model('minilm-int8'), corpus, '--answers', '64'), int8),
    )
  }
  if (flags.python) {
    const own = answers('reranker', model('cross-minilm'), '64', corpus, queries)
    const theirs = peer(
      flags.python,
      'cross-torch',
      model('cross-minilm'),
      corpus,
      queries,
      '--answers',
      '64',
    )
    result['clara int8 / CrossEncoder torch fp32, correlation of 64 logits'] = round(
      correlation(own, theirs),
      4,
    )
  }
  return result
}

function correlation(a, b) {
  const mean = (v) => v.reduce((x, y) => x + y) / v.length
  const [ma, mb] = [mean(a), mean(b)]
  const dot = (x, mx, y, my) => x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0)
  return dot(a, ma, b, mb) / Math.sqrt(dot(a, ma, a, ma) * dot(b, mb, b, mb))
}

function ceiling() {
  const all = ours('throughput', '--input-file', corpus, '--repeat', flags.trials)
  const pairwise = ours('throughput', '--input-file', corpus, '--repeat', flags.trials, ...pairs)
  return { passages: all, pairs: pairwise }
}

function retrieval() {
  const out = {}
  for (const name of ['xquad-en', 'clara-pretrain']) {
    const folder = join(data, name)
    const int8 = ours('retrieval', folder)
    const fp32 = ours('retrieval', folder, '--embedder', model('minilm-fp32'))
    const lost = round(fp32.ndcg_at_10 - int8.ndcg_at_10, 4)
    out[name] = { int8: int8.ndcg_at_10, fp32: fp32.ndcg_at_10, lost }
  }
  return out
}

/** Passages of some 30 tokens, no two alike, made of clara-pretrain's words. */
function memory() {
  const words = readFileSync(corpus, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).text)
    .join(' ')
    .split(/\s+/)
  const out = {}
  for (const count of [10_000, 100_000]) {
    const file = join(work, `${count}.jsonl`)
    const rows = Array.from({ length: count }, (_, i) => {
      const at = (i * 7919) % (words.length - 20)
      return JSON.stringify({ _id: `d${i}`, text: `${i} ${words.slice(at, at + 18).join(' ')}` })
    })
    writeFileSync(file, rows.join('\n'))
    const { peak_memory_mib, passages, tokens, passages_per_second } = ours(
      'throughput',
      '--input-file',
      file,
      '--repeat',
      '1',
      '--no-ceiling',
    )
    out[count] = { peak_memory_mib, passages, tokens, passages_per_second }
    console.error(`${count} passages: ${peak_memory_mib} MiB`)
  }
  return { ...out, ratio: round(out[100_000].peak_memory_mib / out[10_000].peak_memory_mib, 3) }
}

const PARTS = { agreement, throughput: interleaved, ceiling, retrieval, memory }
try {
  const wanted = flags.only ? flags.only.split(',') : Object.keys(PARTS)
  const result = {
    ...measuredOn(),
  }
  for (const name of wanted) result[name] = PARTS[name]()
  process.stdout.write(keep(result, flags.output))
} finally {
  rmSync(work, { recursive: true, force: true })
}
