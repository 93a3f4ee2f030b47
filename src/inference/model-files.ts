import { ClaraError, messageOf } from '../errors.js'
import { digestFile } from '../files/durable-file.js'
import type { VerifiableFile } from '../models/resolve.js'

export function missing(file: VerifiableFile, cause: unknown): ClaraError {
  return new ClaraError('model', `${file.path}: cannot be read: ${messageOf(cause)}`, { cause })
}

export function damaged(file: VerifiableFile): ClaraError {
  return new ClaraError(
    'model',
    `${file.path}: does not have the ${file.bytes} bytes and the sha256 ${file.sha256.slice(0, 12)}… of its card: ` +
      'the file is damaged or has been exchanged, install it again',
  )
}

/** @throws ClaraError `model` unless the file has the size and the hash of its card. */
export async function requireWhole(file: VerifiableFile): Promise<void> {
  const { bytes, sha256 } = await digestFile(file.path).catch((error) => {
    throw missing(file, error)
  })
  if (bytes !== file.bytes || sha256 !== file.sha256) throw damaged(file)
}
