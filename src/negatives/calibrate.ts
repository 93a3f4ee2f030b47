/** What a reranker's logits mean in this run, by the positives that the run knows. */
import { ClaraError } from '../errors.js'

/** A pair of which the positive scores higher than a chunk drawn at random: so often, or the model is refused. */
const LEAST_AUC = 0.75
/** With fewer questions chance decides. */
const LEAST_QUESTIONS = 8

export interface Calibration {
  /** The logit that counts as even odds. */
  centre: number
  /** Share of pairs of a positive and a random chunk of which the positive scores higher. */
  auc: number
  questions: number
  /** Medians of logits. */
  positive: number
  random: number
}

/**
 * @param positives the logit of a known positive of each question.
 * @param random the logit of a chunk drawn at random for each of the same questions.
 * @throws ClaraError `model` for a reranker that cannot tell them apart.
 */
export function calibrate(name: string, positives: Float32Array, random: Float32Array): Calibration {
  const auc = areaUnderCurve(positives, random)
  const calibration = {
    auc,
    questions: positives.length,
    positive: median(positives),
    random: median(random),
  }
  if (auc < LEAST_AUC && positives.length >= LEAST_QUESTIONS) {
    throw new ClaraError(
      'model',
      `the reranker ${name} ranks the known positive above a random chunk for ${(100 * auc).toFixed(0)}% of pairs (chance is 50%, ${100 * LEAST_AUC}% are expected): ` +
        'it does not fit these documents; take another, or pass --reranker none',
    )
  }
  return { ...calibration, centre: centreOf(calibration) }
}

/** 0, where the model tells positives from others by the sign; else half way between the two. */
function centreOf({ positive, random }: { positive: number; random: number }): number {
  return random < 0 && positive > 0 ? 0 : (positive + random) / 2
}

/** From 0 to 1; even odds at the centre. */
export function probability(logit: number, centre: number): number {
  return 1 / (1 + Math.exp(centre - logit))
}

/** Of all pairs, equal scores as half; by ranks (Mann and Whitney 1947). */
export function areaUnderCurve(positives: Float32Array, random: Float32Array): number {
  const sorted = Float32Array.from(random).sort()
  let wins = 0
  for (const score of positives)
    wins += (countBelow(sorted, score, false) + countBelow(sorted, score, true)) / 2
  return positives.length === 0 ? Number.NaN : wins / (positives.length * sorted.length)
}

function countBelow(sorted: Float32Array, score: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < score || (orEqual && sorted[middle]! === score)) low = middle + 1
    else high = middle
  }
  return low
}

/** @param share from 0 to 1; the value that so large a share lies at or below. */
export function quantile(values: Float32Array, share: number): number {
  const sorted = Float32Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
}

export function median(values: Float32Array): number {
  const sorted = Float32Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
