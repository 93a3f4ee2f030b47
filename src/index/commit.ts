/** The moment at which an index becomes another one: its manifest is replaced. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, messageOf } from '../errors.js'
import { disk } from '../files/disk.js'
import { type FileDigest, replaceFile, syncDirectory } from '../files/durable-file.js'
import {
  FILES,
  FORMAT,
  FORMAT_VERSION,
  fileName,
  isIndexFile,
  MANIFEST,
  type Manifest,
  manifestText,
  type NamedFile,
  ROLES,
  type Role,
} from './manifest.js'
import { type Progress, ROW_FILES, removeWork, WORK } from './progress.js'

/** The new index is in its place, but the disk did not confirm that it stays there. */
export class Unconfirmed extends ClaraError {}

/** A file that is whole and on disk, under whatever name. */
export interface NewFile extends FileDigest {
  path: string
}

/**
 * Moves new files to their place and names them in the manifest; those of `before` that have no
 * new one are kept. What no manifest names any more is removed.
 */
export async function commit(
  directory: string,
  manifest: Omit<Manifest, 'format' | 'version' | 'files'>,
  created: Partial<Record<Role, NewFile>>,
  kept: Partial<Record<Role, NamedFile>>,
): Promise<Manifest> {
  const files: Partial<Record<Role, NamedFile>> = {}
  for (const role of ROLES) {
    const file = created[role]
    if (file) {
      const name = fileName(role, manifest.generation)
      await disk.rename(file.path, join(directory, name))
      files[role] = { name, bytes: file.bytes, sha256: file.sha256 }
    } else if (kept[role]) files[role] = kept[role]
  }
  await syncDirectory(directory)
  const whole = { format: FORMAT, version: FORMAT_VERSION, ...manifest, files } as Manifest
  await replaceManifest(directory, manifestText(whole))
  await tidy(directory, whole)
  return whole
}

async function replaceManifest(directory: string, text: string): Promise<void> {
  const path = join(directory, MANIFEST)
  try {
    await replaceFile(path, text)
  } catch (error) {
    const isThere = (await readFile(path, 'utf8').catch(() => undefined)) === text
    if (!isThere) throw error
    throw new Unconfirmed(
      'io',
      `${messageOf(error)} (the new index is in its place, but may not outlast a crash)`,
      {
        cause: error,
      },
    )
  }
}

/**
 * Removes what the manifest does not name, and the work that led to it. What cannot be removed
 * now, as a file that is open on Windows, goes the next time.
 */
export async function tidy(directory: string, { files }: Manifest): Promise<void> {
  const named = new Set(Object.values(files).map(({ name }) => name))
  for (const name of await readdir(directory)) {
    const ours = isIndexFile(name) || /^\.manifest\.json\.\d+\.tmp$/.test(name)
    if (ours && !named.has(name)) await disk.rm(join(directory, name), { force: true }).catch(() => {})
  }
  await removeWork(directory).catch(() => {})
}

/** A build that was killed while it moved its files to their place: takes the rows back. */
export async function takeBack(directory: string, { header }: Progress): Promise<void> {
  for (const file of ROW_FILES) {
    const place = join(directory, fileName(file, header.generation))
    const work = join(directory, WORK, FILES[file])
    const entries = await readdir(join(directory, WORK))
    if (!entries.includes(FILES[file])) {
      await disk.rename(place, work).catch((error) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
  }
  await syncDirectory(directory)
}
