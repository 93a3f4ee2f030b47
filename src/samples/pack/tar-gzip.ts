/**
 * Files -> tar -> gzip, the same bytes for the same files on any machine.
 *
 * Headers hold nothing of the machine. Gzip is fflate's, in plain JavaScript: what node:zlib writes depends on the processor
 * and on the zlib that came with Node. It is fed blocks of one size, whatever sizes they are read in.
 */
import type { Writable } from 'node:stream'
import { Gzip } from 'fflate'
import { type Pack, pack as tarPack } from 'tar-stream'
import type { DurableFile } from '../../files/durable-file.js'

export interface ArchiveEntry {
  name: string
  /** Permissions. */
  mode: number
  bytes: number
  /** Yields exactly `bytes` bytes, or throws. */
  content(): AsyncIterable<Uint8Array>
}

/** 1980-01-01: GNU tar warns of what is from 1970. */
const MTIME = new Date(315_532_800_000)
const LEVEL = 6
const BLOCK_BYTES = 1 << 16

/** What gzip begins with here: deflate, no name, no time, level neither best nor fastest, Unix. */
export const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)

/** Memory: some blocks, however much is written. */
export async function writeTarGzip(file: DurableFile, entries: readonly ArchiveEntry[]): Promise<void> {
  const pack = tarPack()
  pack.on('error', () => {}) // whoever reads it is told
  const compressed: Uint8Array[] = []
  const gzip = new Gzip({ level: LEVEL, mtime: 0 }, (data) => compressed.push(data))
  const filled = fill(pack, entries).catch((error) => {
    pack.destroy(error as Error)
    throw error
  })
  filled.catch(() => {}) // it is awaited below
  try {
    for await (const block of equalBlocks(pack as AsyncIterable<unknown>, BLOCK_BYTES)) {
      gzip.push(block)
      for (const part of compressed.splice(0)) await file.write(part)
    }
    gzip.push(new Uint8Array(0), true)
    for (const part of compressed) await file.write(part)
  } finally {
    pack.destroy()
  }
  await filled
}

async function fill(pack: Pack, entries: readonly ArchiveEntry[]): Promise<void> {
  for (const entry of entries) await add(pack, entry)
  pack.finalize()
}

async function add(pack: Pack, { name, mode, bytes, content }: ArchiveEntry): Promise<void> {
  let settle: (error?: Error | null) => void = () => {}
  const done = new Promise<void>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve())
  })
  done.catch(() => {}) // it is awaited below
  const header = { name, mode, size: bytes, mtime: MTIME, uid: 0, gid: 0, type: 'file' as const }
  // streamx’s streams are not quite Node’s, but do all that is asked of them here.
  const sink = pack.entry(header, settle) as unknown as Writable
  sink.on('error', () => {}) // `settle` is told
  for await (const block of content()) {
    if (sink.destroyed) break
    if (!sink.write(block)) await Promise.race([new Promise((resolve) => sink.once('drain', resolve)), done])
  }
  sink.end()
  await done
}

async function* equalBlocks(stream: AsyncIterable<unknown>, size: number): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(size)
  let filled = 0
  for await (const part of stream as AsyncIterable<Uint8Array>) {
    for (let at = 0; at < part.byteLength; ) {
      const piece = part.subarray(at, at + size - filled)
      block.set(piece, filled)
      filled += piece.byteLength
      at += piece.byteLength
      if (filled < size) continue
      yield block
      block = new Uint8Array(size)
      filled = 0
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}
