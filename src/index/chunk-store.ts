/** Chunks on disk: JSON lines, and where each line starts, so that one can be read alone. */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Chunk } from '../chunks/chunk.js'
import { ClaraError } from '../errors.js'
import { DurableFile, type FileDigest } from '../files/durable-file.js'
import { checkIndexFile, readIndexFile } from './index-files.js'
import { FILES } from './manifest.js'

export type ChunkDigests = Record<typeof FILES.chunks | typeof FILES.offsets, FileDigest>

export interface ChunkWriter {
  write(chunk: Chunk): Promise<void>
  close(): Promise<ChunkDigests>
  abandon(): Promise<void>
}

export async function createChunkWriter(directory: string): Promise<ChunkWriter> {
  const lines = await DurableFile.create(join(directory, FILES.chunks))
  const offsets = await DurableFile.create(join(directory, FILES.offsets))
  return {
    async write(chunk) {
      await offsets.write(littleEndian(lines.bytes))
      await lines.write(`${JSON.stringify(chunk)}\n`)
    },
    async close() {
      await offsets.write(littleEndian(lines.bytes))
      return { [FILES.chunks]: await lines.close(), [FILES.offsets]: await offsets.close() }
    },
    async abandon() {
      await Promise.all([lines.abandon(), offsets.abandon()])
    },
  }
}

function littleEndian(offset: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(offset))
  return bytes
}

export interface ChunkStore {
  count: number
  /** @param position 0 … count - 1. */
  read(position: number): Promise<Chunk>
  /** All of them, in order. */
  all(): AsyncGenerator<Chunk>
  close(): Promise<void>
}

/**
 * @param digests what the manifest says of the two files; both are hashed before use.
 * @throws ClaraError `index` when they differ.
 */
export async function openChunkStore(directory: string, digests: ChunkDigests): Promise<ChunkStore> {
  const path = join(directory, FILES.chunks)
  const lines = digests[FILES.chunks]
  await checkIndexFile({ path, ...lines })
  const offsetBytes = await readIndexFile({ path: join(directory, FILES.offsets), ...digests[FILES.offsets] })
  const count = offsetBytes.byteLength / 8 - 1
  if (!Number.isInteger(count) || count < 0)
    throw new ClaraError('index', `${path}: its offsets are not whole`)
  const offset = (position: number) => Number(offsetBytes.readBigUInt64LE(position * 8))
  if (offset(count) !== lines.bytes) throw new ClaraError('index', `${path}: its offsets are of another file`)
  const handle = await open(path, 'r')
  const read = async (position: number): Promise<Chunk> => {
    if (position < 0 || position >= count) throw new RangeError(`chunk ${position} of ${count}`)
    return JSON.parse(await readRange(handle, offset(position), offset(position + 1)))
  }
  return {
    count,
    read,
    async *all() {
      for (let position = 0; position < count; position++) yield read(position)
    },
    close: () => handle.close(),
  }
}

async function readRange(handle: FileHandle, start: number, end: number): Promise<string> {
  const bytes = Buffer.allocUnsafe(end - start)
  const { bytesRead } = await handle.read(bytes, 0, bytes.byteLength, start)
  if (bytesRead < bytes.byteLength)
    throw new ClaraError('index', `${FILES.chunks}: shorter than when it was opened`)
  return bytes.toString('utf8')
}
