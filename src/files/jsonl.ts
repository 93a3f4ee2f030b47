/** JSON Lines in, one at a time, with the line number that a message needs. */
import { createReadStream } from 'node:fs'
import { ClaraError, isErrno, type OnProblem } from '../errors.js'

const NEWLINE = 0x0a
/** A longer line is no record of ours; reading it would only take memory. */
export const MAX_LINE_BYTES = 64 << 20

export interface JsonLine {
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

export type JsonObject = Record<string, unknown>

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

const decoder = new TextDecoder('utf-8', { fatal: true })

/** @returns `undefined` of a blank line; a reason of one that is no JSON, no UTF-8 or too long. */
export function parseLine({ bytes }: RawLine): { value: unknown } | string | undefined {
  if (bytes === undefined) return `line is longer than ${MAX_LINE_BYTES >> 20} MiB`
  try {
    const text = decoder.decode(bytes)
    return text.trim() === '' ? undefined : { value: JSON.parse(text) }
  } catch (error) {
    return error instanceof SyntaxError ? `not JSON: ${error.message}` : 'not UTF-8'
  }
}

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

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws ClaraError `input` when the file cannot be read. */
export async function* readLines(path: string): AsyncGenerator<RawLine> {
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
    const bytes = heldBytes <= MAX_LINE_BYTES ? Buffer.concat(held) : undefined
    const start = next
    next += heldBytes + newline
    held = []
    heldBytes = 0
    return { line: line++, bytes, start, end: next }
  }
  try {
    for await (const block of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
      let start = 0
      for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, start)) {
        hold(block.subarray(start, end))
        start = end + 1
        yield take(1)
      }
      if (start < block.byteLength) hold(block.subarray(start))
    }
  } catch (error) {
    throw readError(path, error)
  }
  if (heldBytes > 0) yield take(0)
}

/** Says what is wrong with a path that cannot be read. */
export function readError(path: string, error: unknown): unknown {
  if (!isErrno(error)) return error
  if (error.code === 'ENOENT') return new ClaraError('input', `${path}: no such file`, { cause: error })
  if (error.code === 'EISDIR') {
    return new ClaraError('input', `${path}: is a directory, a file was expected`, { cause: error })
  }
  return new ClaraError('input', `${path}: cannot be read: ${error.message}`, { cause: error })
}
