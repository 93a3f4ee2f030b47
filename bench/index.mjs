// How fast an index is beside those of others: build rate, queries a second against recall, memory, time
// to open; exact search and HNSW, on identical vectors and queries, in the same run.
//
//   npm run build && node bench/index.mjs [--python PY] [--sizes 10000,100000,1000000] [--texts DATA]
//     [--trials 5] [--build-trials 1] [--precisions bf16,i8] [--only PATTERN] [--max-minutes 240] [--output NAME]
//
// Synthetic clustered vectors (src/benchmarks/index-vectors.ts) of each size; with --texts also the
// embeddings of DATA's texts (a folder of BEIR folders). PY is an interpreter with
// bench/peers/requirements-index.txt. Trials are in turns, each in a process of its own, medians with
// least and most. Graphs of 100,000 rows or more are built --build-trials times instead of --trials.
// Writes NAME.json and NAME.svg; NAME is bench/results/<date>-index unless it is given.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { availableParallelism, freemem, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildTrial, prepareData } from '../dist/benchmarks/index-data.js'
import { runTrial } from '../dist/benchmarks/index-trial.js'
import { engineName } from '../dist/index/graph.js'
import { embedTexts } from './embed-texts.mjs'
import { curveOf, memoryOf, round, spread, spreadAtRecall } from './index-curves.mjs'
import { keep } from './keep.mjs'
import { machine } from './machine.mjs'
import { plot } from './plot.mjs'

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string' },
    sizes: { type: 'string', default: '10000,100000,1000000' },
    texts: { type: 'string' },
    trials: { type: 'string', default: '5' },
    'build-trials': { type: 'string', default: '1' },
    precisions: { type: 'string', default: 'bf16,i8' },
    queries: { type: 'string', default: '1000' },
    expansions: { type: 'string', default: '16,32,64,128,256,512,1024' },
    'max-minutes': { type: 'string', default: '240' },
    only: { type: 'string', default: '' },
    output: { type: 'string' },
  },
})
const DIMS = 384
const LARGE = 100_000
const RECALL = 0.99
const SEED = 42
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const log = (line) => {
  process.stderr.write(`${line}\n`)
}
const numbers = (list) => list.split(',').filter(Boolean).map(Number)
const trials = Number(flags.trials)
const queries = Number(flags.queries)
const expansions = numbers(flags.expansions)
const threads = availableParallelism()
const deadline = performance.now() + Number(flags['max-minutes']) * 60_000
const date = new Date().toISOString().slice(0, 10)
const output = flags.output ?? here(`results/${date}-index`)
const work = mkdtempSync(join(tmpdir(), 'clara-index-'))

function json(command, args) {
  const env = { ...process.env, OMP_NUM_THREADS: String(threads) }
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, env })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${status}\n${stderr}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1))
}

/** What Python brings, by name and version; undefined with a line that says what is missing. */
function pythonPeers() {
  if (!flags.python)
    return log('FAISS and hnswlib are left out: --python PY names an interpreter that has them')
  const script =
    'import json, importlib.metadata as m; print(json.dumps({p: m.version(p) for p in ["faiss-cpu", "hnswlib", "numpy"]}))'
  const { status, stdout, stderr, error } = spawnSync(flags.python, ['-c', script], { encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout)
  const reason = error?.message ?? stderr.trim().split('\n').at(-1)
  return log(
    `FAISS and hnswlib are left out: ${flags.python} lacks bench/peers/requirements-index.txt (${reason})`,
  )
}

const versions = pythonPeers()
const ours = engineName()

const trialOf = ({ shape, ...rest }) => JSON.stringify({ ...shape, ...rest })
const python = (engine) => (task, trial) =>
  json(flags.python, [here('peers/index_peers.py'), engine, task, trialOf(trial)])
const usearch = (engine) => (task, trial) =>
  json(process.execPath, [
    here('peers/index_usearch.mjs'),
    engine,
    task,
    trialOf({ ...trial, precision: 'bf16' }),
  ])
const clara = (precision, engine) => (task, trial) => {
  const own = { ...trial, shape: { ...trial.shape, precision } }
  const env = engine ? { CLARA_INDEX_ENGINE: engine } : {}
  return task === 'build' ? buildTrial(own, env) : runTrial({ ...own, task: 'graph' }, env)
}

/** Contenders whose names match --only, a regular expression; `clara exact` opens the graph of the first precision. */
const chosen = (contenders) =>
  Object.fromEntries(Object.entries(contenders).filter(([name]) => new RegExp(flags.only).test(name)))

const precisions = flags.precisions.split(',')
const EXACT = chosen({
  'clara exact': (_, { shape, ...trial }) =>
    runTrial({ ...trial, shape: { ...shape, precision: precisions[0] }, task: 'every row' }),
  'clara exact, ONNX Runtime': (_, trial) => runTrial({ ...trial, task: 'exact' }),
  ...(versions && { 'FAISS IndexFlatIP': python('faiss-flat') }),
  'usearch exactSearch': usearch('exact'),
})
const GRAPHS = chosen({
  ...Object.fromEntries(precisions.map((each) => [`clara HNSW ${each}`, clara(each)])),
  ...(ours.engine !== 'npm' && { [`clara HNSW ${precisions[0]}, npm engine`]: clara(precisions[0], 'npm') }),
  ...(versions && {
    'FAISS HNSW bf16': python('faiss-hnsw-bf16'),
    'FAISS HNSW f32': python('faiss-hnsw-f32'),
    'hnswlib f32': python('hnswlib'),
  }),
  'usearch npm bf16': usearch('hnsw'),
})

/** Runs all contenders in turns; one that fails is left out, and those that there is no time for are fewer trials. */
async function inTurns(contenders, count, what, run) {
  const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let trial = 0; trial < count; trial++) {
    if (trial > 0 && performance.now() > deadline) {
      log(`${what}: stopped after ${trial} trials, --max-minutes is over`)
      break
    }
    for (const name of Object.keys(results)) {
      try {
        const result = await run(name, contenders[name])
        results[name].push(result)
        log(`${what}, trial ${trial + 1}: ${name}: ${shown(result)}`)
      } catch (error) {
        log(`${what}, trial ${trial + 1}: ${name} is left out: ${error.message}`)
        delete results[name]
      }
    }
  }
  return results
}

const shown = ({ vectors_per_second, points }) =>
  vectors_per_second
    ? `${round(vectors_per_second)} vectors/s`
    : points.map((p) => `${p.recall} at ${round(p.queries_per_second)}/s`).join(', ')

async function compare(folder, options) {
  mkdirSync(folder)
  const data = await prepareData(folder, {
    dims: DIMS,
    queries,
    precision: precisions[0],
    threads,
    seed: SEED,
    ...options,
  })
  const rows = data.shape.rows
  const dataOf = (name) => ({ ...data, graph: join(folder, `graph ${name}`), expansions })
  const builds = await inTurns(
    GRAPHS,
    rows >= LARGE ? Number(flags['build-trials']) : trials,
    `${rows} rows, build`,
    (name, run) => run('build', dataOf(name)),
  )
  const built = Object.fromEntries(Object.keys(builds).map((name) => [name, GRAPHS[name]]))
  const graphs = await inTurns(built, trials, `${rows} rows, HNSW`, (name, run) =>
    run('search', dataOf(name)),
  )
  const exact = await inTurns(EXACT, trials, `${rows} rows, exact`, (_, run) =>
    run('search', { ...dataOf(`clara HNSW ${precisions[0]}`), expansions: undefined }),
  )
  rmSync(folder, { recursive: true })
  return summary(rows, builds, { ...exact, ...graphs })
}

function summary(rows, builds, searches) {
  const each = (results, make) =>
    Object.fromEntries(Object.entries(results).map(([name, all]) => [name, make(all)]))
  const build = each(builds, (all) => ({
    trials: all.length,
    vectors_per_second: spread(all.map((one) => one.vectors_per_second)),
    graph_bytes: all[0].graph_bytes,
    memory: all[0].memory,
  }))
  const search = each(searches, (all) => ({
    trials: all.length,
    open_ms: spread(all.map((one) => one.open_ms)),
    first_answer_ms: spread(all.map((one) => one.first_answer_ms)),
    memory: memoryOf(all),
    at_recall_099: { k10: spreadAtRecall(all, 10, RECALL), k100: spreadAtRecall(all, 100, RECALL) },
    points: curveOf(all),
  }))
  return { rows, dims: DIMS, queries, build, search, ratios: ratios(build, search) }
}

/** Ours by theirs: more than 1 is faster. */
function ratios(build, search) {
  const by = (a, b) => (a && b ? round(a.median / b.median, 2) : 'not measured')
  const out = {}
  for (const main of precisions.map((each) => `clara HNSW ${each}`)) {
    for (const name of Object.keys(GRAPHS).filter((each) => each !== main)) {
      out[`build: ${main} / ${name}`] = by(build[main]?.vectors_per_second, build[name]?.vectors_per_second)
      for (const k of ['k10', 'k100']) {
        const rate = (engine) => search[engine]?.at_recall_099[k]
        out[`search at recall 0.99, ${k}: ${main} / ${name}`] = by(rate(main), rate(name))
      }
    }
  }
  for (const name of Object.keys(EXACT).filter((each) => !each.startsWith('clara'))) {
    for (const k of [10, 100]) {
      const rate = (engine) => search[engine]?.points.find((point) => point.k === k)
      out[`exact, k${k}: clara exact / ${name}`] = by(rate('clara exact'), rate(name))
    }
  }
  return out
}

/** Data sets: name and options of prepareData. */
async function dataSets() {
  const sets = numbers(flags.sizes).map((rows) => ({
    name: `synthetic, ${rows.toLocaleString('en')} rows`,
    options: { rows },
  }))
  if (!flags.texts) return sets
  const path = join(work, 'texts.f32')
  const count = await embedTexts(flags.texts, path)
  if (count >= queries * 3)
    return [
      { name: `texts, ${(count - queries).toLocaleString('en')} rows`, options: { rows: 0, vectors: path } },
      ...sets,
    ]
  log(`the texts of ${flags.texts} are left out: ${count} passages are too few for ${queries} queries`)
  return sets
}

/** A line that says why there is no room for so many rows, or nothing. */
function tooLarge(rows) {
  const bytes = rows * DIMS * 4
  const { bavail, bsize } = statfsSync(work)
  if (bytes * 4 > freemem())
    return `needs ${round((bytes * 4) / 2 ** 30)} GiB of memory, ${round(freemem() / 2 ** 30)} are free`
  // Vectors, and a graph with vectors of its own for each contender.
  const disk = bytes * (2 + Object.keys(GRAPHS).length)
  if (disk > bavail * bsize) return `needs ${round(disk / 2 ** 30)} GiB in ${work}`
  if (performance.now() > deadline) return '--max-minutes is over'
}

function draw(results) {
  const panels = Object.entries(results).map(([title, { search }]) => ({
    title,
    lines: Object.entries(search).map(([name, { points }]) => ({
      name,
      exact: name in EXACT,
      points: points.filter(({ k }) => k === 10).map(({ recall, median }) => ({ recall, perSecond: median })),
    })),
  }))
  return plot({ title: `Queries a second against recall@10, ${DIMS} dims, ${threads} threads`, panels })
}

try {
  const results = {}
  for (const { name, options } of await dataSets()) {
    const reason = tooLarge(options.rows)
    if (reason) log(`${name}: left out: ${reason}`)
    else results[name] = await compare(join(work, 'data'), options)
    const about = { date, machine: machine(), node: process.version, engine: ours, peers: versions ?? 'none' }
    keep(
      {
        ...about,
        interpolation: 'log of queries a second, linear in recall, between neighbouring expansions',
        results,
      },
      `${output}.json`,
    )
    mkdirSync(dirname(output), { recursive: true })
    if (Object.keys(results).length > 0) writeFileSync(`${output}.svg`, draw(results))
  }
  log(`${output}.json, ${output}.svg`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
