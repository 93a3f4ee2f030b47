// Mining against sentence-transformers' mine_hard_negatives, on the same weights and passages: questions a
// second, pairs the reranker sees, a second run with other settings, and how false and how hard negatives are.
//
//   npm run build && node bench/mining/run.mjs DATA --models DIR --python PY --reranker NAME|DIR --cross-encoder DIR
//
// bench/mining/README.md says what each number means. Trials in turns, each in a process of its own, medians of 5.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from '../keep.mjs'
import { measuredOn } from '../machine.mjs'
import { falseNegatives } from './false-negatives.mjs'
import { speed } from './speed.mjs'

/** The peer has its weights in fp32, as bench/peers/make_models.py makes them. */
const EMBEDDER = 'all-minilm-l6-v2'
const PARTS = { speed, false_negatives: falseNegatives }
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    reranker: { type: 'string', default: 'none' },
    models: { type: 'string' },
    'cross-encoder': { type: 'string' },
    python: { type: 'string' },
    trials: { type: 'string', default: '5' },
    questions: { type: 'string' },
    reranked: { type: 'string' },
    sample: { type: 'string', default: '200' },
    planted: { type: 'string', default: '500' },
    corpora: { type: 'string', default: 'clara-pretrain,xquad-en,xquad-zh,cmrc2018-dev' },
    only: { type: 'string' },
    work: { type: 'string' },
    output: { type: 'string' },
  },
})
const [data] = positionals
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const log = (line) => console.error(line)

if (!data || !existsSync(join(data, 'clara-pretrain', 'qa.jsonl'))) {
  log(
    'usage: node bench/mining/run.mjs DATA [--models DIR --python PY] [--reranker NAME|DIR --cross-encoder DIR]',
  )
  process.exit(2)
}
const kept = flags.work && resolve(flags.work)
const work = kept ?? mkdtempSync(join(tmpdir(), 'clara-mining-'))
mkdirSync(work, { recursive: true })
const env = { ...process.env, CLARA_CACHE_DIR: join(work, 'cache') } // calibrated anew, once

/** One task in a process of its own; `wall_seconds` is all of it. */
function child(command, script, task) {
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(command, [here(script), JSON.stringify(task)], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env,
  })
  if (status !== 0) throw new Error(`${script} ${JSON.stringify(task)}: exit ${status}\n${stderr}`)
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1))
  return { ...result, wall_seconds: (performance.now() - start) / 1000 }
}

/** What the peer needs, or a line that says what is missing. */
function peerOf() {
  const missing = whatIsMissing()
  if (missing) return log(`mine_hard_negatives is left out: ${missing}`)
  const crossEncoder = flags['cross-encoder']
  if (!crossEncoder)
    log('mine_hard_negatives with a cross-encoder is left out: --cross-encoder DIR names none')
  const embedder = join(flags.models, 'minilm-fp32')
  return {
    crossEncoder,
    mine: (task) => child(flags.python, 'mine_st.py', { embedder, negatives: 4, ...task }),
  }
}

function whatIsMissing() {
  if (!flags.python) return '--python PY names an interpreter that has sentence-transformers'
  if (!flags.models || !existsSync(join(flags.models, 'minilm-fp32'))) {
    return '--models DIR holds no minilm-fp32 (bench/peers/make_models.py makes it)'
  }
  const script = 'import sentence_transformers, datasets, faiss'
  const { status, stderr, error } = spawnSync(flags.python, ['-c', script], { encoding: 'utf8' })
  if (status === 0) return undefined
  const reason = error?.message ?? stderr.trim().split('\n').at(-1)
  return `${flags.python} lacks bench/mining/requirements.txt (${reason})`
}

const context = {
  data,
  work,
  log,
  k: 5,
  reranker: flags.reranker === 'none' ? undefined : flags.reranker,
  trials: Number(flags.trials),
  questions: flags.questions && Number(flags.questions),
  reranked: flags.reranked && Number(flags.reranked),
  sample: Number(flags.sample),
  planted: Number(flags.planted),
  corpora: flags.corpora.split(','),
  ours: (task) => child(process.execPath, 'ours.mjs', { embedder: EMBEDDER, topK: 5, ...task }),
  judge: (task) => child(process.execPath, 'judge.mjs', { embedder: EMBEDDER, k: 5, ...task }),
  peer: peerOf(),
}
try {
  const result = {
    ...measuredOn(),
    embedder: EMBEDDER,
    reranker: flags.reranker,
  }
  for (const name of flags.only ? flags.only.split(',') : Object.keys(PARTS)) {
    result[name] = PARTS[name](context)
    keep(result, flags.output) // what was measured stays, should the next part fail
  }
  process.stdout.write(keep(result, flags.output))
} finally {
  if (!kept) rmSync(work, { recursive: true, force: true })
}
