// Everything in one run: this project and what a user would pick instead, on the same machine and inputs.
//
//   npm run bench -- [--data DATA] [--only inference,index] [--quick] [--redraw FILE] [--resume FILE]
//
// Writes bench/results/<date>-<machine>.json after each part; once it has all parts, docs/benchmarks.md, its plots and README's
// numbers are drawn from it. --redraw only draws; --resume keeps the parts that FILE has and measures the rest. DATA holds BEIR
// folders with qa.jsonl and documents/ (default: $CLARA_DATA, or ../shared/data). The peers are what bench/peers/setup.mjs has
// installed; what is not there is left out, and the result says why. --quick: fewer and smaller trials, to see that all runs; its
// numbers mean nothing.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { drawBenchmarks } from './benchmarks-doc.mjs'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'
import { leftOut, peer } from './peers/peers.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.CLARA_DATA ?? here('../../shared/data') },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    redraw: { type: 'string' },
    resume: { type: 'string' },
    output: { type: 'string' },
  },
})
const data = resolve(flags.data)
const { quick } = flags
const python = peer('venv') && join(peer('venv'), 'bin/python')
const onnxPython = peer('venv-onnx') && join(peer('venv-onnx'), 'bin/python')
/** `--name value` where there is a value. */
const given = (name, value) => (value === undefined ? [] : [`--${name}`, value])
const few = (least, most) => String(quick ? least : most)

/** name -> what it needs, and its command without `--output`. */
const PARTS = {
  main_job: {
    needs: { data },
    command: ['main-job.mjs', data, '--trials', few(1, 5)],
  },
  inference: {
    needs: { data, models: peer('models') },
    command: () => [
      ...['inference.mjs', data, '--models', peer('models'), '--trials', few(1, 5)],
      ...given('python', python),
      ...given('onnx-python', onnxPython),
      ...given('transformers-js', peer('js')),
      ...(quick ? ['--only', 'agreement,throughput'] : []),
    ],
  },
  index: {
    needs: {},
    command: () => [
      ...['index.mjs', '--sizes', quick ? '5000' : '10000,100000', '--build-trials', few(1, 2)],
      ...['--trials', few(1, 5), ...given('python', python)],
    ],
    /** It writes NAME.json and NAME.svg. */
    names: true,
  },
  mining: {
    needs: { data },
    command: () => [
      ...['mining/run.mjs', data, '--reranker', 'minilm-l6-reranker', '--trials', few(1, 5)],
      ...given('models', peer('models')),
      ...given('python', python),
      ...given('cross-encoder', peer('reranker')),
      ...(quick
        ? ['--questions', '100', '--sample', '5', '--planted', '20']
        : ['--reranked', '1000', '--sample', '20', '--planted', '150']),
    ],
  },
  quality: {
    needs: { data: existing(join(data, 'xquad-en')) },
    command: () => [
      ...['quality.mjs', data, ...given('models', peer('models'))],
      ...(quick ? [] : ['--reranker', 'minilm-l6-reranker']),
    ],
  },
  sequential: {
    needs: { data, python },
    command: () => ['sequential.mjs', data, '--python', python, '--trials', few(1, 5)],
  },
  synth: {
    needs: {},
    command: ['synth/throughput.mjs', '--trials', few(1, 5), '--chunks', few(60, 500)],
  },
  extract: {
    needs: { data: existing(join(data, 'documents')) },
    command: ['extract/run.mjs', join(data, 'documents')],
  },
  validate: {
    needs: {},
    command: ['validate/run.mjs', ...(quick ? ['--bytes', '64e6', '--trials', '1'] : [])],
  },
  pipeline: {
    needs: { data: existing(join(data, 'documents')) },
    command: ['pipeline.mjs', data],
  },
  growth: {
    needs: { data },
    command: ['growth.mjs', data, ...(quick ? ['--sizes', '300,1000,2000', '--questions', '100'] : [])],
  },
}

function existing(path) {
  return existsSync(path) ? path : undefined
}

function measure(name, work) {
  const { needs, command, names } = PARTS[name]
  const missing = Object.entries(needs).find(([, path]) => path === undefined || !existsSync(path))
  if (missing)
    return { left_out: `${missing[0]} is not here: bench/peers/setup.mjs makes peers, --data names data` }
  const absent = leftOut(name)
  for (const line of absent) console.error(`left out: ${line}`)
  const file = join(work, name)
  const args = typeof command === 'function' ? command() : command
  const started = performance.now()
  const { status } = spawnSync(
    process.execPath,
    [here(args[0]), ...args.slice(1), '--output', names ? file : `${file}.json`],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const minutes = Number(((performance.now() - started) / 60_000).toFixed(1))
  if (status !== 0) return { left_out: `${args.join(' ')} ended with ${status}`, minutes }
  const {
    date: _date,
    machine: _machine,
    node: _node,
    ...result
  } = JSON.parse(readFileSync(`${file}.json`, 'utf8'))
  return { minutes, revision: revision(), ...(absent.length > 0 && { absent_peers: absent }), ...result }
}

/** Of the code that was measured; with a plus where files of it had been changed. */
function revision() {
  const git = (...args) => spawnSync('git', ['-C', here('..'), ...args], { encoding: 'utf8' })
  const { status, stdout } = git('rev-parse', '--short=12', 'HEAD')
  if (status !== 0) return 'unknown'
  const changed = git(
    'status',
    '--porcelain',
    '--',
    'src',
    'native',
    'models',
    'bench/*.mjs',
    'package.json',
  ).stdout
  return `${stdout.trim()}${changed ? '+' : ''}`
}

function slug() {
  const cpu = (cpus()[0]?.model ?? 'cpu').replace(/\(.*?\)|processor|cpu|@.*/gi, ' ')
  return `${cpu
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')}-${measured.machine.cores}-cores`
}

const measured = measuredOn()
const output = flags.output ?? here(`results/${measured.date}-${slug()}${quick ? '-quick' : ''}.json`)
if (flags.redraw) {
  drawBenchmarks(JSON.parse(readFileSync(flags.redraw, 'utf8')), flags.redraw)
} else {
  const unknown = flags.only?.split(',').find((name) => !(name in PARTS))
  if (unknown) throw new Error(`--only ${unknown}: expected ${Object.keys(PARTS).join(', ')}`)
  const result = {
    ...(flags.resume && JSON.parse(readFileSync(flags.resume, 'utf8'))),
    ...measured,
  }
  const work = mkdtempSync(join(tmpdir(), 'clara-bench-'))
  try {
    for (const name of Object.keys(PARTS)) {
      if (flags.only && !flags.only.split(',').includes(name)) continue
      if (flags.resume && result[name] && !result[name].left_out) continue
      console.error(`== ${name}`)
      result[name] = measure(name, work)
      console.error(`== ${name}: ${result[name].left_out ?? `${result[name].minutes} minutes`}`)
      keep(result, output)
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  if (!quick && Object.keys(PARTS).every((name) => result[name])) drawBenchmarks(result, output)
  console.error(output)
}
