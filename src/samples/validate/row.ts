/** The checks that need one row only: its fields and their types. No I/O, no state. */
import type { JsonObject } from '../../files/json-value.js'
import type { Stage } from '../stages.js'
import type { FindingKind } from './kinds.js'
import { docCount, isIntegers, isStrings, isText, wrongList, wrongText } from './wrong-type.js'

interface Fault {
  kind: FindingKind
  reason: string
}

export interface CheckedRow {
  faults: Fault[]
  /** Set where `docs` is a list of strings. */
  docs?: string[]
  /** `pos_index`, set where all positions are inside `docs`. */
  positives?: number[]
  /** Set where the row has them in the right type. */
  questions?: string[]
  answers?: string[]
}

/** Up to here comparing all pairs is cheaper than hashing texts of a thousand characters. */
const PAIRWISE_MAX = 16

/** @param expectedTopK number of docs that the row should have; undefined: any */
export function checkRow(
  row: JsonObject,
  expectedTopK: number | undefined,
  stage: Exclude<Stage, 'pretrain'> = 'end-to-end',
): CheckedRow {
  const checked: CheckedRow = { faults: [] }
  const { question } = row
  if (isText(question)) checked.questions = [question]
  else checked.faults.push({ kind: 'bad-question', reason: `question ${wrongText(question)}` })
  // The second stage takes one document; the third learns to choose, unless one is said to be right.
  const least = stage === 'instruction' || expectedTopK === 1 ? 1 : 2
  checkDocs(row.docs, least, expectedTopK, checked)
  checkAnswers(row, checked)
  // The second stage does not read pos_index.
  if (stage === 'end-to-end' || row.pos_index !== undefined) checkPositions(row.pos_index, least, checked)
  else if (checked.docs?.length === 1) checked.positives = [0]
  if (checked.docs) checkRepeats(checked.docs, checked)
  return checked
}

export function checkDocs(
  value: unknown,
  least: number,
  expectedTopK: number | undefined,
  checked: CheckedRow,
): void {
  const { faults } = checked
  if (!isStrings(value)) {
    faults.push({ kind: 'bad-docs', reason: `docs ${wrongList(value, 'string')}` })
    return
  }
  checked.docs = value
  const count = value.length
  if (count < least) {
    faults.push({ kind: 'too-few-docs', reason: `${docCount(count)}, ${least} or more were expected` })
  }
  const empty = value.findIndex((doc) => !isText(doc))
  if (empty >= 0) faults.push({ kind: 'empty-doc', reason: `docs[${empty}] is empty or blank` })
  if (expectedTopK !== undefined && count !== expectedTopK) {
    faults.push({ kind: 'wrong-top-k', reason: `${docCount(count)}, ${expectedTopK} expected` })
  }
}

/** The guides show `gold_answer`, apple/ml-clara's loader requires `answer`, its fork takes either: a row needs both. */
function checkAnswers({ gold_answer: gold, answer }: JsonObject, checked: CheckedRow): void {
  const { faults } = checked
  if (gold === undefined && answer === undefined) {
    faults.push({ kind: 'no-answer', reason: 'gold_answer and answer are missing' })
    return
  }
  if (answer === undefined) {
    const reason = 'only gold_answer, no answer: apple/ml-clara rejects such a row; give both'
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
  const given = [answer, gold].find(isText)
  if (given !== undefined) checked.answers = [given]
}

/** @param least docs of a row: where one is enough, it may be the positive. */
function checkPositions(value: unknown, least: number, checked: CheckedRow): void {
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
  if (outside === undefined) checked.positives = value
  else {
    const range = docs.length === 0 ? 'there are no docs' : `0 to ${docs.length - 1} was expected`
    faults.push({ kind: 'position-out-of-range', reason: `pos_index holds ${outside}, ${range}` })
  }
  // Only a list at least as long as docs can name every one of them.
  const covers = value.length >= docs.length && docs.length > (least === 1 ? 1 : 0)
  if (covers && new Set(value.filter(inside)).size === docs.length) {
    faults.push({
      kind: 'no-negative',
      reason: `pos_index names every one of ${docCount(docs.length)}: no negative is left`,
    })
  }
}

/** @param docs in any form in which equal texts are equal */
export function checkRepeats(docs: string[], { faults, positives }: CheckedRow): void {
  const repeated = firstRepeat(docs)
  if (repeated < 0) return
  const original = docs.indexOf(docs[repeated]!)
  const same = `docs[${repeated}] is the same text as docs[${original}]`
  if (positives && positives.includes(repeated) !== positives.includes(original)) {
    const reason = `${same}: one is named in pos_index, the other is not`
    faults.push({ kind: 'negative-is-positive', reason })
  } else faults.push({ kind: 'duplicate-doc', reason: same })
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

function excerpt(positions: number[]): string {
  return positions.length > 10 ? `${positions.slice(0, 10).join(', ')}, …` : positions.join(', ')
}
