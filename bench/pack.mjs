// What packing takes: checked, hashed and compressed, and an archive verified; beside it the system's tar -czf of the same file.
//
//   npm run build && node bench/pack.mjs [--mb 600] [--trials 3] [--output FILE]
//
// The data is made here: rows of five passages of random words, so that it compresses about as text does. Each trial is in a process
// of its own, in turns.
import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'

const { values: flags } = parseArgs({
  options: {
    mb: { type: 'string', default: '600' },
    trials: { type: 'string', default: '3' },
    output: { type: 'string' },
    child: { type: 'string', multiple: true },
  },
})

/** In the child: one call, and what it took. */
if (flags.child) {
  const [what, input, archive] = flags.child
  const { packSamples } = await import('../dist/samples/pack/pack.js')
  const { verifyArchive } = await import('../dist/samples/pack/verify.js')
  const started = performance.now()
  if (what === 'pack')
    await packSamples(input, { outputFile: archive, overwrite: true, onProblem: console.error })
  else if (!(await verifyArchive(archive)).ok) throw new Error('the archive is not as it was packed')
  const seconds = (performance.now() - started) / 1000
  console.log(JSON.stringify({ seconds, mib: process.resourceUsage().maxRSS / 1024 }))
  process.exit(0)
}

const work = mkdtempSync(join(tmpdir(), 'clara-bench-pack-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const input = join(work, 'run')
const data = join(input, 'end_to_end_data.jsonl')
const archive = join(work, 'data.tar.gz')

let state = 1
/** @returns a whole number below `end`. */
function below(end) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * end)
}

async function makeData(bytes) {
  mkdirSync(input)
  const letters = () => String.fromCharCode(97 + below(26))
  const words = Array.from({ length: 5000 }, () => Array.from({ length: 3 + below(7) }, letters).join(''))
  const passages = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 110 }, () => words[below(5000)]).join(' '),
  )
  const stream = createWriteStream(data)
  for (let n = 0, written = 0; written < bytes; n++) {
    const docs = Array.from({ length: 5 }, (_, i) => `${passages[below(passages.length)]} ${n} ${i}`)
    const answer = `the ${n}th`
    const row = { question: `What is ${n}?`, docs, gold_answer: answer, answer, pos_index: [n % 5] }
    const line = `${JSON.stringify(row)}\n`
    written += line.length
    if (!stream.write(line)) await new Promise((resolve) => stream.once('drain', resolve))
  }
  await finished(stream.end())
}

function child(what) {
  const args = [fileURLToPath(import.meta.url), '--child', what, '--child', input, '--child', archive]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

function tar() {
  const started = performance.now()
  const { status } = spawnSync('tar', ['-czf', join(work, 'tar.tar.gz'), '-C', input, '.'])
  if (status !== 0) throw new Error('tar failed')
  return { seconds: (performance.now() - started) / 1000 }
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
const rounded = (value) => Number(value.toFixed(2))

await makeData(Number(flags.mb) * 1e6)
const trials = []
for (let i = 0; i < Number(flags.trials); i++) {
  trials.push({ pack: child('pack'), verify: child('verify'), tar: tar() })
}
const seconds = (what) => rounded(median(trials.map((trial) => trial[what].seconds)))
const result = {
  ...measuredOn(),
  data_bytes: statSync(data).size,
  archive_bytes: statSync(archive).size,
  tar_bytes: statSync(join(work, 'tar.tar.gz')).size,
  median_seconds: { pack: seconds('pack'), verify: seconds('verify'), tar: seconds('tar') },
  most_mib: rounded(Math.max(...trials.flatMap(({ pack, verify }) => [pack.mib, verify.mib]))),
  pack_over_tar: rounded(seconds('pack') / seconds('tar')),
  trials,
}
process.stdout.write(keep(result, flags.output))
