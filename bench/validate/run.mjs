// How fast clara-validate reads a gigabyte, and in how much memory.
//
//   npm run build && node bench/validate/run.mjs [--bytes 1e9] [--trials 5] [--output FILE]
//
// Trials of the schema pass, the full pass and the ceiling (the same lines through JSON.parse and nothing else) come in turns, each
// in a process of its own, bound to one core where the system has `taskset`.
import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from '../keep.mjs'
import { machine } from '../machine.mjs'
import { sampleLines } from './make-data.mjs'

const { values: flags } = parseArgs({
  options: {
    bytes: { type: 'string', default: '1e9' },
    trials: { type: 'string', default: '5' },
    output: { type: 'string' },
  },
})
const work = mkdtempSync(join(tmpdir(), 'clara-validate-'))
const path = join(work, 'end_to_end_data.jsonl')
const trial = fileURLToPath(new URL('trial.mjs', import.meta.url))
const oneCore = spawnSync('taskset', ['-c', '0', 'true']).status === 0

function run(what) {
  const node = [process.execPath, trial, what, path]
  const [program, ...args] = oneCore ? ['taskset', '-c', '0', ...node] : node
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${what}: exit ${status}\n${stderr}`)
  return JSON.parse(stdout)
}

const round = (value) => Number(value.toFixed(1))
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: round(sorted[sorted.length >> 1]), min: round(sorted[0]), max: round(sorted.at(-1)) }
}

try {
  await pipeline(Readable.from(sampleLines({ bytes: Number(flags.bytes) })), createWriteStream(path))
  const megabytes = statSync(path).size / 1e6
  const passes = { parse: [], schema: [], full: [] }
  run('parse') // so that the first trial finds the file in memory, too
  for (let n = 0; n < Number(flags.trials); n++) {
    for (const [what, results] of Object.entries(passes)) results.push(run(what))
  }
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: { ...machine(), node: process.version, oneCore },
    file: { megabytes: round(megabytes), rows: passes.schema[0].rows },
    megabytesPerSecond: {},
    megabytesPerCpuSecond: {},
    peakMiB: {},
  }
  for (const [what, results] of Object.entries(passes)) {
    result.megabytesPerSecond[what] = spread(results.map(({ seconds }) => megabytes / seconds))
    result.megabytesPerCpuSecond[what] = spread(results.map(({ cpu }) => megabytes / cpu))
    result.peakMiB[what] = spread(results.map(({ peakMiB }) => peakMiB))
  }
  process.stdout.write(keep(result, flags.output))
} finally {
  rmSync(work, { recursive: true, force: true })
}
