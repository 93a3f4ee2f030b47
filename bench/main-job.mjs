// The numbers of the main job, measured through the built commands: retrieval quality, passages a
// second, index + mine + validate, and the time from `clara-index search` to its answer.
//
//   npm run build && node bench/main-job.mjs DATA [--python PYTHON] [--output FILE] [--trials 5]
//
// DATA holds BEIR folders with qa.jsonl (clara-pretrain, xquad-en, …). PYTHON is an interpreter
// with models/recipe/requirements.txt installed; without one the comparison with
// sentence-transformers is left out. Trials are interleaved, each in a process of its own.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    output: { type: 'string' },
    trials: { type: 'string', default: '5' },
  },
})
const data = positionals[0]
if (!data || !existsSync(join(data, 'clara-pretrain', 'corpus.jsonl'))) {
  console.error('usage: node bench/main-job.mjs DATA, where DATA/clara-pretrain is a BEIR folder')
  process.exit(2)
}
const trials = Number(flags.trials)
const clara = fileURLToPath(new URL('../dist/cli/clara.js', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'clara-main-job-'))
const env = { ...process.env, CLARA_CACHE_DIR: join(work, 'cache') } // nothing is known from before

function run(command, args, { allowed = [0] } = {}) {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 1 << 30 })
  if (!allowed.includes(status)) throw new Error(`${command} ${args.join(' ')}: exit ${status}\n${stderr}`)
  return { seconds: (performance.now() - started) / 1000, stdout }
}

const claraJson = (...args) => {
  const { seconds, stdout } = run(process.execPath, [clara, ...args, '--json', '--quiet'])
  const { index, output, ...result } = JSON.parse(stdout) // where it went is of no use later
  return { seconds: round(seconds), result }
}
const round = (value, digits = 3) => Number(value.toFixed(digits))
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const spread = (values) => ({
  median: round(median(values)),
  min: round(Math.min(...values)),
  max: round(Math.max(...values)),
})

function retrieval() {
  const out = {}
  for (const name of ['clara-pretrain', 'xquad-en', 'xquad-zh', 'cmrc2018-dev']) {
    const folder = join(data, name)
    if (existsSync(folder)) out[name] = claraJson('bench', 'retrieval', folder).result
  }
  return out
}

/** Index, mine and validate, each time with nothing embedded before. */
function mainJob() {
  const runs = Array.from({ length: trials }, (_, trial) => mainJobOnce(join(work, String(trial))))
  const of = (step) => {
    const seconds = runs.map((one) => one[step].seconds)
    return { seconds: round(median(seconds)), raw_seconds: seconds, result: runs[0][step].result }
  }
  return { build: of('build'), mine: of('mine'), validate: of('validate') }
}

function mainJobOnce(place) {
  const folder = join(data, 'clara-pretrain')
  const [index, samples] = [join(place, 'index'), join(place, 'samples')]
  const file = join(samples, 'end_to_end_data.jsonl')
  const build = claraJson('index', 'build', '--input-file', folder, '--output-dir', index)
  const mining = ['--index', index, '--qa-file', join(folder, 'qa.jsonl'), '--target-top-k', '5']
  const mine = claraJson('mine', ...mining, '--output-dir', samples, '--score-cache', join(place, 'scores'))
  const validate = claraJson('validate', '--input-file', file, '--expected-top-k', '5')
  const { ok, lines, valid, docsPerSample } = validate.result
  return { build, mine, validate: { ...validate, result: { ok, lines, valid, docsPerSample } } }
}

function coldSearch() {
  const index = join(work, '0', 'index')
  const args = [
    clara,
    'index',
    'search',
    index,
    '--query',
    'Who is the editor-in-chief of Thrasher magazine?',
    '--quiet',
  ]
  const seconds = Array.from({ length: trials }, () => run(process.execPath, args).seconds)
  return { seconds: seconds.map((s) => round(s)), ...spread(seconds) }
}

function throughput() {
  const corpus = join(data, 'clara-pretrain', 'corpus.jsonl')
  const ours = []
  const peer = []
  for (let trial = 0; trial < trials; trial++) {
    ours.push(
      claraJson('bench', 'throughput', '--input-file', corpus, '--repeat', '1').result.passages_per_second,
    )
    if (!flags.python) continue
    const script = fileURLToPath(new URL('sentence_transformers_encode.py', import.meta.url))
    peer.push(JSON.parse(run(flags.python, [script, corpus]).stdout))
  }
  const result = { clara_passages_per_second: { raw: ours, ...spread(ours) } }
  if (peer.length === 0) return { ...result, sentence_transformers: 'left out: no --python given' }
  const rates = peer.map((p) => p.passages_per_second)
  return {
    ...result,
    sentence_transformers: {
      versions: peer[0].versions,
      batch_size: peer[0].batch_size,
      raw: rates,
      ...spread(rates),
    },
    ratio_of_medians: round(median(ours) / median(rates), 2),
    ratio_of_each_pair: ours.map((rate, i) => round(rate / rates[i], 2)),
  }
}

try {
  const result = {
    ...measuredOn(),
    retrieval: retrieval(),
    main_job: mainJob(),
    cold_search_seconds: coldSearch(),
    throughput: throughput(),
  }
  process.stdout.write(keep(result, flags.output))
} finally {
  rmSync(work, { recursive: true, force: true })
}
