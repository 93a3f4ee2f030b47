/** Lines of a file as they are, and what is in one of JSON Lines. For files that others give us, see records.ts. */
import { isAscii } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { ClaraError, messageOf } from '../errors.js'
import { readError } from './read-error.js'
import { onDisk, STDIN, shownPath } from './spool.js'
import { repairBytes, repairEscapes } from './well-formed.js'

const NEWLINE = 0x0a
const BLOCK_BYTES = 1 << 18
/** A longer line is no record of ours; reading it would only take memory. */
export const MAX_LINE_BYTES = 64 << 20
/** Only of longer lines the depth is looked at: at one byte a level JSON.parse takes some forty of memory. */
const SHALLOW_BYTES = 1 << 20
/** Rows have three levels. */
const MAX_DEPTH = 1000

/** A line as it is in the file. */
export interface RawLine {
  /** Counted from 1. */
  line: number
  /** Without the newline; `undefined` for a line over MAX_LINE_BYTES. */
  bytes: Buffer | undefined
  /** Where it begins in the file, and where its newline ends. */
  start: number
  end: number
}

/** What many Chinese files are in instead is named: who has one knows what to do. */
export const NOT_UTF8 = 'not UTF-8: convert it first, for example iconv -f GB18030 -t UTF-8'

export interface ParsedLine {
  value: unknown
  /** The text that was parsed. */
  text: string
  /** Halves of surrogate pairs that are U+FFFD now. */
  repaired: number
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** @returns `undefined` of a blank line; a reason of one that is no JSON, no UTF-8 or too long. */
export function parseLine({ bytes }: Pick<RawLine, 'bytes'>): ParsedLine | string | undefined {
  if (bytes === undefined) return `line is longer than ${MAX_LINE_BYTES >> 20} MiB`
  if (bytes.byteLength > SHALLOW_BYTES && isDeep(bytes))
    return `not read: nested over ${MAX_DEPTH} levels deep`
  const decoded = textOf(bytes)
  return decoded ? parseText(decoded.text, decoded.repaired) : NOT_UTF8
}

/** @param before what was repaired of it already. */
export function parseText(given: string, before = 0): ParsedLine | string | undefined {
  if (given.trim() === '') return undefined
  const { text, repaired } = repairEscapes(given)
  try {
    return { value: JSON.parse(text), text, repaired: before + repaired }
  } catch (error) {
    if (PYTHON_NUMBER.test(text))
      return 'not JSON: NaN and Infinity are no JSON, though Python writes them: give null or a number'
    return `not JSON: ${messageOf(error)}`
  }
}

const PYTHON_NUMBER = /[[:,]\s*(?:NaN|-?Infinity)\s*[,}\]]/

/** One-byte strings are made and parsed three times as fast as those of the decoder, which are always two-byte. */
function textOf(bytes: Buffer): { text: string; repaired: number } | undefined {
  if (isAscii(bytes)) return { text: bytes.toString('latin1'), repaired: 0 }
  const text = decoded(bytes)
  if (text !== undefined) return { text, repaired: 0 }
  const mended = repairBytes(bytes)
  const again = decoded(mended.bytes)
  return again === undefined ? undefined : { text: again, repaired: mended.repaired }
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

function isDeep(bytes: Buffer): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth++
      if (depth > MAX_DEPTH) return true
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--
  }
  return false
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}')

/** @throws ClaraError `input` when the file cannot be read. */
export async function* readLines(path: string): AsyncGenerator<RawLine> {
  for await (const lines of readLineBatches(path)) yield* lines
}

/**
 * The lines that end in one block of the file, so that not every one of them is waited for. Most are views of that block.
 * @throws ClaraError `input` when the file cannot be read.
 */
export function readLineBatches(path: string): AsyncGenerator<RawLine[]> {
  return linesOf(unpackedOnly(path))
}

/** What is copied line by line is read as it is: packed, it would be lines of noise. */
async function* unpackedOnly(path: string): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const block of readBlocks(path)) {
    if (isFirst && block[0] === 0x1f && block[1] === 0x8b) {
      if (path === STDIN)
        throw new ClaraError('input', 'stdin: is packed with gzip: pipe it in unpacked: gunzip -c FILE |')
      const shown = shownPath(path)
      throw new ClaraError(
        'input',
        `${shown}: is packed with gzip: unpack it first, or pass - and pipe it in: gunzip -c ${shown} |`,
      )
    }
    isFirst = false
    yield block
  }
}

/** @throws ClaraError `input` when the file cannot be read. */
export async function* readBlocks(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(await onDisk(path), { highWaterMark: BLOCK_BYTES }) as AsyncIterable<Buffer>
  } catch (error) {
    throw readError(path, error)
  }
}

export async function* linesOf(blocks: AsyncIterable<Buffer>): AsyncGenerator<RawLine[]> {
  let line = 1
  let next = 0
  let held: Buffer[] = []
  let heldBytes = 0
  const hold = (part: Buffer) => {
    heldBytes += part.byteLength
    if (heldBytes <= MAX_LINE_BYTES) held.push(part)
    else held = []
  }
  const take = (newline: number): RawLine => {
    const bytes = heldBytes > MAX_LINE_BYTES ? undefined : held.length === 1 ? held[0] : Buffer.concat(held)
    const start = next
    next += heldBytes + newline
    held = []
    heldBytes = 0
    return { line: line++, bytes, start, end: next }
  }
  for await (const block of blocks) {
    let start = 0
    const lines: RawLine[] = []
    for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, start)) {
      hold(block.subarray(start, end))
      start = end + 1
      lines.push(take(1))
    }
    if (start < block.byteLength) hold(block.subarray(start))
    if (lines.length > 0) yield lines
  }
  if (heldBytes > 0) yield [take(0)]
}
