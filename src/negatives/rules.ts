/** What is never a negative of a question, whatever its score. Of texts and positions alone. */
import { normalise } from '../chunks/same-text.js'
import type { Question } from '../questions/question.js'
import { answerFinder } from './answer.js'
import type { CorpusChunk } from './corpus.js'
import { overlapOf, type Wording, wordingOf } from './overlap.js'
import type { Positives } from './positives.js'

export interface TruthOptions {
  /** Chunks that state the answer are left out, unless it is too short to mean anything. */
  excludeAnswers: boolean
  /** Chunks before and after a positive in its document are left out. */
  excludeAdjacent: boolean
  /** Share of the shorter text's words that a near-duplicate has in common; 1: equal texts only. */
  nearDuplicate: number
  /** Cosine of two chunks above which they are near-duplicates; 1: never. */
  nearCosine: number
}

export const DEFAULT_TRUTH: TruthOptions = {
  excludeAnswers: true,
  excludeAdjacent: true,
  nearDuplicate: 0.75,
  nearCosine: 0.95,
}

export type Untrue =
  | 'is a positive'
  | 'same text as a positive'
  | 'same document as a positive'
  | 'next to a positive'
  | 'near-duplicate of a positive'
  | 'contains the answer'

/** Verbatim repetition of so much of a shorter text is an overlap. Unrelated passages, and paraphrases, share next to no run. */
const REPEATED_RUNS = 0.2

/**
 * @param cosine of the chunk and the positive nearest to it; `undefined` where there are no vectors.
 */
export type TruthRule = (chunk: CorpusChunk, cosine: number | undefined) => Untrue | undefined

export function truthRule(
  { answer }: Pick<Question, 'answer'>,
  { positives, related }: Positives,
  options: TruthOptions,
): TruthRule {
  const keys = new Set(positives.map(({ key }) => key))
  const positions = new Set(positives.flatMap(({ chunk }) => chunk?.position ?? []))
  const neighbours = options.excludeAdjacent
    ? neighboursOf(positives.flatMap(({ chunk }) => chunk ?? []))
    : undefined
  const states = options.excludeAnswers ? answerFinder(answer) : undefined
  const compares = options.nearDuplicate < 1
  let own: Wording[] | undefined
  const repeats = (chunk: CorpusChunk) => {
    own ??= positives.map(({ chunk, text }) => (chunk ? wordingOfChunk(chunk) : wordingOf(normalise(text))))
    return own.some((wording) => {
      const { words, runs } = overlapOf(wordingOfChunk(chunk), wording)
      return words >= options.nearDuplicate || runs >= REPEATED_RUNS
    })
  }
  return (chunk, cosine) => {
    if (positions.has(chunk.position)) return 'is a positive'
    if (keys.has(chunk.key)) return 'same text as a positive'
    if (related.has(chunk.position)) return 'same document as a positive'
    if (neighbours?.has(`${chunk.documentId} ${chunk.position}`)) return 'next to a positive'
    if (cosine !== undefined && options.nearCosine < 1 && cosine >= options.nearCosine)
      return 'near-duplicate of a positive'
    if (compares && repeats(chunk)) return 'near-duplicate of a positive'
    return states?.(chunk.normalised) ? 'contains the answer' : undefined
  }
}

/** As long as the corpus keeps a chunk, its wording is kept: it is a candidate of many questions. */
const wordings = new WeakMap<CorpusChunk, Wording>()

function wordingOfChunk(chunk: CorpusChunk): Wording {
  let wording = wordings.get(chunk)
  if (!wording) {
    wording = wordingOf(chunk.normalised)
    wordings.set(chunk, wording)
  }
  return wording
}

function neighboursOf(chunks: CorpusChunk[]): Set<string> {
  return new Set(
    chunks.flatMap(({ documentId, position }) => [
      `${documentId} ${position - 1}`,
      `${documentId} ${position + 1}`,
    ]),
  )
}
