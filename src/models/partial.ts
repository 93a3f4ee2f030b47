/** The hidden folder in which a pull gathers its files: flat, so that nothing in it is followed. */
import { copyFile, lstat, mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { partialDirectory } from './cache-directory.js'
import { difference, type Identity, identify, impostor, impostorMessage } from './contents.js'
import { partSize } from './download.js'
import type { Plan, PlannedFile } from './plan.js'

const PLAN = 'pull.json'

/** Files of another revision are thrown away. */
export async function openPartial(name: string, { source }: Plan): Promise<string> {
  const folder = partialDirectory(name)
  const found = await lstat(folder).catch(() => undefined)
  if (found && !found.isDirectory()) {
    throw new ClaraError('io', `${folder}: not a folder of its own: remove it`)
  }
  const before = await readFile(join(folder, PLAN), 'utf8').catch(() => undefined)
  if (before === source) return folder
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `${PLAN}.new`)
  await writeFile(temporary, source)
  await rename(temporary, join(folder, PLAN))
  return folder
}

export function partOf(folder: string, { path }: { path: string }): string {
  return join(folder, `${encodeURIComponent(path)}.part`)
}

/** @throws ClaraError `io` before a download that cannot fit. */
export async function requireRoom(folder: string, files: PlannedFile[]): Promise<void> {
  let missing = 0
  for (const file of files) missing += Math.max(0, (file.bytes ?? 0) - (await partSize(partOf(folder, file))))
  const { bavail, bsize } = await statfs(folder)
  if (missing <= bavail * bsize) return
  throw new ClaraError(
    'io',
    `${dirname(folder)}: ${missing} more bytes are needed, ${bavail * bsize} are free: make room, or set CLARA_CACHE_DIR to a larger disk`,
  )
}

/**
 * Takes the files from where they lie. Links are followed: that is how a hub's own cache keeps files.
 * @param places one for each of `files`.
 * @throws ClaraError `model` when one is not what it should be.
 */
export async function copyFiles(places: string[], folder: string, files: PlannedFile[]): Promise<Identity[]> {
  const identities: Identity[] = []
  for (const [i, file] of files.entries()) {
    identities.push(await copyOne(places[i]!, partOf(folder, file), file))
  }
  return identities
}

async function copyOne(from: string, part: string, file: PlannedFile): Promise<Identity> {
  const kind = await impostor(from)
  if (kind) throw new ClaraError('model', impostorMessage(kind, from))
  await rm(part, { force: true, recursive: true })
  await copyFile(from, part).catch((error) => {
    throw isErrno(error)
      ? new ClaraError('io', `${from}: cannot be copied: ${messageOf(error)}`, { cause: error })
      : error
  })
  const identity = await identify(part)
  const wrong = difference(file, identity)
  if (!wrong) return identity
  await rm(part, { force: true })
  throw new ClaraError('model', `${from}: ${wrong}: a damaged copy, or one of another revision`)
}
