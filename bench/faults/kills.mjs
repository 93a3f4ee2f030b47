// SIGKILL at random moments while an index is built, added to and compacted; the same command goes on, until
// it comes to its end. What is there then must be, byte for byte, what a run that is left alone makes.
//
//   npm run build && node bench/faults/kills.mjs [--kills 1000] [--seed 1] [--jobs 2] [--output FILE]
//
// Half of the kills come at a random time after the start of the process, half at a random call that changes
// the disk: before it, after it, or in the middle of a write (Linux and a C compiler; elsewhere all come by
// time). Every third run is the real command; the others note which windows they embed.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
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
import { seeded } from './mutate.mjs'

const { values: flags } = parseArgs({
  options: {
    output: { type: 'string' },
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
  },
})
const CHILD = fileURLToPath(new URL('kills-child.mjs', import.meta.url))
const random = seeded(Number(flags.seed))
const wanted = Number(flags.kills)
const work = mkdtempSync(join(tmpdir(), 'clara-kills-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const shim = compileShim(work)
const first = corpusFile(join(work, 'first.jsonl'), 0, 30)
const second = corpusFile(join(work, 'second.jsonl'), 30, 50)

const lines = (path) =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : []
const generationOf = (index) =>
  existsSync(join(index, 'manifest.json'))
    ? JSON.parse(readFileSync(join(index, 'manifest.json'))).generation
    : 0

/** Rows of the last checkpoint that is on disk. */
function rowsKept(index) {
  const path = join(index, '.work/progress.jsonl')
  const whole = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  return whole.length > 1 ? JSON.parse(whole.at(-1)).rows : 0
}

const chunkIds = (index) =>
  lines(join(index, JSON.parse(readFileSync(join(index, 'manifest.json'))).files.chunks.name)).map(
    ({ id }) => id,
  )

/** Where in its work a command was, by what it left. */
function phaseOf(index, { generation, rows }) {
  if (generationOf(index) === generation)
    return existsSync(join(index, '.work')) ? 'after the manifest, clearing away' : 'done, leaving'
  const work = join(index, '.work')
  if (!existsSync(join(work, 'progress.jsonl')) && !existsSync(join(work, 'new'))) return 'starting'
  const made = existsSync(join(work, 'new')) ? readdirSync(join(work, 'new')) : []
  const moved = readdirSync(index).filter(
    (name) =>
      (generation === 1 ? name !== 'manifest.json' : name.includes(`.${generation}.`)) &&
      !name.startsWith('.'),
  )
  if (moved.length > 0 || readdirSync(index).some((name) => name.startsWith('.manifest')))
    return 'moving files, writing the manifest'
  if (made.includes('blocks.sha256')) return 'hashes written'
  if (made.includes('index.usearch')) return 'graph written, hashing'
  if (rows > 0 && rowsKept(index) === 0) return 'before the first checkpoint'
  if (rows > 0 && rowsKept(index) < rows) return 'embedding'
  return rows > 0 ? 'all rows written, graph' : 'copying rows, graph'
}

/** The three ways of changing an index, each with what it starts from and what it must come to. */
async function makeScenarios() {
  const whole = async (name, base, corpus) => {
    const index = join(work, `whole-${name}`)
    if (base) cpSync(base, index, { recursive: true })
    const [notes, log] = [join(work, `notes-${name}`), join(work, `log-${name}`)]
    const env = shim && { LD_PRELOAD: shim, FAULT_DIR: index, FAULT_LOG: log }
    const started = performance.now()
    const { code, stderr } = await run(process.execPath, [CHILD, name, index, notes, corpus ?? ''], { env })
    if (code !== 0) throw new Error(stderr)
    const seconds = (performance.now() - started) / 1000
    const order = lines(notes).flatMap(({ embedded }) => embedded ?? [])
    const before = base && (await stateOf(base))
    return {
      name,
      base,
      corpus,
      index,
      order,
      seconds,
      before,
      after: await stateOf(index),
      rows: order.length,
      generation: generationOf(index),
      calls: callsIn(log).length,
    }
  }
  const build = await whole('build', undefined, first)
  const add = await whole('add', build.index, second)
  const shrunk = join(work, 'shrunk')
  cpSync(build.index, shrunk, { recursive: true })
  await must(args.remove(shrunk, ...documentIds(shrunk).slice(4, 9)))
  const compact = await whole('compact', shrunk)
  return { build, add, compact }
}

const findings = []
const found = (kind, what) => {
  findings.push({ kind, seed: flags.seed, ...what })
  console.error(kind, JSON.stringify(what).slice(0, 1000))
}

const counts = {
  kills: 0,
  runs: 0,
  came_to_their_end: 0,
  lost_rows: 0,
  doubled_rows: 0,
  corrupt: 0,
  windows_embedded_twice: 0,
  lost_index: 0,
}
const phases = {}
const ways = {}

/** When, drawn beforehand, so that a seed gives the same moments. */
function drawKill({ calls, seconds }) {
  const byCall = shim && random(2) === 0
  if (byCall) return { at: 1 + random(calls), fault: ['kill', 'kill-after', 'tear'][random(3)] }
  return { afterMs: random(Math.ceil(seconds * 1100)) }
}

async function runOnce(scenario, index, notes, kill, isCommand) {
  const { name, corpus } = scenario
  const log = `${notes}.log`
  const env = kill?.at
    ? { LD_PRELOAD: shim, FAULT_DIR: index, FAULT_AT: String(kill.at), FAULT_DO: kill.fault, FAULT_LOG: log }
    : {}
  const argv = isCommand ? [CLI, ...args[name](index, corpus)] : [CHILD, name, index, notes, corpus ?? '']
  const isOver = new AbortController()
  const end = await run(process.execPath, argv, {
    env,
    onStart(child) {
      if (kill?.afterMs !== undefined)
        sleep(kill.afterMs, undefined, { signal: isOver.signal }).then(
          () => child.kill('SIGKILL'),
          () => {},
        )
    },
  })
  isOver.abort()
  return end
}

async function tryRound(scenario, round) {
  const place = mkdtempSync(join(work, 'round-'))
  const index = join(place, 'index')
  if (scenario.base) cpSync(scenario.base, index, { recursive: true })
  for (let attempt = 0; generationOf(index) !== scenario.generation; attempt++) {
    const notes = join(place, `notes-${attempt}`)
    const isCommand = random(3) === 0
    // A round has at most so many kills, or it would never come to its end where the first window is not reached.
    const kill = counts.kills < wanted && attempt < 6 ? drawKill(scenario) : undefined
    const what = { command: scenario.name, round, attempt, kill }
    const kept = rowsKept(index)
    const { code, signal, stderr } = await runOnce(scenario, index, notes, kill, isCommand)
    counts.runs++
    if (signal === 'SIGKILL') {
      counts.kills++
      const phase = phaseOf(index, scenario)
      phases[scenario.name] ??= {}
      count(phases[scenario.name], phase)
      count(ways, kill.at ? `at a call: ${kill.fault}` : 'at a time')
    } else if (code === 0) counts.came_to_their_end++
    else found('a run failed', { ...what, code, signal, stderr: stderr.slice(-600) })
    if (code !== 0 && signal !== 'SIGKILL') break
    const told = lines(notes)
    const embedded = told.flatMap(({ embedded }) => embedded ?? [])
    if (JSON.stringify(embedded) !== JSON.stringify(scenario.order.slice(kept, kept + embedded.length))) {
      counts.windows_embedded_twice++
      found('embedded again, or out of order', { ...what, kept, embedded: embedded.slice(0, 3) })
    }
    if (scenario.base) {
      const state = await stateOf(index).catch((error) => error.message)
      if (state !== scenario.before && state !== scenario.after) {
        counts.lost_index++
        found('neither the old nor the new index', { ...what, state: state.slice(0, 300) })
      }
    }
  }
  const state = await stateOf(index).catch((error) => error.message)
  if (state !== scenario.after) {
    counts.corrupt++
    const [ids, expected] = [
      existsSync(join(index, 'manifest.json')) ? chunkIds(index) : [],
      chunkIds(scenario.index),
    ]
    counts.lost_rows += expected.filter((id) => !ids.includes(id)).length
    counts.doubled_rows += ids.length - new Set(ids).size
    found('another index', { command: scenario.name, round, state: state.slice(0, 300) })
  }
  rmSync(place, { recursive: true, force: true })
}

const scenarios = await makeScenarios()
const { build, add, compact } = scenarios
const pattern = [build, build, add, build, compact, build, build, add]
// Rounds are begun until there are kills enough: one of each job's is under way then.
const jobs = Array.from({ length: wanted + 8 }, (_, round) => round)
await inParallel(Number(flags.jobs), jobs, async (round) => {
  if (counts.kills < wanted) await tryRound(pattern[round % pattern.length], round)
})
const of = Object.fromEntries(
  Object.values(scenarios).map(({ name, rows, calls, generation }) => [
    name,
    { rows_embedded: rows, calls_to_the_disk: calls, generation },
  ]),
)
const part = {
  seed: flags.seed,
  ...counts,
  ways,
  phases,
  of,
  findings: findings.length,
  found: findings.slice(0, 50),
}
process.stdout.write(keep(keepPart(flags.output, 'kills', part), flags.output))
if (findings.length > 0) process.exitCode = 1
