/** A directory that appears whole or not at all: built beside its place, then renamed into it. */
import { rmSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ClaraError, isErrno } from '../errors.js'
import { syncDirectory } from './durable-file.js'
import { isAlive } from './processes.js'

const MARK = '.clara-staging-'

/** Staged and not yet published: removed where the process ends in the middle. */
export const unfinished = new Set<string>()
process.once('exit', () => {
  for (const path of unfinished) rmSync(path, { recursive: true, force: true })
})

interface StagedDirectory {
  /** Where to write. */
  path: string
  /** Moves the whole into its place. */
  publish(): Promise<void>
  /** Removes what was written. */
  discard(): Promise<void>
}

interface Replacing {
  overwrite?: boolean
  /** Of an entry's name: whether `overwrite` may remove it. Default: any. */
  mayReplace?: (name: string) => boolean
}

/**
 * @throws ClaraError `exists` when `target` is there, not empty, and `overwrite` is false or not meant for what it holds.
 */
export async function stageDirectory(target: string, replacing: Replacing = {}): Promise<StagedDirectory> {
  const place = resolve(target)
  const parent = dirname(place)
  await requireRoomFor(target, replacing)
  await mkdir(parent, { recursive: true })
  await removeAbandoned(parent, basename(place))
  const path = stagingPath(place)
  await rm(path, { recursive: true, force: true })
  await mkdir(path)
  unfinished.add(path)
  return {
    path,
    async publish() {
      await syncDirectory(path)
      await requireRoomFor(target, replacing)
      await replaceDirectory(path, place)
      unfinished.delete(path)
      await syncDirectory(parent)
    },
    async discard() {
      await rm(path, { recursive: true, force: true })
      unfinished.delete(path)
    },
  }
}

/** Where this process builds what goes to `place`. */
export function stagingPath(place: string): string {
  return join(dirname(place), `.${basename(place)}${MARK}${process.pid}`)
}

/** Runs `fill` on a staged directory and publishes it, or discards it where `fill` throws. */
export async function writeDirectory<T>(
  target: string,
  options: Replacing,
  fill: (path: string) => Promise<T>,
): Promise<T> {
  const staged = await stageDirectory(target, options)
  try {
    const result = await fill(staged.path)
    await staged.publish()
    return result
  } catch (error) {
    await staged.discard()
    throw error
  }
}

/** @throws ClaraError `exists` where a directory may not be put into the place of `target`. */
export async function requireRoomFor(
  target: string,
  { overwrite = false, mayReplace = () => true }: Replacing,
): Promise<void> {
  if (!overwrite) return requireVacant(target)
  const other = (await namesIn(target)).find((name) => !mayReplace(name))
  if (other === undefined) return
  throw new ClaraError(
    'exists',
    `${target}: holds ${JSON.stringify(other)}, which is no output of this command and which --overwrite would remove: choose another directory, or move it away`,
  )
}

/** @param ignored of entries' names: what is nobody's loss. */
export async function requireVacant(target: string, ignored = (_name: string) => false): Promise<void> {
  if ((await namesIn(target)).every(ignored)) return
  throw new ClaraError(
    'exists',
    `${target}: exists and is not empty: choose another directory or pass --overwrite`,
  )
}

async function namesIn(target: string): Promise<string[]> {
  return readdir(target).catch((error) => {
    if (isErrno(error, 'ENOENT')) return []
    if (isErrno(error, 'ENOTDIR')) {
      throw new ClaraError('exists', `${target}: is a file, a directory was expected`, { cause: error })
    }
    throw error
  })
}

/** A rename cannot replace a filled directory, so the old one steps aside first. */
async function replaceDirectory(from: string, to: string): Promise<void> {
  const aside = join(dirname(to), `.${basename(to)}.clara-replaced-${process.pid}`)
  const old = await stat(to).catch(() => undefined)
  if (old) await rename(to, aside)
  try {
    await rename(from, to)
  } catch (error) {
    if (old) await rename(aside, to)
    throw error
  }
  await rm(aside, { recursive: true, force: true })
}

/** Removes what killed runs left for the same target. */
export async function removeAbandoned(parent: string, name: string): Promise<void> {
  const prefix = `.${name}${MARK}`
  for (const entry of await readdir(parent)) {
    if (!entry.startsWith(prefix) || isAlive(Number(entry.slice(prefix.length)))) continue
    await rm(join(parent, entry), { recursive: true, force: true })
  }
}
