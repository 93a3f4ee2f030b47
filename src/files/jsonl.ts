/** JSON Lines in, one at a time, with the line number that a message needs. */
import { isAscii } from 'node:buffer'
import { createReadStream } from 'node:fs'
import type { OnProblem } from '../errors.js'
import { isObject, type JsonObject } from './json-value.js'
import { readError } from './read-error.js'

const NEWLINE = 0x0a
const BLOCK_BYTES = 1 << 18
/** A longer line is no record of ours; reading it would only take memory. */
export const MAX_LINE_BYTES = 64 << 20
/** Only of longer lines the depth is looked at: at one byte a level JSON.parse takes some forty of memory. */
const SHALLOW_BYTES = 1 << 20
/** Rows have three levels. */
const MAX_DEPTH = 1000

interface JsonLine {
  /** Counted from 1. */
  line: number
  value: unknown
}

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

/**
 * The file's values in order. Blank lines are passed over; a line that is no JSON, no UTF-8 or
 * too long goes to `onProblem`.
 * @throws ClaraError `input` when the file cannot be read.
 */
export async function* readJsonl(path: string, onProblem: OnProblem): AsyncGenerator<JsonLine> {
  for await (const raw of readLines(path)) {
    const { line } = raw
    const parsed = parseLine(raw)
    if (typeof parsed === 'string') onProblem({ path, line, reason: parsed })
    else if (parsed) yield { line, ...parsed }
  }
}

/** What many Chinese files are in instead is named: who has one knows what to do. */
export const NOT_UTF8 = 'not UTF-8: convert it first, for example iconv -f GB18030 -t UTF-8'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** @returns `undefined` of a blank line; a reason of one that is no JSON, no UTF-8 or too long. */
export function parseLine({ bytes }: RawLine): { value: unknown } | string | undefined {
  if (bytes === undefined) return `line is longer than ${MAX_LINE_BYTES >> 20} MiB`
  if (bytes.byteLength > SHALLOW_BYTES && isDeep(bytes))
    return `not read: nested over ${MAX_DEPTH} levels deep`
  try {
    const text = textOf(bytes)
    return text.trim() === '' ? undefined : { value: JSON.parse(text) }
  } catch (error) {
    return error instanceof SyntaxError ? `not JSON: ${error.message}` : NOT_UTF8
  }
}

/** One-byte strings are made and parsed three times as fast as those of the decoder, which are always two-byte. */
function textOf(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString('latin1') : decoder.decode(bytes)
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

/** As readJsonl, objects only. */
export async function* readJsonObjects(
  path: string,
  onProblem: OnProblem,
): AsyncGenerator<{ line: number; value: JsonObject }> {
  for await (const { line, value } of readJsonl(path, onProblem)) {
    if (isObject(value)) yield { line, value }
    else onProblem({ path, line, reason: 'not a JSON object' })
  }
}

/** @throws ClaraError `input` when the file cannot be read. */
export async function* readLines(path: string): AsyncGenerator<RawLine> {
  for await (const lines of readLineBatches(path)) yield* lines
}

/**
 * The lines that end in one block of the file, so that not every one of them is waited for. Most are views of that block.
 * @throws ClaraError `input` when the file cannot be read.
 */
export async function* readLineBatches(path: string): AsyncGenerator<RawLine[]> {
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
  try {
    for await (const block of createReadStream(path, {
      highWaterMark: BLOCK_BYTES,
    }) as AsyncIterable<Buffer>) {
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
  } catch (error) {
    throw readError(path, error)
  }
  if (heldBytes > 0) yield [take(0)]
}
