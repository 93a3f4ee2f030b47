// How long 500 chunks take against the endpoint's latency, and against one call after the other.
//
//   npm run build && node bench/synth/throughput.mjs [--chunks 500] [--concurrency 32] [--sample 20] [--trials 5] [--output FILE]
//
// The ceiling is latency x calls / concurrency: no client with so many calls under way can be faster. What is
// compared with it is the time from the first request's arrival to the last reply's end, on the server's clock; the
// whole command (start, chunking, sampling) stands beside it. The sequential client is real, on a sample of the
// passages against the same server, one call at a time with the scripts' half second of sleep after each; what 500
// would take is computed from that. Each trial draws other failures; what counts is the median.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { keep } from '../keep.mjs'
import { corpusFile, KEY, linesOf, startSynth, withPart } from './common.mjs'
import { FAULTS, startServer } from './server.mjs'

const { values: flags } = parseArgs({
  options: {
    output: { type: 'string' },
    chunks: { type: 'string', default: '500' },
    concurrency: { type: 'string', default: '32' },
    sample: { type: 'string', default: '20' },
    trials: { type: 'string', default: '5' },
  },
})
const LATENCY_MS = 300
const SCRIPTS_SLEEP_MS = 500
const [chunks, concurrency, sample, trials] = [
  flags.chunks,
  flags.concurrency,
  flags.sample,
  flags.trials,
].map(Number)
const work = mkdtempSync(join(tmpdir(), 'clara-synth-speed-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const corpus = corpusFile(join(work, 'corpus.jsonl'), chunks)
const keyFile = join(work, 'key')
writeFileSync(keyFile, KEY)

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
const seconds = (ms) => Number((ms / 1000).toFixed(3))

async function ours(seed) {
  const server = await startServer({ latencyMs: LATENCY_MS, seed, key: KEY })
  const output = join(work, `out-${seed}`)
  const started = performance.now()
  const { code, stdout, stderr } = await startSynth({
    corpus,
    output,
    url: server.url,
    keyFile,
    more: ['--concurrency', flags.concurrency],
  }).ended
  const command = performance.now() - started
  await server.close()
  if (code !== 0) throw new Error(stderr)
  const { requests, firstAt, lastAt, peak, outcomes } = server.log
  const asking = lastAt - firstAt
  const ceiling = (LATENCY_MS * requests) / concurrency
  return {
    rows: linesOf(join(output, 'qa.jsonl')).length,
    calls: requests,
    calls_by_client: JSON.parse(stdout).llm.calls,
    outcomes,
    peak,
    asking_s: seconds(asking),
    command_s: seconds(command),
    ceiling_s: seconds(ceiling),
    asking_to_ceiling: Number((asking / ceiling).toFixed(3)),
    command_to_ceiling: Number((command / ceiling).toFixed(3)),
  }
}

/** One call after the other, as the scripts do it; what fails is asked again. */
async function sequential(seed) {
  const server = await startServer({ latencyMs: LATENCY_MS, seed, key: KEY })
  const started = performance.now()
  for (const { content } of linesOf(corpus).slice(0, sample)) {
    while (!(await answered(server.url, content))) await sleep(SCRIPTS_SLEEP_MS)
    await sleep(SCRIPTS_SLEEP_MS)
  }
  const ms = performance.now() - started
  await server.close()
  return { sample, sample_s: seconds(ms), computed_s: seconds((ms / sample) * chunks) }
}

async function answered(url, passage) {
  const messages = [
    { role: 'system', content: '- 1 × fact' }, // the server's reader of prompts wants to know the type
    { role: 'user', content: `<passage>\n${passage}\n</passage>` },
  ]
  try {
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages }),
    })
    return response.ok && (await response.json()).choices.length > 0
  } catch {
    return false
  }
}

const runs = []
for (let seed = 1; seed <= trials; seed++) {
  const [fast, slow] = [await ours(seed), await sequential(seed)]
  const times = Number((slow.computed_s / fast.command_s).toFixed(1))
  runs.push({ seed, ours: fast, one_after_the_other: slow, times_faster: times })
  process.stderr.write(`seed ${seed}: ${times}x, ${fast.asking_to_ceiling} of the ceiling\n`)
}
const part = {
  chunks,
  concurrency,
  latency_ms: LATENCY_MS,
  faults: FAULTS,
  median: {
    asking_to_ceiling: median(runs.map(({ ours }) => ours.asking_to_ceiling)),
    command_to_ceiling: median(runs.map(({ ours }) => ours.command_to_ceiling)),
    times_faster: median(runs.map(({ times_faster }) => times_faster)),
  },
  runs,
}
process.stdout.write(keep(withPart(flags.output, 'throughput', part), flags.output))
