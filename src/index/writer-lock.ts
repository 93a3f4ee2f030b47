/** One writer to an index directory at a time. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno } from '../errors.js'
import { disk } from '../files/disk.js'
import { syncDirectory } from '../files/durable-file.js'
import { tryLock } from '../files/lock.js'
import { LOCK } from './manifest.js'
import { keepWork, loseWithProcess } from './progress.js'

/**
 * Runs `write` as the only writer to the directory, which is made if it is not there, and goes
 * again where nothing was left in it.
 * @throws ClaraError `exists` that names who writes there now.
 */
export async function asWriter<T>(directory: string, write: () => Promise<T>): Promise<T> {
  const created = await makeDirectory(directory)
  if (created) loseWithProcess(directory)
  try {
    const lock = await tryLock(join(directory, LOCK))
    if (!('release' in lock)) {
      throw new ClaraError(
        'exists',
        `${directory}: process ${lock.pid} on ${lock.host} is writing there (since ${lock.since}): wait until it has ended`,
      )
    }
    try {
      return await write()
    } finally {
      await lock.release().catch(() => {}) // it goes with the process, and a dead process holds nothing
    }
  } finally {
    if (created) await disk.rmdir(directory).catch(() => {}) // not where something is in it
    keepWork(directory)
  }
}

/** What is in the directory, this module's own files left out; nothing where it is not there. */
export async function entriesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory).catch((error) => {
    if (isErrno(error, 'ENOENT')) return []
    if (isErrno(error, 'ENOTDIR')) throw notADirectory(directory, error)
    throw error
  })
  return entries.filter((name) => !name.startsWith(LOCK))
}

async function makeDirectory(directory: string): Promise<boolean> {
  try {
    const made = await disk.mkdir(directory, { recursive: true })
    if (made === undefined) return false
    await syncDirectory(join(directory, '..'))
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST', 'ENOTDIR')) throw notADirectory(directory, error)
    throw error
  }
}

function notADirectory(path: string, cause: Error): ClaraError {
  return new ClaraError('exists', `${path}: is a file, a directory was expected`, { cause })
}
