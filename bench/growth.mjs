// How the main job grows with the corpus: passages made of clara-pretrain's words, 30 tokens each, from 1,000 on.
//
//   npm run build && node bench/growth.mjs DATA [--sizes 1000,3000,10000,30000,100000] [--questions 1000] [--output FILE]
//
// For each size: `clara-index build`, `clara-mine` of the same number of questions, one `clara-index search` from a cold start
// (median of 5), the index's bytes, and the most memory that the build's process had. A million is not measured: what it would
// take is the straight line through the last three sizes, both axes logarithmic, and says so.
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: 'string', default: '1000,3000,10000,30000,100000' },
    questions: { type: 'string', default: '1000' },
    extrapolate: { type: 'string', default: '1000000' },
    output: { type: 'string' },
  },
})
const corpus = join(positionals[0] ?? '', 'clara-pretrain', 'corpus.jsonl')
if (!existsSync(corpus)) {
  console.error('usage: node bench/growth.mjs DATA, where DATA/clara-pretrain is a BEIR folder')
  process.exit(2)
}
const clara = fileURLToPath(new URL('../dist/cli/clara.js', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'clara-growth-'))
const env = { ...process.env, CLARA_CACHE_DIR: join(work, 'cache') }
const round = (value, digits = 3) => Number(value.toFixed(digits))
const COLD_SEARCHES = 5
const MEMORY_POLL_MS = 50

const words = readFileSync(corpus, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line).text)
  .join(' ')
  .split(/\s+/)

/** No two alike. */
const passage = (i) => {
  const at = (i * 7919) % (words.length - 20)
  return `${i} ${words.slice(at, at + 18).join(' ')}`
}

/** @returns seconds, what it printed, and the most memory it had (MiB; null where /proc does not say). */
async function run(...args) {
  const started = performance.now()
  const child = spawn(process.execPath, [clara, ...args, '--json', '--quiet'], { env })
  let [stdout, stderr, peak] = ['', '', null]
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const poll = setInterval(() => {
    peak = Math.max(peak ?? 0, peakOf(child.pid) ?? 0) || null
  }, MEMORY_POLL_MS)
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearInterval(poll)
  if (code !== 0) throw new Error(`clara ${args.join(' ')}: exit ${code}\n${stderr}`)
  return { seconds: (performance.now() - started) / 1000, stdout, peak }
}

function peakOf(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
  } catch {
    return null
  }
}

const bytesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)

async function measure(size, questions) {
  const folder = join(work, String(size))
  mkdirSync(folder)
  const [input, index, qa] = ['corpus.jsonl', 'index', 'qa.jsonl'].map((name) => join(folder, name))
  const ids = Array.from({ length: size }, (_, i) => i)
  writeFileSync(input, ids.map((i) => JSON.stringify({ _id: `d${i}`, text: passage(i) })).join('\n'))
  const asked = Array.from({ length: questions }, (_, i) => Math.floor((i * size) / questions))
  const question = (i) => passage(i).split(' ').slice(3, 12).join(' ')
  writeFileSync(
    qa,
    asked
      .map((i) => JSON.stringify({ question: `${question(i)}?`, answer: `none ${i}`, doc_id: `d${i}` }))
      .join('\n'),
  )
  const build = await run('index', 'build', '--input-file', input, '--output-dir', index)
  const mined = await run(
    ...[
      'mine',
      '--index',
      index,
      '--qa-file',
      qa,
      '--target-top-k',
      '5',
      '--score-cache',
      join(folder, 'scores'),
    ],
    ...['--output-dir', join(folder, 'out')],
  )
  const cold = []
  for (let i = 0; i < COLD_SEARCHES; i++) {
    cold.push((await run('index', 'search', index, '--query', question(asked[i % asked.length]))).seconds)
  }
  const result = {
    chunks: size,
    build_seconds: round(build.seconds),
    build_peak_mib: build.peak && Math.round(build.peak),
    index_bytes: bytesIn(index),
    mine_seconds: round(mined.seconds),
    questions_per_second: round(questions / mined.seconds, 1),
    mine_peak_mib: mined.peak && Math.round(mined.peak),
    cold_search_seconds: round(cold.sort((a, b) => a - b)[COLD_SEARCHES >> 1]),
  }
  rmSync(folder, { recursive: true })
  console.error(JSON.stringify(result))
  return result
}

/** What `at` would be by the last three points: least squares, logarithms of both. */
function extrapolated(points, key, at) {
  const last = points.slice(-3).map((point) => [Math.log(point.chunks), Math.log(point[key])])
  const mean = (i) => last.reduce((sum, point) => sum + point[i], 0) / last.length
  const [mx, my] = [mean(0), mean(1)]
  const spread = last.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
  const slope = last.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread
  return { value: round(Math.exp(my + slope * (Math.log(at) - mx)), 1), exponent: round(slope, 2) }
}

try {
  const questions = Number(flags.questions)
  const points = []
  console.error('first, to calibrate:')
  await measure(1000, 10)
  for (const size of flags.sizes.split(',').map(Number))
    points.push(await measure(size, Math.min(questions, size)))
  const chunks = Number(flags.extrapolate)
  const keys = [
    'build_seconds',
    'build_peak_mib',
    'index_bytes',
    'questions_per_second',
    'mine_peak_mib',
    'cold_search_seconds',
  ]
  const beyond = Object.fromEntries(
    keys.filter((key) => points[0][key]).map((key) => [key, extrapolated(points, key, chunks)]),
  )
  process.stdout.write(
    keep(
      {
        ...measuredOn(),
        questions,
        points,
        extrapolated: { chunks, ...beyond },
      },
      flags.output,
    ),
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}
