/** What answers a question: chunks of the corpus, or passages given as text. */
import type { Question } from '../questions/question.js'
import { statesAnswer } from '../text/find-answer.js'
import { foldText } from '../text/fold.js'
import { textKey } from '../text/same-text.js'
import { supportOf, wordsOfFolded } from '../text/support.js'
import type { Corpus, CorpusChunk } from './corpus.js'

export interface Positive {
  /** `undefined` for a passage given as text that the corpus does not hold. */
  chunk: CorpusChunk | undefined
  text: string
  key: string
}

export interface Positives {
  positives: Positive[]
  /** Positions that are no negatives although they are not among `positives`. */
  related: Set<number>
}

/** Chunks of a document whose words are compared with the answer's: one may have thousands. */
const MOST_COMPARED = 20

/** From 1. */
export type RankOf = (position: number) => number | undefined

/**
 * A document of several chunks gives the one that states the answer, the best ranked of those; where none does, the one that
 * has most of its words, so that no bare title stands for the passage below it. Its other chunks are neither positives
 * nor negatives.
 *
 * @param rankOf a position, for this question, where it was retrieved.
 * @returns a reason where an id is not in the corpus.
 */
export async function findPositives(
  question: Question,
  corpus: Corpus,
  rankOf: RankOf,
): Promise<Positives | string> {
  const positives = question.passages.map(
    (text): Positive => ({ chunk: undefined, text: text.trim(), key: textKey(text) }),
  )
  const related = new Set<number>()
  for (const id of question.docIds) {
    const positions = corpus.resolve(id)
    if (typeof positions === 'string') return positions
    const chunk = await bestChunk(question, corpus, positions, rankOf)
    positives.push({ chunk, text: chunk.text, key: chunk.key })
    for (const position of positions) related.add(position)
  }
  return { positives: distinct(positives), related }
}

async function bestChunk(
  question: Question,
  corpus: Corpus,
  positions: number[],
  rankOf: RankOf,
): Promise<CorpusChunk> {
  if (positions.length === 1) return corpus.read(positions[0]!)
  const rank = (position: number) => rankOf(position) ?? Number.POSITIVE_INFINITY
  const ranked = [...positions].sort((a, b) => (rank(a) === rank(b) ? a - b : rank(a) - rank(b)))
  if (foldText(question.answer) === '') return corpus.read(ranked[0]!)
  const states = statesAnswer(question.answer)
  for (const position of ranked) {
    const chunk = await corpus.read(position)
    if (states(chunk.folded)) return chunk
  }
  return wordiest(
    question.answer,
    await Promise.all(ranked.slice(0, MOST_COMPARED).map((position) => corpus.read(position))),
  )
}

/** Of chunks, the best ranked first, the one with most of the answer's words. */
function wordiest(answer: string, chunks: CorpusChunk[]): CorpusChunk {
  const found = chunks.map(({ folded }) => supportOf(answer, [wordsOfFolded(folded)]).found)
  return chunks[found.indexOf(Math.max(...found))]!
}

function distinct(positives: Positive[]): Positive[] {
  const seen = new Set<string>()
  return positives.filter(({ key }) => !seen.has(key) && seen.add(key))
}
