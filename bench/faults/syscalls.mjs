// Every call that changes an index directory fails in turn, with EIO and with ENOSPC, and writes also in
// the middle, while an index is built, added to, taken from and compacted by the real commands.
//
//   npm run build && node bench/faults/syscalls.mjs [--output FILE] [--jobs 2] [--step 1]
//       [--only build,overwrite,add,remove,compact,npm] [--files index.usearch]
//
// Needs Linux and a C compiler; where strace is, it counts the calls too, to see that none goes by unseen,
// and makes those of the npm engine fail, which are out of the preloaded library's reach.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keep } from '../keep.mjs'
import {
  args,
  CLI,
  callsIn,
  compileShim,
  corpusFile,
  count,
  documentIds,
  inParallel,
  keepPart,
  must,
  run,
  stateOf,
} from './common.mjs'

const { values: flags } = parseArgs({
  options: {
    output: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    step: { type: 'string', default: '1' },
    only: { type: 'string' },
    files: { type: 'string', default: '' },
  },
})
const work = mkdtempSync(join(tmpdir(), 'clara-syscalls-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const shim = compileShim(work)
if (!shim) {
  console.error('skipped: needs Linux and a C compiler ($CC, cc, gcc, clang)')
  process.exit(0)
}
const hasStrace = spawnSync('strace', ['-V']).status === 0

const first = corpusFile(join(work, 'first.jsonl'), 0, 12)
const second = corpusFile(join(work, 'second.jsonl'), 12, 18)
const built = join(work, 'built')
await must(args.build(built, first))
const [gone] = documentIds(built).slice(2)
const shrunk = join(work, 'shrunk')
cpSync(built, shrunk, { recursive: true })
await must(args.remove(shrunk, gone))

/** What each command does to which index. */
const scenarios = {
  build: [undefined, (index) => args.build(index, first)],
  overwrite: [built, (index) => args.build(index, second, '--overwrite')],
  add: [built, (index) => args.add(index, second)],
  remove: [built, (index) => args.remove(index, gone)],
  compact: [shrunk, (index) => args.compact(index)],
}

const findings = []
const found = (kind, what) => {
  findings.push({ kind, ...what })
  console.error(kind, JSON.stringify(what))
}

/** The state of an index; of what is none, whether that is as it should be. */
async function stateOrFault(index) {
  try {
    return await stateOf(index)
  } catch (error) {
    return error.name === 'ClaraError' && !existsSync(join(index, 'manifest.json'))
      ? 'none'
      : `broken: ${error.message}`
  }
}

async function tryOne({ name, base, argv, before, after, counts }, { number, call, fault }) {
  const place = mkdtempSync(join(work, 'one-'))
  const index = join(place, 'index')
  if (base) cpSync(base, index, { recursive: true })
  const log = join(place, 'log')
  const env = {
    LD_PRELOAD: shim,
    FAULT_DIR: index,
    FAULT_AT: String(number),
    FAULT_DO: fault,
    FAULT_LOG: log,
  }
  const { code, signal, stderr } = await run(process.execPath, [CLI, ...argv(index)], { env })
  const hit = callsIn(log).find((each) => each.number === number)
  const what = {
    command: name,
    number,
    fault,
    call: hit ? `${hit.name} ${hit.path.slice(place.length)}` : call,
    code,
    stderr: stderr.slice(-400),
  }
  const state = await stateOrFault(index)
  count(counts, 'faults')
  if (!hit) count(counts, 'not_reached')
  else if (signal) found('crash', { ...what, signal })
  else if (code === 0) {
    // Clearing away, which goes the next time, and making a folder that is there.
    const harmless = ['unlink', 'rmdir', 'mkdir'].includes(hit.name)
    if (!harmless || state !== after) found('false success', what)
    else count(counts, 'succeeded_with_nothing_lost')
  } else {
    count(counts, 'failed')
    if (stderr.includes('bug in clara-topk')) found('reported as a bug', what)
    if (!stderr.includes(hit.path.replace(/\.\d+\.tmp$/, ''))) found('message without the file', what)
    if (state === before) count(counts, 'index_as_before')
    else if (state === after) count(counts, 'index_as_after')
    else found('neither the old nor the new index', { ...what, state: state.slice(0, 200) })
  }
  const again = await run(process.execPath, [CLI, ...argv(index)])
  const isDone = again.code !== 0 && state === after && /holds an index|no document/.test(again.stderr)
  if (isDone) count(counts, 'done_already_when_run_again')
  else if (again.code !== 0)
    found('does not work when run again', { ...what, again: again.stderr.slice(-400) })
  else count(counts, 'works_when_run_again')
  const isNext = state === after && ['overwrite', 'compact'].includes(name) // done once more: a generation later
  if (isNext ? (await stateOrFault(index)).startsWith('broken') : (await stateOrFault(index)) !== after)
    found('another result when run again', what)
  rmSync(place, { recursive: true })
}

/** Calls that strace sees on files below the directory, to compare with what the shim has seen. */
function countByStrace(argv, base) {
  const place = mkdtempSync(join(work, 'strace-'))
  const index = join(place, 'index')
  if (base) cpSync(base, index, { recursive: true })
  const log = join(place, 'log')
  const names = 'write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,rename,renameat,renameat2'
  spawnSync('strace', ['-f', '-y', '-o', log, '-e', `trace=${names}`, process.execPath, CLI, ...argv(index)])
  const lines = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${index}`) && !line.includes('resumed>'))
  return lines.filter((line) => !/^\d+ +write\([12]</.test(line)).length
}

/** The graph file of an engine that the shim does not reach: strace makes its calls fail. */
async function byStrace(scenario, counts) {
  const [base, argv] = scenario
  for (const [syscall, error] of [
    ['write', 'ENOSPC'],
    ['write', 'EIO'],
    ['close', 'EIO'],
    ['fsync', 'EIO'],
    ['openat', 'ENOSPC'],
  ]) {
    for (let n = 1; n < 20; n++) {
      const place = mkdtempSync(join(work, 'npm-'))
      const index = join(place, 'index')
      if (base) cpSync(base, index, { recursive: true })
      const file = join(index, '.work/new/index.usearch')
      const log = join(place, 'log')
      const inject = `inject=${syscall}:error=${error}:when=${n}`
      const env = { CLARA_INDEX_ENGINE: 'npm' }
      const traced = ['-f', '-o', log, '-P', file, '-e', inject, process.execPath, CLI, ...argv(index)]
      const { code, stderr } = await run('strace', traced, { env })
      const hit = readFileSync(log, 'utf8').includes('INJECTED')
      if (hit) {
        count(counts, 'faults')
        const what = { engine: 'npm', syscall, error, n, code, stderr: stderr.slice(-300) }
        const injected = readFileSync(log, 'utf8')
          .split('\n')
          .find((line) => line.includes('INJECTED'))
        if (code === 0) found('false success', { ...what, injected })
        else if (!stderr.includes('index.usearch')) found('message without the file', what)
        else count(counts, 'failed')
        const again = await run(process.execPath, [CLI, ...argv(index)], { env })
        if (again.code !== 0)
          found('does not work when run again', { ...what, again: again.stderr.slice(-300) })
        else count(counts, 'works_when_run_again')
      }
      rmSync(place, { recursive: true })
      if (!hit) break
    }
  }
}

const result = {}
for (const [name, [base, argv]] of Object.entries(scenarios)) {
  if (flags.only && !flags.only.split(',').includes(name)) continue
  const place = join(work, `whole-${name}`)
  if (base) cpSync(base, place, { recursive: true })
  const log = join(work, `${name}.log`)
  const env = { LD_PRELOAD: shim, FAULT_DIR: place, FAULT_LOG: log }
  const whole = await run(process.execPath, [CLI, ...argv(place)], { env })
  if (whole.code !== 0) throw new Error(whole.stderr)
  const calls = callsIn(log)
  const before = base ? await stateOrFault(base) : 'none'
  const after = await stateOrFault(place)
  const counts = { calls: calls.length }
  const kinds = {}
  for (const call of calls) count(kinds, call.name)
  const synced = calls.filter(({ name }) => /^(write|fsync|fdatasync|ftruncate|rename)$/.test(name)).length
  if (hasStrace)
    counts.calls_seen_by_strace_too = `${countByStrace(argv, base)} of ${synced} writes, syncs and renames`
  const jobs = calls
    .filter(({ number, path }) => number % Number(flags.step) === 0 && path.endsWith(flags.files))
    .flatMap(({ number, name, path }) =>
      ['EIO', 'ENOSPC', ...(name === 'write' ? ['short'] : [])].map((fault) => ({
        number,
        fault,
        call: `${name} ${path}`,
      })),
    )
  await inParallel(Number(flags.jobs), jobs, (job) =>
    tryOne({ name, base, argv, before, after, counts }, job),
  )
  result[name] = { ...counts, kinds }
  console.error(name, JSON.stringify(result[name]))
}
if (!flags.only || flags.only.includes('npm')) {
  if (hasStrace) {
    result.graph_file_of_npm_engine = {}
    await byStrace(scenarios.build, result.graph_file_of_npm_engine)
    console.error('npm', JSON.stringify(result.graph_file_of_npm_engine))
  } else console.error('skipped: strace is not installed, so that the calls of the npm engine do not fail')
}
const kinds = {}
for (const { kind } of findings) count(kinds, kind)
process.stdout.write(
  keep(keepPart(flags.output, 'syscalls', { ...result, findings: kinds, found: findings }), flags.output),
)
if (findings.length > 0) process.exitCode = 1
