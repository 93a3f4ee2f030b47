// What a run holds in memory while replies come, and when they are read from the journal.
//
//   npm run build && node bench/synth/memory.mjs [--chunks 4000] [--kib 16] [--concurrency 50] [--output FILE]
//
// The heap after a full collection, at each eighth of the run. The server is part of the process. Up to eight
// replies for each call that may be under way are in memory, on their way to the disk or to their turn.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { generateQuestions } from '../../dist/questions/generate.js'
import { keep } from '../keep.mjs'
import { KEY, withPart } from './common.mjs'
import { startServer } from './server.mjs'

const { values: flags } = parseArgs({
  options: {
    output: { type: 'string' },
    chunks: { type: 'string', default: '4000' },
    kib: { type: 'string', default: '16' },
    concurrency: { type: 'string', default: '50' },
  },
})
setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')
const [count, kib, concurrency] = [flags.chunks, flags.kib, flags.concurrency].map(Number)
const work = mkdtempSync(join(tmpdir(), 'clara-synth-memory-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const journalPath = join(work, 'journal.jsonl')

async function* chunks() {
  for (let n = 0; n < count; n++) {
    yield {
      id: `d${n}#0`,
      documentId: `d${n}`,
      title: '',
      text: `Passage ${n} says that ${n} is a number, and so are one and two and three.`,
    }
  }
}

const heap = () => {
  gc()
  return Number((process.memoryUsage().heapUsed / 2 ** 20).toFixed(1))
}

async function run(baseUrl) {
  const seen = []
  const { written, counts } = generateQuestions(chunks(), {
    endpoint: { model: 'm', baseUrl, apiKey: KEY, timeoutMs: 60_000, concurrency },
    writing: { pairsPerChunk: 1, shares: { fact: 1 }, promptLanguage: 'auto' },
    journalPath,
    onProblem: ({ reason }) => {
      throw new Error(reason)
    },
    onProgress: (done) => {
      if (done % Math.ceil(count / 8) === 0) seen.push(heap())
    },
  })
  for await (const _ of written);
  return { calls: counts.calls, heap_mib: seen }
}

const server = await startServer({ latencyMs: 5, faults: {}, padding: kib << 10 })
const before = heap()
const asking = await run(server.url)
const again = await run(server.url)
await server.close()
const part = {
  chunks: count,
  kib,
  concurrency,
  journal_mib: Math.round(statSync(journalPath).size / 2 ** 20),
  before,
  asking,
  again,
}
process.stdout.write(keep(withPart(flags.output, 'memory', part), flags.output))
