/** Files that appear whole: written beside their places, and renamed into them once all are on disk. */
import { mkdir, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { ClaraError, isErrno } from '../errors.js'
import { disk } from './disk.js'
import { DurableFile, syncDirectory } from './durable-file.js'
import { removeAbandoned, stagingPath, unfinished } from './staged-directory.js'

/**
 * Runs `fill` on new files, one for each target, and puts them into their places in that order.
 * @throws ClaraError `exists` when a target is there and `overwrite` is false, or is no file.
 */
export async function writeFiles<T>(
  targets: string[],
  { overwrite = false }: { overwrite?: boolean | undefined },
  fill: (files: DurableFile[]) => Promise<T>,
): Promise<T> {
  const places = targets.map((target) => resolve(target))
  for (const target of targets) await requireFree(target, overwrite)
  const files: DurableFile[] = []
  try {
    for (const place of places) files.push(await stage(place))
    const result = await fill(files)
    for (const file of files) await file.close()
    for (const target of targets) await requireFree(target, overwrite)
    for (const [i, place] of places.entries()) {
      await disk.rename(files[i]!.path, place)
      unfinished.delete(files[i]!.path)
      await syncDirectory(dirname(place))
    }
    return result
  } catch (error) {
    for (const file of files) await discard(file)
    throw error
  }
}

/** @throws ClaraError `exists`. */
export async function requireFree(target: string, overwrite: boolean | undefined): Promise<void> {
  const found = await stat(target).catch((error) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  })
  if (found && !found.isFile()) {
    throw new ClaraError('exists', `${target}: is there and no file, a file was expected`)
  }
  if (found && !overwrite) {
    throw new ClaraError('exists', `${target}: exists: choose another file or pass --overwrite`)
  }
}

async function stage(place: string): Promise<DurableFile> {
  await mkdir(dirname(place), { recursive: true })
  await removeAbandoned(dirname(place), basename(place))
  const path = stagingPath(place)
  await disk.rm(path, { force: true })
  const file = await DurableFile.create(path)
  unfinished.add(path)
  return file
}

async function discard(file: DurableFile): Promise<void> {
  await file.abandon()
  // What cannot be removed now is tried again when the process ends.
  await disk.rm(file.path, { force: true }).then(
    () => unfinished.delete(file.path),
    () => {},
  )
}
