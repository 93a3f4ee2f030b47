/** The checks that need one row only. No I/O, no state. */
import type { JsonObject } from '../../files/jsonl.js'
import type { FindingKind } from './findings.js'

export interface Fault {
  kind: FindingKind
  reason: string
}

export interface CheckedRow {
  faults: Fault[]
  /** Set where `docs` is a list of strings. */
  docs?: string[]
  /** The lowest position in `pos_index`, set where all of them are inside `docs`. */
  firstPositive?: number
}

/** Up to here comparing all pairs is cheaper than hashing texts of a thousand characters. */
const PAIRWISE_MAX = 16

/** @param expectedTopK number of docs that the row should have; undefined: any */
export function checkRow(row: JsonObject, expectedTopK: number | undefined): CheckedRow {
  const checked: CheckedRow = { faults: [] }
  if (!isText(row.question)) {
    checked.faults.push({ kind: 'bad-question', reason: `question ${wrongText(row.question)}` })
  }
  checkDocs(row.docs, expectedTopK, checked)
  checkAnswers(row, checked.faults)
  checkPositions(row.pos_index, checked)
  return checked
}

function checkDocs(value: unknown, expectedTopK: number | undefined, checked: CheckedRow): void {
  const { faults } = checked
  if (!isStrings(value)) {
    faults.push({ kind: 'bad-docs', reason: `docs ${wrongList(value, 'string')}` })
    return
  }
  checked.docs = value
  const count = value.length
  if (count < 2) {
    faults.push({ kind: 'too-few-docs', reason: `${docCount(count)}, 2 or more were expected` })
  }
  const empty = value.findIndex((doc) => !isText(doc))
  if (empty >= 0) faults.push({ kind: 'empty-doc', reason: `docs[${empty}] is empty or blank` })
  const repeated = firstRepeat(value)
  if (repeated >= 0) {
    const original = value.indexOf(value[repeated]!)
    faults.push({ kind: 'duplicate-doc', reason: `docs[${repeated}] is the same text as docs[${original}]` })
  }
  if (expectedTopK !== undefined && count !== expectedTopK) {
    faults.push({ kind: 'wrong-top-k', reason: `${docCount(count)}, ${expectedTopK} expected` })
  }
}

/** The guides show `gold_answer`, apple/ml-clara's loader requires `answer`: a row needs both. */
function checkAnswers({ gold_answer: gold, answer }: JsonObject, faults: Fault[]): void {
  if (gold === undefined && answer === undefined) {
    faults.push({ kind: 'no-answer', reason: 'gold_answer and answer are missing' })
    return
  }
  if (answer === undefined) {
    const reason = 'only gold_answer, no answer: the trainer rejects such a row; give both'
    faults.push({ kind: 'only-gold-answer', reason })
  } else if (!isText(answer)) {
    faults.push({ kind: 'bad-answer', reason: `answer ${wrongText(answer)}` })
  }
  if (gold === undefined) {
    faults.push({ kind: 'only-answer', reason: 'only answer, no gold_answer: give both' })
  } else if (!isText(gold)) {
    faults.push({ kind: 'bad-gold-answer', reason: `gold_answer ${wrongText(gold)}` })
  }
  if (isText(answer) && isText(gold) && answer !== gold) {
    faults.push({
      kind: 'answers-differ',
      reason: 'gold_answer and answer differ: they must be the same text',
    })
  }
}

function checkPositions(value: unknown, checked: CheckedRow): void {
  const { faults, docs } = checked
  if (!isIntegers(value)) {
    faults.push({ kind: 'bad-pos-index', reason: `pos_index ${wrongList(value, 'integer')}` })
    return
  }
  if (value.length === 0) {
    faults.push({ kind: 'empty-pos-index', reason: 'pos_index is empty, 1 position or more was expected' })
    return
  }
  if (value.length > 1 && new Set(value).size < value.length) {
    faults.push({ kind: 'repeated-position', reason: `pos_index names a doc twice: ${excerpt(value)}` })
  }
  if (docs === undefined) return
  const inside = (position: number) => position >= 0 && position < docs.length
  const outside = value.find((position) => !inside(position))
  if (outside === undefined) checked.firstPositive = value.reduce((low, next) => Math.min(low, next))
  else {
    const range = docs.length === 0 ? 'there are no docs' : `0 to ${docs.length - 1} was expected`
    faults.push({ kind: 'position-out-of-range', reason: `pos_index holds ${outside}, ${range}` })
  }
  // Only a list at least as long as docs can name every one of them.
  const covers = value.length >= docs.length && docs.length > 0
  if (covers && new Set(value.filter(inside)).size === docs.length) {
    faults.push({
      kind: 'no-negative',
      reason: `pos_index names every one of ${docCount(docs.length)}: no negative is left`,
    })
  }
}

/** Position of the first text that stands earlier in the list, else -1. */
function firstRepeat(docs: string[]): number {
  if (docs.length > PAIRWISE_MAX) {
    const seen = new Set<string>()
    return docs.findIndex((doc) => seen.size === seen.add(doc).size)
  }
  for (let i = 1; i < docs.length; i++) {
    for (let j = 0; j < i; j++) if (docs[i] === docs[j]) return i
  }
  return -1
}

export function docCount(count: number): string {
  return count === 1 ? '1 doc' : `${count} docs`
}

/** A string with more in it than white space. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

export function isIntegers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isInteger)
}

function wrongText(value: unknown): string {
  const came = typeof value === 'string' ? 'blank' : typeName(value)
  return `is ${came}, a non-blank string was expected`
}

function wrongList(value: unknown, item: 'string' | 'integer'): string {
  const expected = `a list of ${item}s was expected`
  if (!Array.isArray(value)) return `is ${typeName(value)}, ${expected}`
  const right = item === 'string' ? (x: unknown) => typeof x === 'string' : Number.isInteger
  const at = value.findIndex((x) => !right(x))
  const came = typeof value[at] === 'number' ? String(value[at]) : typeName(value[at])
  return `holds ${came} at ${at}, ${expected}`
}

function typeName(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function excerpt(positions: number[]): string {
  return positions.length > 10 ? `${positions.slice(0, 10).join(', ')}, …` : positions.join(', ')
}
