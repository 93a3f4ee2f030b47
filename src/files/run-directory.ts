/**
 * An output directory that is there from the start of a run, because it holds what a killed run
 * continues from. `run.json` says what the run was started with; results come last.
 */

import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { ClaraError, isErrno } from '../errors.js'
import { digestFile, replaceFile, syncDirectory } from './durable-file.js'
import { type JsonObject, parseObject } from './json-value.js'
import { lockFor } from './lock.js'
import { onDisk, statSource } from './spool.js'
import { requireVacant } from './staged-directory.js'
import { toJson } from './well-formed.js'

const SETTINGS = 'run.json'
const HALF_WRITTEN = /^\.run\.json\.\d+\.tmp$/

interface RunDirectoryOptions {
  /** The file that a finished run has. */
  last: string
  overwrite?: boolean
  /** A finished run with the same settings is gone on with. */
  again?: boolean
  /** Settings that a later run may change: its results replace those of the run before. */
  changeable?: object
}

interface RunDirectory {
  /** Whether there is something to go on from. */
  resumed: boolean
  /** Lets another process have the directory. */
  release(): Promise<void>
}

/**
 * Creates the directory, or goes on in one that a run with the same settings began. It is this
 * process's until it is released.
 * @throws ClaraError `exists` when it holds a finished run, another run, or something else, and where another
 * process runs in it.
 */
export async function openRunDirectory(
  directory: string,
  settings: object,
  options: RunDirectoryOptions,
): Promise<RunDirectory> {
  if ((await settingsIn(directory)) === undefined) {
    await requireVacant(directory, isLeftOver)
    await mkdir(directory, { recursive: true })
  }
  const lock = await lockFor(join(directory, 'run'))
  try {
    return { resumed: await begin(directory, settings, options), release: lock.release }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** What a run that has begun there was started with; `undefined` where there is none. */
export async function runSettings(directory: string): Promise<JsonObject | undefined> {
  return parseObject((await settingsIn(directory)) ?? '')
}

async function begin(
  directory: string,
  settings: object,
  { last, overwrite = false, again = false, changeable }: RunDirectoryOptions,
): Promise<boolean> {
  const path = join(directory, SETTINGS)
  const now = `${toJson(changeable ? { ...settings, changeable } : settings, 2)}\n`
  const before = await settingsIn(directory)
  if (before === undefined) {
    await removeHalfBegun(directory)
    await replaceFile(path, now)
    return false
  }
  if (overwrite) {
    await rm(join(directory, last), { force: true }) // from here on the run is not finished
    await replaceFile(path, now)
    return sameBut(before, now)
  }
  if ((again || (changeable && before !== now)) && sameBut(before, now)) {
    await rm(join(directory, last), { force: true })
    await replaceFile(path, now)
    return true
  }
  const isFinished = (await stat(join(directory, last)).catch(() => undefined)) !== undefined
  if (isFinished || before !== now) {
    throw new ClaraError(
      'exists',
      `${directory}: holds a ${isFinished ? 'finished run' : 'run'}${otherSettings(before, now)}: ` +
        'choose another directory, or pass --overwrite to replace it (replies that were paid for stay)',
    )
  }
  return true
}

function settingsIn(directory: string): Promise<string | undefined> {
  return readFile(join(directory, SETTINGS), 'utf8').catch((error) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  })
}

/** What a process left that was killed while it wrote its settings. */
async function removeHalfBegun(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (HALF_WRITTEN.test(name)) await rm(join(directory, name), { force: true })
  }
}

function isLeftOver(name: string): boolean {
  return HALF_WRITTEN.test(name) || /^run\.lock(\.takeover)?$/.test(name)
}

/** Whether two runs differ in nothing, or in what may change only. */
function sameBut(before: string, now: string): boolean {
  const fixed = (text: string) => {
    try {
      return JSON.stringify({ ...JSON.parse(text), changeable: undefined })
    } catch {
      return text
    }
  }
  return before === now || fixed(before) === fixed(now)
}

const MOST_DIFFERENCES = 4

/** What was set otherwise, so that it can be repeated. */
function otherSettings(before: string, now: string): string {
  if (before === now) return ''
  const [old, wanted] = [before, now].map(settingsOf)
  if (!old || !wanted) return ` with other settings (${SETTINGS} there)`
  const names = [...new Set([...old.keys(), ...wanted.keys()])]
  const differing = names.filter((name) => old.get(name) !== wanted.get(name))
  const shown = differing.slice(0, MOST_DIFFERENCES).map((name) => {
    const values = [old, wanted].map((from) => from.get(name) ?? 'nothing')
    const isTelling = values.every((value) => value.length <= 40)
    return isTelling ? `${name} was ${values[0]}, now ${values[1]}` : name
  })
  return ` with other settings (${shown.join('; ')}${differing.length > shown.length ? '; …' : ''})`
}

/** By their paths: `chunking.tokens`. */
function settingsOf(text: string): Map<string, string> | undefined {
  const found = new Map<string, string>()
  const add = (path: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) found.set(path, JSON.stringify(value))
    else for (const [key, each] of Object.entries(value)) add(path === '' ? key : `${path}.${key}`, each)
  }
  try {
    add('', JSON.parse(text))
  } catch {
    return undefined
  }
  return found
}

/** Removes what a run before left, files and folders. */
export async function removeResults(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(directory, name), { recursive: true, force: true })
}

/** Moves finished files and folders, in this order, from a folder in `directory` into it. */
export async function moveResults(from: string, directory: string, names: string[]): Promise<void> {
  for (const name of names) await rename(join(from, name), join(directory, name))
  await syncDirectory(directory)
}

/**
 * What tells one input from another: a file's size and hash, a folder's names with sizes and hashes.
 * @throws ClaraError `input` when it cannot be read.
 */
export async function fingerprint(path: string): Promise<object> {
  if (!(await statSource(path)).isDirectory()) return digestFile(await onDisk(path))
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const digests: Record<string, object> = {}
  for (const file of files.sort()) digests[relative(path, file)] = await digestFile(file)
  return digests
}
