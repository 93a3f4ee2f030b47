/**
 * Hashes of blocks, so that a reader checks just what it reads. `blocks.sha256` holds the raw
 * sha256 of each BLOCK_BYTES of graph, then of vectors, then of chunks; the last block of each may be short.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { ClaraError } from '../errors.js'
import type { FileDigest } from '../files/durable-file.js'
import { BLOCK_BYTES, type CheckedFile } from './checked-file.js'
import { readIndexFile, unreadable } from './index-files.js'
import type { Manifest, Role } from './manifest.js'

const HASH_BYTES = 32
const BLOCKED = ['graph', 'vectors', 'chunks'] as const satisfies Role[]

type BlockedRole = (typeof BLOCKED)[number]
export type CheckedFiles = Record<BlockedRole, CheckedFile>

/** The hashes of a file's blocks and of the whole, in one pass over its bytes. */
export class BlockHashes {
  #whole = createHash('sha256')
  #block = createHash('sha256')
  #blockBytes = 0
  #bytes = 0
  #blocks: Buffer[] = []

  update(data: Uint8Array): void {
    this.#whole.update(data)
    this.#bytes += data.byteLength
    for (let at = 0; at < data.byteLength; ) {
      const part = data.subarray(at, at + BLOCK_BYTES - this.#blockBytes)
      this.#block.update(part)
      this.#blockBytes += part.byteLength
      at += part.byteLength
      if (this.#blockBytes === BLOCK_BYTES) this.#endBlock()
    }
  }

  end(): FileDigest & { blocks: Buffer } {
    if (this.#blockBytes > 0) this.#endBlock()
    return { bytes: this.#bytes, sha256: this.#whole.digest('hex'), blocks: Buffer.concat(this.#blocks) }
  }

  #endBlock(): void {
    this.#blocks.push(this.#block.digest())
    this.#block = createHash('sha256')
    this.#blockBytes = 0
  }
}

/** @throws ClaraError `index` where it cannot be read. */
export async function hashBlocks(path: string): Promise<CheckedFile> {
  const hashes = new BlockHashes()
  try {
    const pieces: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1 << 20 })
    for await (const piece of pieces) hashes.update(piece)
  } catch (error) {
    throw unreadable({ path }, error)
  }
  return { path, ...hashes.end() }
}

/** What the file of block hashes holds. */
export function joinBlocks(files: CheckedFiles): Buffer {
  return Buffer.concat(BLOCKED.map((role) => files[role].blocks))
}

/**
 * The files that are read in blocks, with their hashes.
 * @throws ClaraError `index` where the file of hashes is not what the manifest says, or of other files.
 */
export async function readBlocks(directory: string, { files }: Manifest): Promise<CheckedFiles> {
  const path = join(directory, files.blocks.name)
  const hashes = await readIndexFile({ ...files.blocks, path })
  const lengths = BLOCKED.map((role) => Math.ceil(files[role].bytes / BLOCK_BYTES) * HASH_BYTES)
  if (lengths.reduce((a, b) => a + b) !== hashes.byteLength) {
    throw new ClaraError('index', `${path}: its hashes are not those of ${BLOCKED.join(', ')}`)
  }
  let start = 0
  const checked = {} as CheckedFiles
  for (const [i, role] of BLOCKED.entries()) {
    const { name, bytes, sha256 } = files[role]
    const blocks = hashes.subarray(start, start + lengths[i]!)
    checked[role] = { path: join(directory, name), bytes, sha256, blocks }
    start += blocks.byteLength
  }
  return checked
}
