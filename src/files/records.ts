/**
 * Records of files that others give us: JSON Lines, or JSON values one after another or in a list; packed with gzip or
 * not; UTF-8, UTF-16, or lines of another charset that their bytes clearly tell; each with the line that a message needs.
 */
import { ClaraError, type OnProblem } from '../errors.js'
import { detectText } from './decode-text.js'
import { exactIntegers } from './json-text.js'
import { isObject, type JsonObject } from './json-value.js'
import { type RawValue, readValues } from './json-values.js'
import { linesOf, NOT_UTF8, type ParsedLine, parseLine, parseText } from './jsonl.js'
import { openSource, peek } from './open-source.js'
import { shownPath } from './spool.js'
import { halvesReason } from './well-formed.js'

interface JsonRecord {
  /** Counted from 1: where the record begins. */
  line: number
  value: unknown
}

/** What a charset is told from. */
const SNIFFED_BYTES = 1 << 16

/**
 * The file's values in order. Blank lines are passed over; what is no JSON or no text goes to `onProblem`, and as a note
 * what was repaired.
 * @param path `-` for standard input.
 * @param isWanted told of the bytes of each: others are not parsed.
 * @throws ClaraError `input` when the file cannot be read.
 */
export async function* readJsonl(
  path: string,
  onProblem: OnProblem,
  isWanted: (bytes: Buffer) => boolean = () => true,
): AsyncGenerator<JsonRecord> {
  for await (const { line, value } of readParsed(path, onProblem, isWanted)) yield { line, value }
}

/** As readJsonl, objects only. An integer that a number cannot hold is a string of its digits. */
export async function* readJsonObjects(
  path: string,
  onProblem: OnProblem,
): AsyncGenerator<{ line: number; value: JsonObject }> {
  for await (const { line, value, text } of readParsed(path, onProblem)) {
    if (isObject(value)) yield { line, value: holdsLargeInteger(value) ? exact(text) : value }
    else onProblem({ path: shownPath(path), line, reason: 'not a JSON object' })
  }
}

async function* readParsed(
  path: string,
  onProblem: OnProblem,
  isWanted: (bytes: Buffer) => boolean = () => true,
): AsyncGenerator<ParsedLine & { line: number }> {
  const shown = shownPath(path)
  const other = new OtherCharset()
  for await (const batch of readRaw(path, onProblem)) {
    for (const [i, raw] of batch.entries()) {
      const { line, bytes } = raw
      if (bytes && !isWanted(bytes)) continue
      let parsed = parseLine(raw)
      if (parsed === NOT_UTF8) parsed = other.parse(line, bytes!, batch.slice(i))
      if (typeof parsed === 'string') onProblem({ path: shown, line, reason: parsed })
      else if (parsed) {
        if (parsed.repaired > 0)
          onProblem({ path: shown, line, reason: halvesReason(parsed.repaired), note: true })
        yield { line, ...parsed }
      }
    }
  }
  if (other.first) onProblem({ path: shown, line: other.first, reason: other.reason(), note: true })
}

/** By what the file holds: a list of objects is one, whatever the file's name says. */
async function* readRaw(path: string, onProblem: OnProblem): AsyncGenerator<RawValue[]> {
  const { head, all } = await peek(openSource(path, onProblem), 1 << 10)
  const start = head.toString('latin1')
  const isJson = /\.json(?:\.gz)?$/i.test(path)
  if (!isJson && !/^\s*\[\s*(?:\{|$)/.test(start)) return yield* linesOf(all)
  yield* readValues(all, (line) =>
    onProblem({ path: shownPath(path), line, reason: 'the list is not closed: the file is cut off' }),
  )
}

/** Of lines that are not UTF-8. Their charset is told once, from the first of them and those after it. */
class OtherCharset {
  first: number | undefined
  #lines = 0
  #charset: string | undefined
  #told = false

  parse(line: number, bytes: Buffer, following: RawValue[]): ReturnType<typeof parseLine> {
    if (!this.#told) this.#charset = charsetOf(following)
    this.#told = true
    if (this.#charset === undefined) return NOT_UTF8
    try {
      const text = new TextDecoder(this.#charset, { fatal: true }).decode(bytes)
      this.first ??= line
      this.#lines++
      return parseText(text)
    } catch {
      return NOT_UTF8
    }
  }

  reason(): string {
    const lines = this.#lines === 1 ? 'this line is' : `this line and ${this.#lines - 1} others are`
    return `${lines} not UTF-8: read as ${this.#charset}`
  }
}

function charsetOf(lines: RawValue[]): string | undefined {
  const sample: Buffer[] = []
  let size = 0
  for (const { bytes } of lines) {
    if (!bytes) continue
    sample.push(bytes, NEWLINE)
    size += bytes.byteLength
    if (size > SNIFFED_BYTES) break
  }
  try {
    const { charset } = detectText(Buffer.concat(sample))
    return charset === 'utf-8' ? undefined : charset
  } catch (error) {
    if (error instanceof ClaraError) return undefined
    throw error
  }
}

const NEWLINE = Buffer.from('\n')

/** Ids are what such integers are: at the top, or in a list there. */
function holdsLargeInteger(record: JsonObject): boolean {
  return Object.values(record).some((value) => (Array.isArray(value) ? value.some(isLarge) : isLarge(value)))
}

function isLarge(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
}

function exact(text: string): JsonObject {
  return JSON.parse(exactIntegers(text))
}
