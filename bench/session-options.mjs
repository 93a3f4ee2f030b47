// What ONNX Runtime's session options are worth: passages of one length through the embedded model,
// options in turns, median of 5 rounds. Two sessions of one thread, unless it says otherwise.
//
//   npm run build && node bench/session-options.mjs [--model FILE] [--output FILE]
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import * as ort from '../dist/runtime/onnxruntime.js'
import { keep } from './keep.mjs'

const TOKENS = 131 // the mean of clara-pretrain
const RUNS = 40
const ROUNDS = 5

if (!isMainThread) {
  const { model, options, rows, tokens } = workerData
  const session = await ort.InferenceSession.create(model, {
    interOpNumThreads: 1,
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    ...options,
  })
  const ids = BigInt64Array.from({ length: rows * tokens }, (_, i) => BigInt(1000 + ((i * 7919) % 20_000)))
  const feeds = { input_ids: new ort.Tensor('int64', ids, [rows, tokens]) }
  if (session.inputNames.includes('attention_mask')) {
    feeds.attention_mask = new ort.Tensor('int64', new BigInt64Array(ids.length).fill(1n), [rows, tokens])
  }
  for (let i = 0; i < 5; i++) await session.run(feeds)
  parentPort.on('message', async (runs) => {
    for (let i = 0; i < runs; i++) await session.run(feeds)
    parentPort.postMessage('done')
  })
  parentPort.postMessage('ready')
} else {
  const { values: flags } = parseArgs({ options: { model: { type: 'string' }, output: { type: 'string' } } })
  const model =
    flags.model ?? fileURLToPath(new URL('../models/all-minilm-l6-v2/model.onnx', import.meta.url))
  const cores = availableParallelism()
  const CASES = {
    'as shipped': {},
    'no memory arena': { options: { enableCpuMemArena: false } },
    'no memory pattern': { options: { enableMemPattern: false } },
    'no spinning': { options: { extra: { session: { intra_op: { allow_spinning: '0' } } } } },
    'denormals as zero': { options: { extra: { session: { set_denormal_as_zero: '1' } } } },
    'parallel execution': { options: { executionMode: 'parallel' } },
    [`one session of ${cores} threads`]: { sessions: 1, options: { intraOpNumThreads: cores } },
    [`one session of ${cores} threads, no spinning`]: {
      sessions: 1,
      options: { intraOpNumThreads: cores, extra: { session: { intra_op: { allow_spinning: '0' } } } },
    },
    'twice as many sessions as cores': { sessions: cores * 2 },
    '2 passages a run': { rows: 2 },
    '4 passages a run': { rows: 4 },
    '8 passages a run': { rows: 8 },
    '16 passages a run': { rows: 16 },
  }
  const once = (worker, event) =>
    new Promise((resolve, reject) => worker.once(event, resolve).once('error', reject))
  const opened = {}
  for (const [name, { sessions = cores, options = {}, rows = 1 }] of Object.entries(CASES)) {
    const workers = Array.from(
      { length: sessions },
      () => new Worker(new URL(import.meta.url), { workerData: { model, options, rows, tokens: TOKENS } }),
    )
    await Promise.all(workers.map((worker) => once(worker, 'message')))
    opened[name] = { workers, rows }
  }
  const raw = Object.fromEntries(Object.keys(CASES).map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, { workers, rows }] of Object.entries(opened)) {
      const runs = Math.ceil(RUNS / rows / workers.length)
      const start = performance.now()
      await Promise.all(workers.map((worker) => [once(worker, 'message'), worker.postMessage(runs)][0]))
      const seconds = (performance.now() - start) / 1000
      raw[name].push(Number(((runs * rows * workers.length) / seconds).toFixed(1)))
    }
  }
  const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
  const base = median(raw['as shipped'])
  const cases = Object.fromEntries(
    Object.entries(raw).map(([name, rates]) => [
      name,
      { passages_per_second: median(rates), relative: Number((median(rates) / base).toFixed(3)), raw: rates },
    ]),
  )
  const result = {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model,
    cores,
    node: process.version,
    tokens_a_passage: TOKENS,
    cases,
  }
  for (const [name, { passages_per_second, relative }] of Object.entries(cases))
    console.log(`${name.padEnd(44)} ${String(passages_per_second).padStart(7)}/s  ${relative}`)
  keep(result, flags.output)
  process.exit(0)
}
