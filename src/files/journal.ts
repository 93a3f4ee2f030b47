/**
 * An append-only file of JSON lines. Each append is on disk before it returns; a torn tail, left by
 * a kill, is cut off when the journal is opened again. Records are not held in memory: who wants
 * one later remembers where it is.
 */

import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ClaraError, isErrno } from '../errors.js'
import { disk } from './disk.js'
import { syncDirectory, unwritable } from './durable-file.js'
import { isObject, type JsonObject } from './json-value.js'
import { type RawLine, readLines } from './jsonl.js'
import { toJson } from './well-formed.js'

/** Where a record is in the file, bytes; the newline is not part of it. */
export interface Span {
  start: number
  length: number
}

/** Told of each record while a journal is opened; `place` is for messages. */
export type OnRecord = (record: JsonObject, span: Span, place: string) => void

export class Journal {
  #waiting: { line: string; done: () => void; failed: (error: unknown) => void }[] = []
  #writing: Promise<void> | undefined
  /** After a write that failed nobody knows what is in the file: nothing more is appended. */
  #failure: unknown

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private bytes: number,
  ) {}

  /**
   * @throws ClaraError `input` where a record before the last is damaged, and what `onRecord`
   * throws, with the file as it was; `io` where it cannot be written.
   */
  static async open(path: string, onRecord: OnRecord = () => {}): Promise<Journal> {
    const handle = await disk.open(path, 'a+')
    try {
      const { validBytes, bytes } = await scanJournal(path, onRecord)
      if (validBytes < bytes) await disk.truncate(path, validBytes)
      await handle.sync()
      await syncDirectory(dirname(path))
      return new Journal(path, handle, validBytes)
    } catch (error) {
      await handle.close().catch(() => {})
      throw isErrno(error) ? unwritable(path, error) : error
    }
  }

  /** Lines of callers that come while others are being written go to disk together, with one sync. */
  async append(record: JsonObject): Promise<Span> {
    if (this.#failure) throw this.#failure
    const line = `${toJson(record)}\n`
    const length = Buffer.byteLength(line) - 1
    const span = { start: this.bytes, length }
    this.bytes += length + 1
    const written = new Promise<void>((done, failed) => this.#waiting.push({ line, done, failed }))
    this.#writing ??= this.#write()
    await written
    return span
  }

  async read({ start, length }: Span): Promise<JsonObject> {
    const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(length), 0, length, start)
    const record = bytesRead === length ? parseRecord(buffer) : undefined
    if (!record) throw new ClaraError('input', `${this.path}: byte ${start}: the record has changed`)
    return record
  }

  async close(): Promise<void> {
    await this.#writing
    await this.handle.close().catch((error) => {
      throw unwritable(this.path, error)
    })
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        if (this.#failure) throw this.#failure
        await this.handle.appendFile(group.map(({ line }) => line).join(''))
        await this.handle.datasync()
        for (const { done } of group) done()
      } catch (error) {
        this.#failure ??= unwritable(this.path, error)
        for (const { failed } of group) failed(this.#failure)
      }
    }
    this.#writing = undefined
  }
}

/**
 * Reads a journal and changes nothing.
 * @returns how long the longest prefix of whole records is. What follows it counts as a torn tail
 * only if no whole record comes after: a damaged record among others is not ours to guess at.
 */
export async function scanJournal(
  path: string,
  onRecord: OnRecord,
): Promise<{ validBytes: number; bytes: number }> {
  let validBytes = 0
  let bytes = 0
  let damaged: number | undefined
  for await (const raw of readLines(path)) {
    bytes = raw.end
    const record = wholeRecord(raw)
    if (!record) damaged ??= raw.line
    else if (damaged !== undefined) {
      throw new ClaraError(
        'input',
        `${path}:${damaged}: damaged journal record: move the file away to start anew`,
      )
    } else {
      validBytes = raw.end
      onRecord(record, { start: raw.start, length: raw.end - raw.start - 1 }, `${path}:${raw.line}`)
    }
  }
  return { validBytes, bytes }
}

/** Only with its newline: without it the record was never acknowledged. */
function wholeRecord({ bytes, start, end }: RawLine): JsonObject | undefined {
  return bytes && end - start > bytes.byteLength ? parseRecord(bytes) : undefined
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function parseRecord(line: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(line))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
