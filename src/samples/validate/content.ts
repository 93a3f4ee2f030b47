/** A row's texts, once their types are right, and the checks of one row that compare them. */

import { isTranslated, supportFor } from '../../questions/answer-support.js'
import { questionKey } from '../../questions/equal-questions.js'
import { answerFinder } from '../../text/find-answer.js'
import type { Key } from '../../text/key-table.js'
import { type CheckedRow, checkRepeats } from './row.js'
import type { FactsOf, TextFacts } from './texts.js'

export interface Content {
  /** Equal for questions that differ in case, blanks and the marks at their ends only. */
  questions: { key: Key }[]
  answers: string[]
  docs: TextFacts[]
  /** Positions in `docs`; none where the row does not say. */
  positives: number[]
  isPositive: ReadonlySet<number>
}

/**
 * Share of an answer's words that its positives must have. Answers in one's own words are many: of pairs written for
 * real data sets the check may refuse hardly any (docs/validate.md).
 */
const LEAST_SUPPORT = 0.2

/** @returns `undefined` of a row in which something is of the wrong type. */
export function contentOf(row: CheckedRow, factsOf: FactsOf): Content | undefined {
  const { docs, questions = [], answers = [], positives = [] } = row
  if (!docs || docs.length === 0) return undefined
  const isPositive = new Set(positives)
  return {
    questions: questions.map((text) => ({ key: questionKey(text) })),
    answers,
    docs: docs.map(factsOf),
    positives,
    isPositive,
  }
}

/** Adds to the row's faults. */
export function checkContent(row: CheckedRow, content: Content): void {
  const { answers, docs, positives } = content
  const repeats = row.faults.some(({ kind }) => kind === 'duplicate-doc' || kind === 'negative-is-positive')
  if (!repeats) {
    checkRepeats(
      docs.map(({ key }) => `${key.high} ${key.low}`),
      row,
    )
  }
  if (positives.length === 0) return
  for (const answer of answers) {
    if (checkNegatives(answer, content, row)) break
  }
  for (const answer of answers) {
    if (checkSupport(answer, docs, positives, row)) break
  }
}

/** By the rule that mining keeps. */
function checkNegatives(answer: string, content: Content, row: CheckedRow): boolean {
  const { docs, positives, isPositive } = content
  const states = isPositive.size < docs.length ? answerFinder(answer) : undefined
  const at = states ? docs.findIndex((doc, i) => !isPositive.has(i) && states(doc.folded)) : -1
  // A copy of a positive has its answer, too: that is said already.
  if (at < 0 || row.faults.some(({ kind }) => kind === 'negative-is-positive')) return false
  const also = positives.some((i) => states!(docs[i]!.folded))
  const reason = `docs[${at}], a negative, contains the answer${also ? '' : ', which no positive does'}`
  row.faults.push({ kind: 'answer-in-negative', reason })
  return true
}

function checkSupport(answer: string, docs: TextFacts[], positives: number[], row: CheckedRow): boolean {
  const texts = positives.map((i) => docs[i]!.folded)
  const share = supportFor(answer, texts)
  if (share >= LEAST_SUPPORT || isTranslated(row.questions?.[0] ?? '', answer, texts)) return false
  const reason = `of the answer’s words ${Math.round(100 * share)}% are in docs[${positives[0]}]${positives.length > 1 ? ' and the other positives' : ''}`
  row.faults.push({ kind: 'unsupported-answer', reason })
  return true
}
