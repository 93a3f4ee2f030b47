import { ClaraError, isErrno } from '../errors.js'

/** Says what is wrong with a path that cannot be read. */
export function readError(path: string, error: unknown): unknown {
  if (!isErrno(error)) return error
  if (error.code === 'ENOENT') return new ClaraError('input', `${path}: no such file`, { cause: error })
  if (error.code === 'EISDIR') {
    return new ClaraError('input', `${path}: is a directory, a file was expected`, { cause: error })
  }
  return new ClaraError('input', `${path}: cannot be read: ${error.message}`, { cause: error })
}
