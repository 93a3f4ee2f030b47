import type { SameQuestion } from './equal-questions.js'

/** A question with its answer and what answers it, before chunks are looked up. */
export interface Question {
  /** Unique in its file: BEIR query id, or `q<line>`. */
  id: string
  question: string
  /** Empty where the source has none (BEIR). */
  answer: string
  /** Ids of documents or chunks in the index. */
  docIds: string[]
  /** Positive passages given as text. */
  passages: string[]
  /** Where it came from, for messages. */
  path: string
  line: number
  /** Where other lines ask the same: what answers them, and this one. */
  same?: SameQuestion | undefined
}
