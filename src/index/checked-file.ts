/** Files of an index that are hashed block by block, so that a reader checks just what it reads. */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { ClaraError, messageOf } from '../errors.js'
import { damaged, unreadable } from './index-files.js'

export const BLOCK_BYTES = 16 * 1024
const HASH_BYTES = 32

/** A file of the index with what the manifest says of it. */
export interface CheckedFile {
  path: string
  bytes: number
  /** Hex, of the whole file. */
  sha256: string
  /** The sha256 of each block of BLOCK_BYTES, 32 bytes each; the last block may be short. */
  blocks: Uint8Array
  /** Open in this process, for a reader that comes when the path may be another file's or no one's. */
  descriptor?: number
}

/** Positional reads of a file; a block's hash is checked the first time something of it is read. */
export class CheckedReader {
  #file: number
  #checked: Uint8Array

  /** @throws ClaraError `index` where the file is missing or of another size. */
  constructor(private readonly file: CheckedFile) {
    const blocks = Math.ceil(file.bytes / BLOCK_BYTES)
    if (file.blocks.length !== blocks * HASH_BYTES) {
      const found = file.blocks.length / HASH_BYTES
      throw new ClaraError('index', `${file.path}: ${found} block hashes for ${blocks} blocks`)
    }
    this.#checked = new Uint8Array(blocks)
    try {
      this.#file = file.descriptor ?? openSync(file.path, 'r')
    } catch (error) {
      throw unreadable(file, error)
    }
    const { size } = fstatSync(this.#file)
    if (size === file.bytes) return
    this.close()
    throw damaged(file)
  }

  /** Fills `target` with the bytes from `position` on. Throws ClaraError `index` where they are damaged. */
  read(target: Uint8Array, position: number): void {
    const last = Math.floor((position + target.byteLength - 1) / BLOCK_BYTES)
    for (let block = Math.floor(position / BLOCK_BYTES); block <= last; block++) {
      if (this.#checked[block] === 0) this.#check(block)
    }
    this.#fill(target, position)
  }

  close(): void {
    if (this.file.descriptor === undefined) closeSync(this.#file)
  }

  #check(block: number): void {
    const start = block * BLOCK_BYTES
    const bytes = new Uint8Array(Math.min(BLOCK_BYTES, this.file.bytes - start))
    this.#fill(bytes, start)
    const expected = this.file.blocks.subarray(block * HASH_BYTES, (block + 1) * HASH_BYTES)
    if (createHash('sha256').update(bytes).digest().compare(expected) !== 0) throw damaged(this.file)
    this.#checked[block] = 1
  }

  #fill(target: Uint8Array, position: number): void {
    for (let done = 0; done < target.byteLength; ) {
      let count: number
      try {
        count = readSync(this.#file, target, done, target.byteLength - done, position + done)
      } catch (error) {
        throw new ClaraError('index', `${this.file.path}: cannot be read: ${messageOf(error)}`)
      }
      if (count === 0) throw damaged(this.file)
      done += count
    }
  }
}
