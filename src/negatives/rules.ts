/** What is never a negative of a question, whatever its score. Of texts and positions alone. */

import type { Question } from '../questions/question.js'
import { answerFinder } from '../text/find-answer.js'
import { foldText } from '../text/fold.js'
import type { CorpusChunk } from './corpus.js'
import { overlapOf, type Wording, wordingOf } from './overlap.js'
import type { Positive, Positives } from './positives.js'

export interface TruthOptions {
  /** Chunks that state the answer are left out, unless it is too short to mean anything. */
  excludeAnswers: boolean
  /** Chunks before and after a positive in its document are left out. */
  excludeAdjacent: boolean
  /** Share of the shorter text's words that a near-duplicate has in common; 1: equal texts only. */
  nearDuplicate: number
  /** Cosine of two chunks above which they are near-duplicates, 0 being that of chunks drawn at random; 1: never. */
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
  | 'positive of an equal question'

/** Verbatim repetition of so much of a shorter text is an overlap. Unrelated passages, and paraphrases, share next to no run. */
const REPEATED_RUNS = 0.2

/** Cosine of a chunk and the n-th positive, or the one nearest to it. */
export type CosineTo = (positive: number) => number

/** @param cosineTo `undefined` where there are no vectors. */
export type TruthRule = (chunk: CorpusChunk, cosineTo: CosineTo | undefined) => Untrue | undefined

/** Positives whose wording is compared with a candidate's. */
const MOST_COMPARED = 512

/** @param known verdicts of pairs of the same corpus, by the same options. */
export function truthRule(
  { answer, answers = [answer] }: Pick<Question, 'answer'> & { answers?: string[] },
  { positives, related }: Positives,
  options: TruthOptions,
  known?: KnownVerdicts,
): TruthRule {
  const keys = new Set(positives.map(({ key }) => key))
  const positions = new Set(positives.flatMap(({ chunk }) => chunk?.position ?? []))
  const neighbours = options.excludeAdjacent
    ? neighboursOf(positives.flatMap(({ chunk }) => chunk ?? []))
    : undefined
  const states = options.excludeAnswers ? answers.flatMap((each) => answerFinder(each) ?? []) : []
  const nearly = positives
    .slice(0, MOST_COMPARED)
    .map((positive, i) => nearDuplicateOf(positive, i, options, known))
  return (chunk, cosineTo) => {
    if (positions.has(chunk.position)) return 'is a positive'
    if (keys.has(chunk.key)) return 'same text as a positive'
    if (related.has(chunk.position)) return 'same document as a positive'
    if (neighbours?.has(`${chunk.documentId} ${chunk.position}`)) return 'next to a positive'
    for (const isNear of nearly) if (isNear(chunk, cosineTo)) return 'near-duplicate of a positive'
    return states.some((isStated) => isStated(chunk.folded)) ? 'contains the answer' : undefined
  }
}

/** By position of the positive, then of the other chunk: many questions have the same positive, and the same candidates. */
export type KnownVerdicts = Map<number, Map<number, boolean>>

/** Positives whose verdicts are kept: a few hundred pairs each at most. */
const KNOWN_POSITIVES = 4096

function nearDuplicateOf(positive: Positive, i: number, options: TruthOptions, known?: KnownVerdicts) {
  const { nearCosine, nearDuplicate } = options
  let own: Wording | undefined
  const decide = (chunk: CorpusChunk, cosineTo: CosineTo | undefined) => {
    if (cosineTo && nearCosine < 1 && cosineTo(i) >= nearCosine) return true
    if (nearDuplicate >= 1) return false
    own ??= positive.chunk ? wordingOfChunk(positive.chunk) : wordingOf(foldText(positive.text))
    const { words, runs } = overlapOf(wordingOfChunk(chunk), own)
    return words >= nearDuplicate || runs >= REPEATED_RUNS
  }
  const verdicts = positive.chunk && known && verdictsOf(positive.chunk.position, known)
  if (!verdicts) return decide
  return (chunk: CorpusChunk, cosineTo: CosineTo | undefined) => {
    let verdict = verdicts.get(chunk.position)
    if (verdict === undefined) {
      verdict = decide(chunk, cosineTo)
      verdicts.set(chunk.position, verdict)
    }
    return verdict
  }
}

function verdictsOf(position: number, known: KnownVerdicts): Map<number, boolean> {
  let verdicts = known.get(position)
  if (!verdicts) {
    if (known.size >= KNOWN_POSITIVES) known.delete(known.keys().next().value!)
    verdicts = new Map()
    known.set(position, verdicts)
  }
  return verdicts
}

/** As long as the corpus keeps a chunk, its wording is kept: it is a candidate of many questions. */
const wordings = new WeakMap<CorpusChunk, Wording>()

function wordingOfChunk(chunk: CorpusChunk): Wording {
  let wording = wordings.get(chunk)
  if (!wording) {
    wording = wordingOf(chunk.folded)
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
