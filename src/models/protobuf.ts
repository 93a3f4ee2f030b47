/** The wire format of protocol buffers, read field by field from bytes, or a file that may not fit in memory. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const WINDOW = 1 << 16

export interface Field {
  number: number
  /** Of a varint; 0 for other types. */
  value: number
  /** Where the content lies; empty for a varint. */
  start: number
  end: number
}

/** @throws RangeError where the bytes are no protocol buffer. */
export class ProtobufFile {
  readonly size: number
  readonly #fd: number | undefined
  #window: Buffer = Buffer.alloc(0)
  #windowStart = 0

  /** @param source a path, or all that there is. */
  constructor(source: string | Buffer) {
    if (typeof source === 'string') {
      this.#fd = openSync(source, 'r')
      this.size = fstatSync(this.#fd).size
    } else {
      this.#window = source
      this.size = source.length
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
  }

  /** The fields of the message that lies between two offsets. */
  *fields(start: number, end: number): Generator<Field> {
    let at = start
    while (at < end) {
      const tag = this.#varint(at, end)
      const number = Math.floor(tag.value / 8)
      const field = this.#content(tag.value % 8, tag.next, end)
      yield { number, ...field }
      at = field.end
    }
  }

  text({ start, end }: Field): string {
    if (end - start > WINDOW) throw new RangeError(`a name of ${end - start} bytes at byte ${start}`)
    return this.#bytes(start, end).toString('utf8')
  }

  /** Of a field of four bytes. */
  float({ start, end }: Field): number {
    if (end - start !== 4) throw new RangeError(`no float of four bytes at byte ${start}`)
    return this.#bytes(start, end).readFloatLE()
  }

  #content(type: number, at: number, end: number): Omit<Field, 'number'> {
    if (type === 0) {
      const { value, next } = this.#varint(at, end)
      return { value, start: next, end: next }
    }
    const { value: length, next: start } =
      type === 2 ? this.#varint(at, end) : { value: fixedLength(type, at), next: at }
    if (start + length > end) {
      throw new RangeError(`byte ${at} speaks of ${length} bytes, only ${end - start} are left`)
    }
    return { value: 0, start, end: start + length }
  }

  #varint(at: number, end: number): { value: number; next: number } {
    let value = 0
    for (let i = 0; i < 10 && at + i < end; i++) {
      const byte = this.#bytes(at + i, at + i + 1)[0]!
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return { value, next: at + i + 1 }
    }
    throw new RangeError(`no number at byte ${at}`)
  }

  #bytes(start: number, end: number): Buffer {
    if (start < this.#windowStart || end > this.#windowStart + this.#window.length) this.#read(start, end)
    return this.#window.subarray(start - this.#windowStart, end - this.#windowStart)
  }

  #read(start: number, end: number): void {
    const window = Buffer.alloc(Math.max(WINDOW, end - start))
    const length = this.#fd === undefined ? 0 : readSync(this.#fd, window, 0, window.length, start)
    if (start + length < end) throw new RangeError(`the file ends at byte ${start + length}`)
    this.#window = window.subarray(0, length)
    this.#windowStart = start
  }
}

function fixedLength(type: number, at: number): number {
  if (type === 1) return 8
  if (type === 5) return 4
  throw new RangeError(`wire type ${type} at byte ${at}`)
}
