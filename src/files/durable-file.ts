/** Files that are whole on disk before anyone sees them. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { disk } from './disk.js'

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
  #pending: Uint8Array[] = []
  #pendingBytes = 0

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    readonly hash: Hash,
    private written: number,
  ) {}

  /** Creates the file. Throws EEXIST where there is one. */
  static async create(path: string): Promise<DurableFile> {
    return new DurableFile(path, await disk.open(path, 'wx'), createHash('sha256'), 0)
  }

  /**
   * Goes on behind the first `bytes` of a file; what follows them is cut off.
   * @param hash that those bytes were fed to.
   */
  static async resume(path: string, bytes: number, hash: Hash): Promise<DurableFile> {
    const handle = await disk.open(path, 'r+')
    try {
      await handle.truncate(bytes)
      return new DurableFile(path, handle, hash, bytes)
    } catch (error) {
      await handle.close().catch(() => {})
      throw unwritable(path, error)
    }
  }

  /** Bytes written so far, those still buffered included. */
  get bytes(): number {
    return this.written + this.#pendingBytes
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    this.hash.update(bytes)
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.byteLength
    if (this.#pendingBytes >= BUFFER_BYTES) await this.#flush()
  }

  /** All that was written is on disk when this returns. */
  async sync(): Promise<FileDigest> {
    await this.#flush()
    await this.handle.sync().catch((error) => this.#fail(error))
    return { bytes: this.written, sha256: this.hash.copy().digest('hex') }
  }

  async close(): Promise<FileDigest> {
    let digest: FileDigest
    try {
      digest = await this.sync()
    } catch (error) {
      await this.abandon()
      throw error
    }
    await this.handle.close().catch((error) => this.#fail(error))
    return digest
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
      const { bytesWritten } = await this.handle
        .write(block, offset, block.byteLength - offset, this.written)
        .catch((error) => this.#fail(error))
      offset += bytesWritten
      this.written += bytesWritten
    }
  }

  #fail(error: unknown): never {
    throw unwritable(this.path, error)
  }
}

/** Says which file: the system's message of a call on an open file does not. */
export function unwritable(path: string, cause: unknown): ClaraError {
  return new ClaraError('io', `${path}: cannot be written: ${messageOf(cause)}`, { cause })
}

/** Replaces `path` at once and durably: temp file, fsync, rename, fsync of the folder. */
export async function replaceFile(path: string, data: string | Uint8Array): Promise<FileDigest> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  await disk.rm(temporary, { force: true })
  const file = await DurableFile.create(temporary)
  try {
    await file.write(data)
    const digest = await file.close()
    await disk.rename(temporary, path)
    await syncDirectory(dirname(path))
    return digest
  } catch (error) {
    await file.abandon()
    await disk.rm(temporary, { force: true })
    throw error
  }
}

/** @throws ClaraError `io` where what is new in the folder may not be on disk. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return // a folder cannot be opened for fsync there
  await syncOpened(path, 'r')
}

async function syncOpened(path: string, mode: 'r' | 'r+'): Promise<void> {
  try {
    const handle = await disk.open(path, mode)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw unwritable(path, error)
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
  try {
    for await (const block of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(block)
      also?.update(block)
      bytes += block.byteLength
    }
  } catch (error) {
    // Of a call on the open file the system's message has no path.
    if (isErrno(error) && error.path === undefined) {
      throw new ClaraError('io', `${path}: cannot be read: ${messageOf(error)}`, { cause: error })
    }
    throw error
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** For a file that a library wrote: on disk, and with its digest, when this returns. */
export async function syncFile(path: string): Promise<FileDigest> {
  await syncOpened(path, 'r+')
  return digestFile(path)
}
