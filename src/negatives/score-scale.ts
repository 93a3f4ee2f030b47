/** What an embedder's score of a question and a chunk means in this run: 0 a chunk that was drawn, 1 the run's typical positive. */
import { dot } from '../index/rank.js'
import type { Background, Group } from './background.js'
import { areaUnderCurve, median, quantile } from './calibrate.js'
import { randomFor } from './random.js'

/** Questions that it is measured on. */
const SCALE_QUESTIONS = 128
/** Chunks of the background that each is compared with. */
const RANDOM_PER_QUESTION = 32

/** Of chunks that have nothing to do with the question, one in twenty scores higher. */
const UNRELATED = 0.95
/** Half way between the average chunk and the typical positive. */
export const MOST_UNRELATED = 0.5

export interface ScoreScale {
  /** A standard score is the embedder's, less that of the question and an average chunk, divided by this. */
  unit: number
  /** The standard score that one in twenty random chunks reaches, half way to a positive at most: what scores no higher is no sign of an answer. */
  unrelated: number
  /** Share of pairs of a positive and a random chunk of which the positive scores higher; `null` of no pairs. */
  auc: number | null
  questions: number
  /** Medians of the embedder's own scores. */
  positive: number
  random: number
}

/** A question, its positives' scores, and what of the background is known to answer it. */
export interface Measured {
  key: string
  query: Float32Array
  /** Of the embedder, and of which group each is. */
  positives: { score: number; group: Group }[]
  answers: (position: number) => boolean
}

/** @param all questions, of which some are taken, evenly spaced. */
export function measureScale(all: Measured[], background: Background, seed: number): ScoreScale {
  const step = Math.ceil(all.length / SCALE_QUESTIONS)
  const taken = all.filter(({ positives }, i) => i % step === 0 && positives.length > 0)
  const [raw, random, least, away]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (const { key, query, positives, answers } of taken) {
    raw.push(Math.min(...positives.map(({ score }) => score)))
    least.push(Math.min(...positives.map(({ score, group }) => score - background.zero(query, group))))
    const start = randomFor(seed, 'scale', key)(background.sample.length)
    for (let n = 0; n < Math.min(RANDOM_PER_QUESTION, background.sample.length); n++) {
      const { position, vector, group } = background.sample[(start + n) % background.sample.length]!
      if (answers(position)) continue
      const score = dot(query, vector, 0)
      random.push(score)
      away.push(score - background.zero(query, group))
    }
  }
  const [positives, others] = [Float32Array.from(least), Float32Array.from(away)]
  const unit = unitOf(positives, others)
  return {
    unit,
    unrelated: others.length === 0 ? 0 : Math.min(MOST_UNRELATED, quantile(others, UNRELATED) / unit),
    auc: positives.length * others.length === 0 ? null : areaUnderCurve(positives, others),
    questions: positives.length,
    positive: raw.length === 0 ? 0 : median(Float32Array.from(raw)),
    random: random.length === 0 ? 0 : median(Float32Array.from(random)),
  }
}

/** Where the positives stand no higher than chance does, the width of chance: no division by next to nothing. */
function unitOf(positives: Float32Array, others: Float32Array): number {
  const typical = positives.length === 0 ? 0 : median(positives)
  const chance = others.length === 0 ? 0 : median(others.map(Math.abs)) / 0.6745 // of a normal distribution
  const unit = Math.max(typical, chance)
  return unit > 0 ? unit : 1
}

export function standardScore(score: number, zero: number, { unit }: Pick<ScoreScale, 'unit'>): number {
  return (score - zero) / unit
}
