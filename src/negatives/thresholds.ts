/**
 * Positive-aware thresholds (NV-Retriever, arXiv 2407.15831): what scores near the positive may be an
 * answer, too. All on one scale: the reranker's where there is one, else
 * that of standard scores, whatever the embedder.
 */
export interface Thresholds {
  /** A negative's score at most this share of the positive's; below 0, so far under it. */
  maxPercentOfPositive: number
  /** A negative's score so far below the positive's. */
  margin: number
  /** Absolute. */
  maxScore: number | undefined
  minScore: number | undefined
}

export const DEFAULT_THRESHOLDS: Thresholds = {
  maxPercentOfPositive: 0.95,
  margin: 0,
  maxScore: undefined,
  minScore: undefined,
}

export type TooHigh = 'score near the positive' | 'score within the margin' | 'score over --max-score'
export type TooLow = 'score under --min-score'

export interface Limits {
  /** The least of the positives' scores. */
  positive: number
  /** Scores above are refused. */
  most: number
  /** Which setting made it. */
  because: TooHigh
  least: number
}

/**
 * @param positive the least score of the question's positives.
 * @param unrelated what chunks that have nothing to do with a question seldom reach: a positive that scores no higher says nothing
 * about what an answer scores.
 */
export function limitsFor(
  positive: number,
  thresholds: Thresholds,
  unrelated = Number.NEGATIVE_INFINITY,
): Limits {
  const { maxPercentOfPositive, margin, maxScore, minScore } = thresholds
  const tops: [number, TooHigh][] = [
    // Of a negative score, 95% would be above it.
    [
      Math.max(unrelated, positive - (1 - maxPercentOfPositive) * Math.abs(positive)),
      'score near the positive',
    ],
    [Math.max(unrelated, positive - margin), 'score within the margin'],
    [maxScore ?? Number.POSITIVE_INFINITY, 'score over --max-score'],
  ]
  const [most, because] = tops.reduce((lowest, top) => (top[0] < lowest[0] ? top : lowest))
  return { positive, most, because, least: minScore ?? Number.NEGATIVE_INFINITY }
}

/** @returns why a candidate of this score is no negative. */
export function refuse(score: number, { most, because, least }: Limits): TooHigh | TooLow | undefined {
  if (score > most) return because
  return score < least ? 'score under --min-score' : undefined
}
