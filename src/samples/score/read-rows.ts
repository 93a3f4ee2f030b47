/** A file of samples -> windows of its lines: those that can be scored, and those that cannot. */
import { isObject } from '../../files/json-value.js'
import { parseLine, type RawLine, readLines } from '../../files/jsonl.js'
import { unescapeTrainerTokens } from '../../text/trainer-tokens.js'
import type { FindingKind } from '../validate/kinds.js'
import { checkRow } from '../validate/row.js'

/** A window ends with the first of these: that bounds memory, whatever the rows are like. */
const WINDOW = { lines: 256, docs: 4096, bytes: 16 << 20 }
const MOST_DOCS = 4096

/** Texts as they were before the trainer's tokens in them were escaped: those of an index are, too. */
export interface SampleRow {
  line: number
  /** `question_id`, `id` or `_id`, where the row has one. */
  id: string | number | null
  question: string
  /** Empty where the row has none. */
  answer: string
  docs: string[]
  /** Positions in `docs`, ascending. */
  positives: number[]
}

/** Neither a row nor a reason: a blank line. */
export interface SampleLine {
  raw: RawLine
  row: SampleRow | undefined
  /** Why it is no row that can be scored. */
  reason: string | undefined
  /** Halves of surrogate pairs that are U+FFFD in the row. */
  repaired?: number
}

/** Faults that leave nothing to score; what a trainer asks for beyond that is clara-validate's matter. */
const FATAL: ReadonlySet<FindingKind> = new Set([
  'bad-question',
  'bad-docs',
  'too-few-docs',
  'empty-doc',
  'bad-pos-index',
  'empty-pos-index',
  'position-out-of-range',
  'no-negative',
])

/** @throws ClaraError `input` when the file cannot be read. */
export async function* readWindows(path: string): AsyncGenerator<SampleLine[]> {
  let window: SampleLine[] = []
  let [docs, bytes] = [0, 0]
  for await (const raw of readLines(path)) {
    const line = readLine(raw)
    window.push(line)
    docs += line.row?.docs.length ?? 0
    bytes += raw.bytes?.byteLength ?? 0
    if (window.length < WINDOW.lines && docs < WINDOW.docs && bytes < WINDOW.bytes) continue
    yield window
    window = []
    docs = 0
    bytes = 0
  }
  if (window.length > 0) yield window
}

export function readLine(raw: RawLine): SampleLine {
  const parsed = parseLine(raw)
  if (parsed === undefined) return { raw, row: undefined, reason: undefined }
  const row = typeof parsed === 'string' ? parsed : rowOf(parsed.value, raw.line)
  if (typeof row === 'string') return { raw, row: undefined, reason: row }
  return { raw, row, reason: undefined, repaired: typeof parsed === 'string' ? 0 : parsed.repaired }
}

function rowOf(value: unknown, line: number): SampleRow | string {
  if (!isObject(value)) return 'not a JSON object'
  const { faults, docs = [] } = checkRow(value, undefined)
  const fatal = faults.filter(({ kind }) => FATAL.has(kind))
  if (fatal.length > 0) return fatal.map(({ reason }) => reason).join('; ')
  if (docs.length > MOST_DOCS) return `${docs.length} docs, ${MOST_DOCS} at most can be scored`
  const positives = [...new Set(value.pos_index as number[])].sort((a, b) => a - b)
  return {
    line,
    id: [value.question_id, value.id, value._id].find(isId) ?? null,
    question: unescapeTrainerTokens(value.question as string),
    answer: unescapeTrainerTokens(
      [value.answer, value.gold_answer].find((answer) => typeof answer === 'string') ?? '',
    ),
    docs: docs.map(unescapeTrainerTokens),
    positives,
  }
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}
