/**
 * One process at a time: a lock file that names its holder. One that a dead process left is taken
 * over; of a process on another machine nothing can be known, so its lock stands.
 */
import { readFileSync, rmSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClaraError, isErrno } from '../errors.js'
import { disk } from './disk.js'
import { unwritable } from './durable-file.js'
import { parseObject } from './json-value.js'
import { isAlive, startOf } from './processes.js'

export interface Holder {
  pid: number
  host: string
  /** See startOf. */
  started: string | null
  since: string
}

export interface Lock {
  release(): Promise<void>
}

const POLL_MS = 200
/** A lock is empty for a moment, until its holder has written its name; for longer only after a kill. */
const SETTLED_MS = 10_000

/** Path -> what this process wrote there. */
const held = new Map<string, string>()
/** What this process could not remove when it was done. */
const unreleased = new Map<string, string>()
process.once('exit', () => {
  for (const [path, text] of held) if (readSync(path) === text) rmSync(path, { force: true })
})

/** @returns the lock, or who holds it. Waits where nobody has written a name into it yet, or was killed before. */
export async function tryLock(path: string): Promise<Lock | Holder> {
  const holder = { pid: process.pid, host: hostname(), started: await startOf(process.pid), since: now() }
  const text = `${JSON.stringify(holder)}\n`
  for (;;) {
    if (await createExclusive(path, text)) {
      held.set(path, text)
      return { release: () => release(path, text) }
    }
    const found = await readFile(path, 'utf8').catch(() => undefined)
    if (found === undefined) continue // released meanwhile
    const other = parseHolder(found)
    const isOurs = unreleased.get(path) === found
    if (other && !isOurs && !(await isGone(other))) return other
    if (!other && (await isFresh(path))) await sleep(POLL_MS)
    else await removeStale(path, found)
  }
}

/** Who holds it now; nobody where its process has ended. */
export async function holderOf(path: string): Promise<Holder | undefined> {
  const holder = parseHolder(await readFile(path, 'utf8').catch(() => ''))
  return holder && !(await isGone(holder)) ? holder : undefined
}

/**
 * Waits for its turn behind a process of this machine; `onWait` is told once, of whom.
 * @returns the holder where it is on another machine, whose end would not be seen from here.
 */
export async function waitForLock(path: string, onWait: (holder: Holder) => void): Promise<Lock | Holder> {
  for (let told = false; ; told = true) {
    const got = await tryLock(path)
    if ('release' in got || got.host !== hostname()) return got
    if (!told) onWait(got)
    await sleep(POLL_MS)
  }
}

async function createExclusive(path: string, text: string): Promise<boolean> {
  try {
    const handle = await disk.open(path, 'wx')
    await handle
      .writeFile(text)
      .finally(() => handle.close())
      .catch(async (error) => {
        await disk.rm(path, { force: true }).catch(() => {}) // nobody could tell whose it is
        throw unwritable(path, error)
      })
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  }
}

/** Two that judge the same lock stale must not both remove it: the second would remove the first's new one. */
async function removeStale(path: string, stale: string): Promise<void> {
  const guard = `${path}.takeover`
  if (!(await createExclusive(guard, ''))) {
    if (!(await isFresh(guard))) await disk.rm(guard, { force: true })
    await sleep(POLL_MS / 10)
    return
  }
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) === stale) await disk.rm(path, { force: true })
  } finally {
    await disk.rm(guard, { force: true })
  }
}

async function isGone({ pid, host, started }: Holder): Promise<boolean> {
  if (host !== hostname()) return false
  if (!isAlive(pid)) return true
  return started !== null && started !== (await startOf(pid)) // the id went to another process
}

async function isFresh(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined)
  return info !== undefined && Math.abs(Date.now() - info.mtimeMs) < SETTLED_MS
}

function parseHolder(text: string): Holder | undefined {
  const value = parseObject(text)
  if (!Number.isSafeInteger(value?.pid) || typeof value?.host !== 'string') return undefined
  return value as unknown as Holder
}

async function release(path: string, text: string): Promise<void> {
  unreleased.set(path, text)
  if (readSync(path) === text) await disk.rm(path, { force: true })
  unreleased.delete(path)
  held.delete(path) // not before: the process may end in between
}

function readSync(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function now(): string {
  return new Date().toISOString()
}

/** @throws ClaraError `exists` where another process has it. */
export async function lockFor(path: string): Promise<Lock> {
  const lock = await tryLock(`${path}.lock`)
  if ('release' in lock) return lock
  throw new ClaraError(
    'exists',
    `${path}: process ${lock.pid} on ${lock.host} is writing there (since ${lock.since}): wait until it has ended`,
  )
}
