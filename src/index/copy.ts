/** Rows of an index -> files of the next one, checked on the way. */
import { createReadStream } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { DurableFile } from '../files/durable-file.js'
import { type CheckedFile, CheckedReader } from './checked-file.js'
import type { NewFile } from './commit.js'
import { checkIndexFile, type IndexFilePath } from './index-files.js'

const PIECE_BYTES = 1 << 20

export interface ByteRange {
  start: number
  /** One past the last. */
  end: number
}

/** Writes a new file; `fill` is given it open, and it is on disk when this returns. */
export async function createFile(path: string, fill: (file: DurableFile) => Promise<void>): Promise<NewFile> {
  const file = await DurableFile.create(path)
  try {
    await fill(file)
    return { path, ...(await file.close()) }
  } catch (error) {
    await file.abandon()
    throw error
  }
}

/** Appends parts of a file; each block of it is checked against its hash. */
export async function copyRanges(
  to: DurableFile,
  from: CheckedFile,
  ranges: Iterable<ByteRange>,
): Promise<void> {
  const reader = new CheckedReader(from)
  try {
    for (const { start, end } of ranges) {
      for (let at = start; at < end; at += PIECE_BYTES) {
        const piece = new Uint8Array(Math.min(PIECE_BYTES, end - at))
        reader.read(piece, at)
        await to.write(piece)
        await turn() // reading is synchronous: let others have their turn
      }
    }
  } finally {
    reader.close()
  }
}

/** Appends all of a file, once its hash has been checked. */
export async function copyWhole(to: DurableFile, from: IndexFilePath): Promise<void> {
  await checkIndexFile(from)
  const pieces: AsyncIterable<Buffer> = createReadStream(from.path, { highWaterMark: PIECE_BYTES })
  for await (const piece of pieces) await to.write(piece)
}
