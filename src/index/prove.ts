/** Which checkpoints of an unfinished work its files bear out: hashed again, from the start. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { isErrno } from '../errors.js'
import type { FileDigest } from '../files/durable-file.js'
import { FILES } from './manifest.js'
import { type Checkpoint, ROW_FILES, type RowFile, WORK } from './progress.js'

interface Proof {
  /** How many of the checkpoints, the first ones. */
  proved: number
  /** Each file's hash up to the last of these. */
  hashes: Record<RowFile, Hash>
}

export async function proveRows(directory: string, checkpoints: Checkpoint[]): Promise<Proof> {
  const prefixes = await Promise.all(
    ROW_FILES.map((file) =>
      provePrefixes(
        join(directory, WORK, FILES[file]),
        checkpoints.map(({ files }) => files[file]),
      ),
    ),
  )
  const proved = Math.min(...prefixes.map((hashes) => hashes.length))
  const last = prefixes.map((hashes, i) => [ROW_FILES[i], hashes[proved - 1] ?? createHash('sha256')])
  return { proved, hashes: Object.fromEntries(last) }
}

/** The file's hash at each of the marks, up to the first that is not what it should be. */
async function provePrefixes(path: string, marks: FileDigest[]): Promise<Hash[]> {
  const hash = createHash('sha256')
  const proved: Hash[] = []
  let bytes = 0
  // A file may have nothing new at a checkpoint, so that there are several marks in one place.
  const atMarks = (): boolean => {
    for (let mark = marks[proved.length]; mark?.bytes === bytes; mark = marks[proved.length]) {
      if (hash.copy().digest('hex') !== mark.sha256) return false
      proved.push(hash.copy())
    }
    return true
  }
  try {
    const pieces: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1 << 20 })
    for await (const piece of pieces) {
      for (let at = 0; at < piece.byteLength; ) {
        const mark = atMarks() && marks[proved.length]
        if (!mark) return proved
        const part = piece.subarray(at, at + mark.bytes - bytes)
        hash.update(part)
        bytes += part.byteLength
        at += part.byteLength
      }
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
  atMarks()
  return proved
}
