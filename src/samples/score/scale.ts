/** What scores of a file mean: measured on its own positives, and on passages that have nothing to do with the question. */

import { dot } from '../../index/rank.js'
import { type Calibration, calibrate, median, probability } from '../../negatives/calibrate.js'
import { drawn } from '../../negatives/candidates.js'
import { randomFor } from '../../negatives/random.js'
import type { PairScorer } from '../../negatives/scorer.js'
import { textKey } from '../../text/same-text.js'
import type { SampleRow } from './read-rows.js'

/** Rows that the scale is set by, as many as mining takes. */
const SCALE_ROWS = 128

export interface Scale {
  /** The reranker's logit that counts as even odds. */
  centre: number
  /** Of the reranker; `undefined` without one, or without random passages. */
  calibration: Calibration | undefined
  /** Median score of random passages, on the scale that thresholds are on; `undefined` where there are none. */
  random: number | undefined
}

export interface VectoredRow {
  row: SampleRow
  query: Float32Array
  /** One of each doc. */
  vectors: Float32Array[]
  /** The reranker's of each doc. */
  logits: Float32Array | undefined
}

/**
 * A random passage is another row's positive: it is about something else, and it stays the same when negatives
 * are replaced, so that a file and its mended copy are judged alike.
 * @throws ClaraError `model` for a reranker that cannot tell positives from random passages.
 */
export async function measureScale(
  rows: VectoredRow[],
  scorer: PairScorer | undefined,
  seed: number,
): Promise<Scale> {
  const step = Math.ceil(rows.length / SCALE_ROWS)
  const foreign = foreignPositives(rows, seed)
  const sample = rows.flatMap((each, i) => {
    const passage = i % step === 0 ? foreign(i) : undefined
    return passage ? [{ ...each, passage }] : []
  })
  if (sample.length === 0) return { centre: 0, calibration: undefined, random: undefined }
  if (!scorer) {
    const scores = sample.map(({ query, passage }) => dot(query, passage.vector, 0))
    return { centre: 0, calibration: undefined, random: median(Float32Array.from(scores)) }
  }
  const random = await scorer.score(
    sample.map(({ row, passage }) => ({ question: row.question, passage: passage.text })),
  )
  const positives = sample.map(({ row, logits }) => Math.min(...row.positives.map((at) => logits![at]!)))
  const calibration = calibrate(scorer.name, Float32Array.from(positives), random)
  const { centre } = calibration
  return { centre, calibration, random: probability(calibration.random, centre) }
}

interface Passage {
  text: string
  vector: Float32Array
}

/** For each row the first positive of a row drawn at random; not one that is a positive of its own. */
function foreignPositives(rows: VectoredRow[], seed: number): (i: number) => Passage | undefined {
  const keys = rows.map(({ row }) => row.positives.map((at) => textKey(row.docs[at]!)))
  return (i) => {
    const { line, question } = rows[i]!.row
    for (const { position } of drawn(rows.length, () => randomFor(seed, 'random passage', line, question))) {
      if (keys[i]!.includes(keys[position]![0]!)) continue
      const { row, vectors } = rows[position]!
      const at = row.positives[0]!
      return { text: row.docs[at]!, vector: vectors[at]! }
    }
    return undefined
  }
}
