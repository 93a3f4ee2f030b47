/** A model out of the cache. */
import { rename, rm } from 'node:fs/promises'
import { ClaraError } from '../errors.js'
import { tryLock } from '../files/lock.js'
import { modelDirectory, modelLock, partialDirectory } from './cache-directory.js'
import { findEntry } from './catalogue.js'
import { isThere, partialBytes, readInstalled } from './installed.js'
import { lockedBy } from './pull.js'
import { EMBEDDED_NAMES, unknownModel } from './resolve.js'

interface Removed {
  name: string
  /** 0 where nothing was there. */
  bytes: number
  /** Something was there, if only a part. */
  found: boolean
}

/**
 * @throws ClaraError `usage` for an embedded model or a name that is none, `exists` while a pull
 * is at it.
 */
export async function removeModel(name: string): Promise<Removed> {
  if (EMBEDDED_NAMES.includes(name)) {
    throw new ClaraError('usage', `${name}: comes with this package and is not in the cache: it stays`)
  }
  const folder = modelDirectory(name)
  if (!findEntry(name) && !(/^\w[\w.-]*$/.test(name) && (await isThere(folder)))) {
    throw new ClaraError('usage', unknownModel(name))
  }
  const partial = partialDirectory(name)
  if (!(await isThere(folder)) && !(await isThere(partial))) return { name, bytes: 0, found: false }
  const lock = await tryLock(modelLock(name))
  if (!('release' in lock)) throw lockedBy(name, lock)
  try {
    const installed = await readInstalled(name)
    const whole = installed?.card.files.reduce((sum, file) => sum + file.bytes, 0) ?? 0
    const bytes = whole + (await partialBytes(name))
    await vanish(folder, `${partial}.removed`)
    await rm(partial, { recursive: true, force: true })
    return { name, bytes, found: true }
  } finally {
    await lock.release()
  }
}

/** At once, not file by file. */
async function vanish(folder: string, aside: string): Promise<void> {
  await rm(aside, { recursive: true, force: true })
  if (await isThere(folder)) await rename(folder, aside)
  await rm(aside, { recursive: true, force: true })
}
