/** Files that are whole on disk before anyone sees them. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ClaraError, messageOf } from '../errors.js'

const BUFFER_BYTES = 1 << 20

export interface FileDigest {
  /** Size in bytes. */
  bytes: number
  /** Hex. */
  sha256: string
}

/**
 * Buffers, hashes and counts what is written; `close` returns only after fsync. Both throw
 * ClaraError `io` where the disk does not take it.
 */
export class DurableFile {
  #hash = createHash('sha256')
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #bytes = 0

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /** Creates the file. Throws EEXIST where there is one. */
  static async create(path: string): Promise<DurableFile> {
    return new DurableFile(path, await open(path, 'wx'))
  }

  /** Bytes written so far, those still buffered included. */
  get bytes(): number {
    return this.#bytes
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    this.#hash.update(bytes)
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.byteLength
    this.#bytes += bytes.byteLength
    if (this.#pendingBytes >= BUFFER_BYTES) await this.#flush()
  }

  async close(): Promise<FileDigest> {
    try {
      await this.#flush()
      await this.handle.sync().catch((error) => this.#fail(error))
    } finally {
      await this.handle.close()
    }
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }

  /** Closes without a promise that anything is on disk. For error paths. */
  async abandon(): Promise<void> {
    await this.handle.close().catch(() => {})
  }

  async #flush(): Promise<void> {
    const block = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    for (let offset = 0; offset < block.byteLength; ) {
      const { bytesWritten } = await this.handle.write(block, offset).catch((error) => this.#fail(error))
      offset += bytesWritten
    }
  }

  #fail(error: unknown): never {
    throw new ClaraError('io', `${this.path}: cannot be written: ${messageOf(error)}`, { cause: error })
  }
}

/** Replaces `path` at once and durably: temp file, fsync, rename, fsync of the folder. */
export async function replaceFile(path: string, data: string | Uint8Array): Promise<FileDigest> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  await rm(temporary, { force: true })
  const file = await DurableFile.create(temporary)
  try {
    await file.write(data)
    const digest = await file.close()
    await rename(temporary, path)
    await syncDirectory(dirname(path))
    return digest
  } catch (error) {
    await file.abandon()
    await rm(temporary, { force: true })
    throw error
  }
}

export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return // a folder cannot be opened for fsync there
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** Reads a file of known size and hash; `undefined` where either differs. */
export async function readVerified(path: string, expected: FileDigest): Promise<Buffer | undefined> {
  const data = await readFile(path)
  return data.byteLength === expected.bytes && sha256(data) === expected.sha256 ? data : undefined
}

/**
 * Hashes a file without holding it in memory.
 * @param also a hash that is fed in the same pass.
 */
export async function digestFile(path: string, also?: Hash): Promise<FileDigest> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const block of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(block)
    also?.update(block)
    bytes += block.byteLength
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** For a file that a library wrote: on disk, and with its digest, when this returns. */
export async function syncFile(path: string): Promise<FileDigest> {
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  return digestFile(path)
}
