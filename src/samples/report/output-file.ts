/** Where a report may go. */
import { open, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno } from '../../errors.js'
import { GENERATOR } from './page/page.js'
import type { RunFiles } from './run-files.js'

/** So much of a report says that it is one. */
const HEAD_BYTES = 1024

/**
 * @throws ClaraError `exists` for what is there and is no report, `usage` for a file of the run.
 */
export async function requireFree(outputFile: string, run: RunFiles, overwrite: boolean): Promise<void> {
  const info = await stat(outputFile).catch((error) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  })
  if (!info) return
  if (!info.isFile()) throw new ClaraError('exists', `${outputFile}: is no file: name another`)
  const output = await realpath(outputFile)
  for (const name of run.names) {
    if ((await realpath(join(run.directory, name))) === output) {
      throw new ClaraError('usage', `${outputFile} is a file of the run: name another`)
    }
  }
  if (overwrite || (await isReport(outputFile))) return
  throw new ClaraError(
    'exists',
    `${outputFile}: exists and is no report: name another file or pass --overwrite`,
  )
}

async function isReport(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.toString('utf8', 0, bytesRead).includes(GENERATOR)
  } finally {
    await file.close()
  }
}
