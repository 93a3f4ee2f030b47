/** An index's files, never used before size and hash are those of the manifest. */
import { stat } from 'node:fs/promises'
import { ClaraError, messageOf } from '../errors.js'
import { digestFile, type FileDigest, readVerified } from '../files/durable-file.js'

export interface IndexFilePath extends FileDigest {
  path: string
}

/** @throws ClaraError `index` when the file is missing, unreadable or not what the manifest says. */
export async function readIndexFile(file: IndexFilePath): Promise<Buffer> {
  const data = await readVerified(file.path, file).catch((error) => {
    throw unreadable(file, error)
  })
  if (!data) throw damaged(file)
  return data
}

/** As readIndexFile, without holding the file in memory. */
export async function checkIndexFile(file: IndexFilePath): Promise<void> {
  const { bytes, sha256 } = await digestFile(file.path).catch((error) => {
    throw unreadable(file, error)
  })
  if (bytes !== file.bytes || sha256 !== file.sha256) throw damaged(file)
}

/** @throws ClaraError `index` when one is missing or of another size. */
export async function requireSizes(files: IndexFilePath[]): Promise<void> {
  await Promise.all(
    files.map(async (file) => {
      const { size } = await stat(file.path).catch((error) => {
        throw unreadable(file, error)
      })
      if (size !== file.bytes) throw damaged(file)
    }),
  )
}

export function unreadable(file: { path: string }, cause: unknown): ClaraError {
  return new ClaraError('index', `${file.path}: cannot be read: ${messageOf(cause)}`, { cause })
}

export function damaged(file: { path: string }): ClaraError {
  return new ClaraError(
    'index',
    `${file.path}: size or sha256 differ from the manifest: the file is damaged, build the index anew`,
  )
}
