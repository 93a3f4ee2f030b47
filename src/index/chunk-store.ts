/** Chunks on disk: JSON lines, and where each line starts, so that one can be read alone. */

import { join } from 'node:path'
import type { Chunk } from '../chunks/chunk.js'
import { ClaraError } from '../errors.js'
import { DurableFile, type FileDigest } from '../files/durable-file.js'
import { repairEscapes, toJson } from '../files/well-formed.js'
import { hashBlocks } from './blocks.js'
import { type CheckedFile, CheckedReader } from './checked-file.js'
import { damaged, type IndexFilePath, readIndexFile } from './index-files.js'
import { FILES } from './manifest.js'
import { liveRanges } from './rows.js'

export type ChunkDigests = Record<'chunks' | 'offsets', FileDigest>

interface ChunkWriter {
  write(chunk: Chunk): Promise<void>
  close(): Promise<ChunkDigests>
  abandon(): Promise<void>
}

export async function createChunkWriter(directory: string): Promise<ChunkWriter> {
  const lines = await DurableFile.create(join(directory, FILES.chunks))
  const offsets = await DurableFile.create(join(directory, FILES.offsets))
  return {
    async write(chunk) {
      await offsets.write(offsetBytes(lines.bytes))
      await lines.write(chunkLine(chunk))
    },
    async close() {
      await offsets.write(offsetBytes(lines.bytes))
      return { chunks: await lines.close(), offsets: await offsets.close() }
    },
    async abandon() {
      await Promise.all([lines.abandon(), offsets.abandon()])
    },
  }
}

export function chunkLine({ id, documentId, title, text }: Chunk): string {
  return `${toJson({ id, documentId, title, text })}\n`
}

export function offsetBytes(offset: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(offset))
  return bytes
}

export interface ChunkStore {
  /** Chunks that are not removed. */
  count: number
  /** Numbers of rows end before this. */
  rows: number
  /** Rows that are removed, ascending. */
  removed: Uint32Array
  /** @param row 0 … rows - 1, a removed one too. */
  read(row: number): Promise<Chunk>
  /** All that are not removed, in order. */
  all(): AsyncGenerator<Chunk>
  /** As all, with their rows. */
  entries(): AsyncGenerator<[row: number, chunk: Chunk]>
  close(): Promise<void>
}

/** Bytes of lines read at a time where all are wanted. */
const SPAN_BYTES = 1 << 20

/**
 * @param chunks checked where they are read.
 * @param offsets hashed before use.
 * @throws ClaraError `index` where one is damaged, or they do not belong together.
 */
export async function openChunkStore(
  chunks: CheckedFile,
  offsets: IndexFilePath,
  removed: Uint32Array = new Uint32Array(),
): Promise<ChunkStore> {
  const { offset, rows } = offsetsIn(chunks, offsets.path, await readIndexFile(offsets))
  const reader = new CheckedReader(chunks)
  const bytesOf = (start: number, end: number): Buffer => {
    if (end <= start || end > chunks.bytes) throw damaged(offsets)
    const bytes = Buffer.allocUnsafe(end - start)
    reader.read(bytes, start)
    return bytes
  }
  const parse = (line: Buffer): Chunk => {
    try {
      return JSON.parse(repairEscapes(line.toString('utf8')).text) // an index of before may hold halves
    } catch {
      throw damaged(offsets) // the line's hash was right, so that it does not begin there
    }
  }
  async function* entries(): AsyncGenerator<[number, Chunk]> {
    for (const { start, end } of liveRanges(rows, removed)) {
      for (let from = start, to: number; from < end; from = to) {
        to = from + 1
        while (to < end && offset(to + 1) - offset(from) <= SPAN_BYTES) to++
        const first = offset(from)
        const span = bytesOf(first, offset(to))
        for (let row = from; row < to; row++) {
          yield [row, parse(span.subarray(offset(row) - first, offset(row + 1) - first))]
        }
        await new Promise(setImmediate) // reading is synchronous: let others have their turn
      }
    }
  }
  return {
    count: rows - removed.length,
    rows,
    removed,
    async read(row) {
      if (!(row >= 0 && row < rows)) throw new RangeError(`chunk ${row} of ${rows}`)
      return parse(bytesOf(offset(row), offset(row + 1)))
    },
    async *all() {
      for await (const [, chunk] of entries()) yield chunk
    },
    entries,
    async close() {
      reader.close()
    },
  }
}

/** For chunks that were just written, without a file of block hashes. */
export async function openNewChunks(directory: string, digests: ChunkDigests): Promise<ChunkStore> {
  const chunks = await hashBlocks(join(directory, FILES.chunks))
  if (chunks.sha256 !== digests.chunks.sha256) throw damaged(chunks)
  return openChunkStore(chunks, { path: join(directory, FILES.offsets), ...digests.offsets })
}

/** Where each line of chunks starts. */
export interface Offsets {
  rows: number
  /** @param row 0 … rows; the last is the end. */
  offset(row: number): number
}

/** @throws ClaraError `index` unless they begin and end with the file of chunks. */
export function offsetsIn(chunks: { path: string; bytes: number }, path: string, bytes: Buffer): Offsets {
  const rows = bytes.byteLength / 8 - 1
  if (!Number.isInteger(rows) || rows < 0) throw new ClaraError('index', `${path}: its offsets are not whole`)
  const offset = (row: number) => bytes.readUInt32LE(row * 8) + bytes.readUInt32LE(row * 8 + 4) * 2 ** 32
  if (offset(0) !== 0 || offset(rows) !== chunks.bytes) {
    throw new ClaraError('index', `${path}: its offsets are not those of ${chunks.path}`)
  }
  return { offset, rows }
}
