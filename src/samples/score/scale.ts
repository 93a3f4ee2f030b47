/** What scores of a file mean: measured on its own positives, and on passages that have nothing to do with the question. */

import { dot } from '../../index/rank.js'
import { type Background, backgroundFrom } from '../../negatives/background.js'
import { type Calibration, calibrate, probability } from '../../negatives/calibrate.js'
import { drawn } from '../../negatives/candidates.js'
import { randomFor } from '../../negatives/random.js'
import {
  MOST_UNRELATED,
  measureScale as measureEmbedder,
  type ScoreScale,
} from '../../negatives/score-scale.js'
import type { PairScorer } from '../../negatives/scorer.js'
import { textKey } from '../../text/same-text.js'
import type { SampleRow } from './read-rows.js'

/** Rows that the reranker's scale is set by, as many as mining takes. */
const SCALE_ROWS = 128
/** Passages that stand for all that have nothing to do with a question. */
const PASSAGES = 512

export interface Scale {
  background: Background
  /** Of the embedder. */
  embedder: ScoreScale
  /** Of the reranker; `undefined` without one, or without random passages. */
  calibration: Calibration | undefined
  /** What random passages score, on the scale that thresholds are on; `undefined` where there are none. */
  random: number | undefined
  /** What is no sign of an answer. */
  unrelated: number | undefined
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
 * @param rows one at least.
 * @throws ClaraError `model` for a reranker that cannot tell positives from random passages.
 */
export async function measureScale(
  rows: VectoredRow[],
  scorer: PairScorer | undefined,
  seed: number,
): Promise<Scale> {
  const passages = passagesOf(rows)
  const background = backgroundFrom(passages)
  const embedder = measureEmbedder(
    rows.map(({ row, query, vectors }) => {
      const keys = new Set(row.positives.map((at) => textKey(row.docs[at]!)))
      return {
        key: `${row.line} ${row.question}`,
        query,
        positives: row.positives.map((at) => ({
          score: dot(query, vectors[at]!, 0),
          group: background.groupOf(row.docs[at]!),
        })),
        answers: (position) => keys.has(passages[position]!.key),
      }
    }),
    background,
    seed,
  )
  const known = { background, embedder }
  if (!scorer) {
    if (embedder.auc === null)
      return { ...known, calibration: undefined, random: undefined, unrelated: undefined }
    // Of a file that was mined, no random chunk of its corpus is known: the most that any corpus gives.
    return { ...known, calibration: undefined, random: 0, unrelated: MOST_UNRELATED }
  }
  const calibration = await calibrateOn(rows, scorer, seed)
  if (!calibration) return { ...known, calibration, random: undefined, unrelated: undefined }
  const { centre } = calibration
  const random = probability(calibration.random, centre)
  return { ...known, calibration, random, unrelated: random }
}

async function calibrateOn(
  rows: VectoredRow[],
  scorer: PairScorer,
  seed: number,
): Promise<Calibration | undefined> {
  const step = Math.ceil(rows.length / SCALE_ROWS)
  const foreign = foreignPositives(rows, seed)
  const sample = rows.flatMap((each, i) => {
    const passage = i % step === 0 ? foreign(i) : undefined
    return passage === undefined ? [] : [{ ...each, passage }]
  })
  if (sample.length === 0) return undefined
  const random = await scorer.score(sample.map(({ row, passage }) => ({ question: row.question, passage })))
  const positives = sample.map(({ row, logits }) => Math.min(...row.positives.map((at) => logits![at]!)))
  return calibrate(scorer.name, Float32Array.from(positives), random)
}

/** The first positive of each row, each text once. */
function passagesOf(
  rows: VectoredRow[],
): { text: string; key: string; position: number; vector: Float32Array }[] {
  const step = Math.ceil(rows.length / PASSAGES)
  const seen = new Set<string>()
  return rows
    .filter((_, i) => i % step === 0)
    .flatMap(({ row, vectors }) => {
      const at = row.positives[0]!
      const key = textKey(row.docs[at]!)
      if (seen.has(key)) return []
      seen.add(key)
      return [{ text: row.docs[at]!, key, position: seen.size - 1, vector: vectors[at]! }]
    })
}

/** For each row the first positive of a row drawn at random; not one that is a positive of its own. */
function foreignPositives(rows: VectoredRow[], seed: number): (i: number) => string | undefined {
  const keys = rows.map(({ row }) => row.positives.map((at) => textKey(row.docs[at]!)))
  return (i) => {
    const { line, question } = rows[i]!.row
    for (const { position } of drawn(rows.length, () => randomFor(seed, 'random passage', line, question))) {
      if (keys[i]!.includes(keys[position]![0]!)) continue
      const { row } = rows[position]!
      return row.docs[row.positives[0]!]!
    }
    return undefined
  }
}
