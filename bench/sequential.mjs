// The flow that the Python top-k scripts have (every chunk embedded by an HTTP call, cosines pair by pair in Python)
// against clara-index build and clara-mine, on the same passages.
//
//   npm run build && node bench/sequential.mjs DATA --python PY [--latency 100] [--chunks 200] [--questions 50] [--output FILE]
//
// The endpoint is a local one that answers after --latency ms with the vectors of the embedded model, so that both sides have the
// same. Theirs is measured on a sample; a chunk costs the same whichever it is, and a question costs as many cosines as there
// are chunks: what all would take is computed from that, and says so. Ours is measured whole. PY needs numpy.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openEmbedder, resolveEmbedder } from '../dist/index.js'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    latency: { type: 'string', default: '100' },
    chunks: { type: 'string', default: '200' },
    questions: { type: 'string', default: '50' },
    trials: { type: 'string', default: '5' },
    output: { type: 'string' },
  },
})
const folder = join(positionals[0] ?? '', 'clara-pretrain')
if (!existsSync(join(folder, 'qa.jsonl')) || !flags.python) {
  console.error(
    'usage: node bench/sequential.mjs DATA --python PY, where DATA/clara-pretrain is a BEIR folder',
  )
  process.exit(2)
}
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'clara-sequential-'))
const env = { ...process.env, CLARA_CACHE_DIR: join(work, 'cache') }
const linesIn = (name) => readFileSync(join(folder, name), 'utf8').trim().split('\n')
const rows = linesIn('corpus.jsonl').map((line) => JSON.parse(line))
const texts = rows.map(({ title = '', text }) => `${title} ${text}`.trim())
const [all, questions] = [texts.length, linesIn('qa.jsonl').length]
const [sample, asked] = [Math.min(all, Number(flags.chunks)), Number(flags.questions)]
const round = (value, digits = 3) => Number(value.toFixed(digits))
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

const embedder = await openEmbedder(await resolveEmbedder('all-minilm-l6-v2'))
const vectors = await embedder.embed(texts.slice(0, sample), 'document')
const dims = embedder.dims
await embedder.close()
const vectorOf = new Map(
  texts.slice(0, sample).map((text, i) => [text, [...vectors.subarray(i * dims, (i + 1) * dims)]]),
)

const server = createServer(async (request, response) => {
  let body = ''
  for await (const part of request.setEncoding('utf8')) body += part
  await sleep(Number(flags.latency))
  const embedding = vectorOf.get(JSON.parse(body).input)
  response.writeHead(embedding ? 200 : 400, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ data: [{ index: 0, embedding }] }))
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/v1`

/** Not spawnSync: the server is in this process. */
async function theirs() {
  const args = [join(folder, 'corpus.jsonl'), url, '--chunks', String(sample), '--questions', String(asked)]
  const child = spawn(flags.python, [here('peers/sequential.py'), ...args])
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text) => (stdout += text))
  child.stderr.on('data', (text) => (stderr += text))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`sequential.py: exit ${code}\n${stderr}`)
  return JSON.parse(stdout)
}

function ours(trial) {
  const run = (...args) => {
    const started = performance.now()
    const { status, stderr } = spawnSync(
      process.execPath,
      [here('../dist/cli/clara.js'), ...args, '--quiet'],
      { encoding: 'utf8', env },
    )
    if (status !== 0) throw new Error(`clara ${args.join(' ')}: exit ${status}\n${stderr}`)
    return (performance.now() - started) / 1000
  }
  const index = join(work, `index-${trial}`)
  const build = run('index', 'build', '--input-file', folder, '--output-dir', index)
  const qa = ['--qa-file', join(folder, 'qa.jsonl'), '--output-dir', join(work, `out-${trial}`)]
  const mine = run(
    'mine',
    '--index',
    index,
    ...qa,
    '--target-top-k',
    '5',
    '--score-cache',
    join(work, `scores-${trial}`),
  )
  return { build: round(build), mine: round(mine) }
}

try {
  ours('calibration')
  const [peer, own] = [[], []]
  for (let trial = 0; trial < Number(flags.trials); trial++) {
    peer.push(await theirs())
    own.push(ours(trial))
    console.error(
      `trial ${trial + 1}: theirs ${peer.at(-1).embedding_seconds} + ${peer.at(-1).negatives_seconds} s, ours ${own.at(-1).build} + ${own.at(-1).mine} s`,
    )
  }
  const perChunk = median(peer.map(({ embedding_seconds }) => embedding_seconds)) / sample
  const perCosine = median(peer.map(({ negatives_seconds }) => negatives_seconds)) / (asked * (sample - 1))
  const computed = perChunk * all + perCosine * questions * (all - 1)
  const measured = median(own.map(({ build, mine }) => build + mine))
  const result = {
    ...measuredOn(),
    chunks: all,
    questions,
    latency_ms: Number(flags.latency),
    sample: { chunks: sample, questions: asked },
    theirs: {
      seconds_a_chunk: round(perChunk, 4),
      microseconds_a_cosine: round(perCosine * 1e6, 2),
      computed_seconds: round(computed, 1),
      calls: all,
    },
    ours: { measured_seconds: round(measured, 1), calls: 0 },
    times_faster: round(computed / measured, 1),
    raw: { theirs: peer.map(({ negatives, ...rest }) => rest), ours: own },
  }
  process.stdout.write(keep(result, flags.output))
} finally {
  server.close()
  rmSync(work, { recursive: true, force: true })
}
