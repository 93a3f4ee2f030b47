/** Work that was begun and not finished: whether to go on with it, and what to say of it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { disk } from '../files/disk.js'
import { sha256, syncDirectory } from '../files/durable-file.js'
import { takeBack, tidy, Unconfirmed } from './commit.js'
import { Hopeless } from './embed-rows.js'
import { MANIFEST, type Manifest, readManifest } from './manifest.js'
import {
  loseWithProcess,
  type Progress,
  readProgress,
  removeWork,
  WORK,
  type WorkHeader,
} from './progress.js'

/** New files of the generation that is being made. */
export const NEW = join(WORK, 'new')

/** The manifest, with the hash of its file; `undefined` where there is none. */
export async function readCurrent(
  directory: string,
): Promise<{ manifest: Manifest; sha256: string } | undefined> {
  const path = join(directory, MANIFEST)
  const bytes = await readFile(path).catch((error) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  })
  return bytes && { manifest: await readManifest(directory), sha256: sha256(bytes) }
}

/**
 * Unfinished work of the directory. What a killed command left of work that was finished, or that
 * is not worth going on with, is removed.
 */
async function findUnfinished(
  directory: string,
  manifest: Manifest | undefined,
): Promise<Progress | undefined> {
  const progress = await readProgress(directory)
  const isOpen = progress && progress.header.generation > (manifest?.generation ?? 0)
  if (isOpen) return progress
  if (manifest) await tidy(directory, manifest)
  else await removeWork(directory)
  return undefined
}

/**
 * For a change that does not take long: refuses where a build or an add is unfinished.
 * @param overwrite gives that up.
 */
export async function requireNoUnfinished(
  directory: string,
  manifest: Manifest,
  { overwrite = false }: { overwrite?: boolean },
): Promise<void> {
  const progress = await findUnfinished(directory, manifest)
  if (progress && !overwrite) throw inTheWay(directory, progress)
  await startAnew(directory)
}

/** An empty place for work. */
export async function startAnew(directory: string): Promise<void> {
  await removeWork(directory)
  loseWithProcess(directory)
  await disk.mkdir(join(directory, NEW), { recursive: true })
  await syncDirectory(directory)
}

/**
 * What to go on from for work of this header, and a place for its new files.
 * @throws ClaraError `exists` where the unfinished work is other work, unless `overwrite` gives that up.
 */
export async function resumeOrStart(
  directory: string,
  header: WorkHeader,
  manifest: Manifest | undefined,
  overwrite: boolean,
): Promise<Progress> {
  const progress = await findUnfinished(directory, manifest)
  const differences = progress && differencesOf(progress.header, header)
  if (differences && differences.length > 0 && !overwrite) {
    throw new ClaraError(
      'exists',
      `${directory}: holds an unfinished ${progress.header.work} of ${rowsOf(progress)} chunks with other settings: ` +
        `${differences.join('; ')}: repeat those to go on with it, or pass --overwrite to begin anew`,
    )
  }
  if (!progress || differences!.length > 0) {
    await startAnew(directory)
    return { header, checkpoints: [] }
  }
  await disk.rm(join(directory, NEW), { recursive: true, force: true })
  await disk.mkdir(join(directory, NEW))
  if (header.work === 'build') await takeBack(directory, progress)
  return { header, checkpoints: progress.checkpoints }
}

function rowsOf({ checkpoints }: Progress): number {
  return checkpoints.at(-1)?.rows ?? 0
}

export interface Unfinished {
  work: WorkHeader['work']
  /** That are wholly in. */
  documents: number
  chunks: number
}

/** What an interrupted command left to go on with, for those who only look. */
export async function unfinishedWork(directory: string): Promise<Unfinished | undefined> {
  const progress = await readProgress(directory)
  const manifest = await readManifest(directory).catch(() => undefined)
  if (!progress || progress.header.generation <= (manifest?.generation ?? 0)) return undefined
  const { work } = progress.header
  return { work, documents: progress.checkpoints.at(-1)?.documents ?? 0, chunks: rowsOf(progress) }
}

function inTheWay(directory: string, progress: Progress): ClaraError {
  const { work } = progress.header
  return new ClaraError(
    'exists',
    `${directory}: holds an unfinished ${work} of ${rowsOf(progress)} chunks: ` +
      `run the ${work} again to finish it, or pass --overwrite to give it up`,
  )
}

/** In words: what was, what is. The name of a model does not matter, its content does. */
function differencesOf(before: WorkHeader, now: WorkHeader): string[] {
  const flat = ({ work, generation, base, settings }: WorkHeader): Record<string, unknown> => ({
    command: work,
    index: `generation ${generation} from ${base?.slice(0, 12) ?? 'nothing'}`,
    embedder: `${settings.embedder.sha256.slice(0, 12)}…`,
    dims: settings.dims,
    metric: settings.metric,
    precision: settings.precision,
    'chunk tokens': settings.chunking.tokens,
    'chunk overlap': settings.chunking.overlap,
    chunking: settings.chunking.split,
  })
  const [was, is] = [flat(before), flat(now)]
  const embedder = `${before.settings.embedder.name} was ${was.embedder}, ${now.settings.embedder.name} is ${is.embedder}`
  return Object.keys(was)
    .filter((key) => was[key] !== is[key])
    .map((key) => (key === 'embedder' ? `embedder ${embedder}` : `${key} was ${was[key]}, is ${is[key]}`))
}

/** For a change whose work nothing goes on with: after an error it is removed. */
export async function keepNothing<T>(directory: string, change: () => Promise<T>): Promise<T> {
  try {
    return await change()
  } catch (error) {
    await removeWork(directory).catch(() => {})
    throw error
  }
}

/**
 * After an error: whether the rows so far are worth keeping, and if so what to say of them.
 * @param rows that are on disk.
 */
export async function keepOrRemove(directory: string, rows: number, error: unknown): Promise<unknown> {
  if (error instanceof ClaraError && error.code === 'exists') return error // it is of other work
  if (error instanceof Unconfirmed) return error
  const isWorthless = rows === 0 || error instanceof Hopeless
  if (isWorthless) {
    await removeWork(directory).catch(() => {})
    return error
  }
  const known = error instanceof ClaraError || isErrno(error)
  if (!known) return error
  const code = error instanceof ClaraError ? error.code : 'io'
  return new ClaraError(
    code,
    `${messageOf(error)} (${rows} chunks are embedded and kept: run the same command again to go on)`,
    { cause: error },
  )
}
