/** Images of documents, from the state's folder to where the user wants them. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno } from '../errors.js'
import { replaceFile } from '../files/durable-file.js'
import { readError } from '../files/read-error.js'
import { endingOf } from './formats.js'
import type { StoredDocument } from './parse.child.js'

/** An image of a document. */
export interface SavedImage {
  /** As it is called in the parsed text. */
  name: string
  /** Where it is saved. */
  path: string
  /** The same bytes, in the state's folder. */
  source: string
}

/**
 * @param folder none: nothing is saved.
 * @throws ClaraError `exists` where another image is in the way.
 */
export async function saveImages(
  { images }: StoredDocument,
  stem: string,
  stored: string,
  folder: string | undefined,
  overwrite = false,
): Promise<SavedImage[]> {
  if (folder === undefined) return []
  await mkdir(folder, { recursive: true })
  const saved: SavedImage[] = []
  for (const [i, { name, file }] of images.entries()) {
    const path = join(folder, `${stem}_img_${i}${endingOf(name)}`)
    const source = join(stored, file)
    await save(source, path, overwrite)
    saved.push({ name, path, source })
  }
  return saved
}

async function save(source: string, path: string, overwrite: boolean): Promise<void> {
  const bytes = await readFile(source).catch((error) => {
    throw readError(source, error)
  })
  const there = await readFile(path).catch((error) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw readError(path, error)
  })
  if (there?.equals(bytes)) return
  if (there && !overwrite) {
    throw new ClaraError(
      'exists',
      `${path}: another image is there: choose another folder or pass --overwrite`,
    )
  }
  await replaceFile(path, bytes)
}
