/** A mined question -> one sample, and where each of its documents came from. */
import { basename } from 'node:path'
import type { MinedQuestion } from '../negatives/mine.js'
import { randomFor, shuffled } from '../negatives/random.js'
import type { Sample } from './sample.js'

export interface DocProvenance {
  role: 'positive' | 'hard negative' | 'random negative'
  /** `null` for a positive given as text. */
  chunk_id: string | null
  /** Place in the ranking by the question, from 1; `null` where it was not retrieved. */
  rank: number | null
  /** The embedder's cosine of question and document. */
  embedder_score: number | null
}

/** One line of end_to_end_data.provenance.jsonl, for the sample on the same line. */
export interface Provenance {
  question_id: string
  source: string
  seed: number
  embedder: string | null
  docs: DocProvenance[]
  excluded: { chunk_id: string; rank: number | null; embedder_score: number | null; reason: string }[]
}

export interface AssembledSample {
  sample: Sample
  provenance: Provenance
}

/** Documents in an order that depends on the seed and the question alone. */
export function assembleSample(mined: MinedQuestion, seed: number, embedder: string | null): AssembledSample {
  const { question, answer, id, path, line } = mined.question
  const docs = shuffled(documentsOf(mined), randomFor(seed, 'order', id, question))
  return {
    sample: {
      question,
      docs: docs.map(({ text }) => text),
      gold_answer: answer,
      answer,
      pos_index: docs.flatMap(({ from }, i) => (from.role === 'positive' ? [i] : [])),
    },
    provenance: {
      question_id: id,
      source: `${basename(path)}:${line}`,
      seed,
      embedder,
      docs: docs.map(({ from }) => from),
      excluded: mined.excluded.map(({ chunkId, rank, score, reason }) => ({
        chunk_id: chunkId,
        rank: rank ?? null,
        embedder_score: rounded(score),
        reason,
      })),
    },
  }
}

function documentsOf({
  positives,
  positiveHits,
  negatives,
}: MinedQuestion): { text: string; from: DocProvenance }[] {
  return [
    ...positives.map(({ text, chunk }) => {
      const hit = chunk && positiveHits.get(chunk.position)
      const role = 'positive' as const
      return {
        text,
        from: {
          role,
          chunk_id: chunk?.chunkId ?? null,
          rank: hit?.rank ?? null,
          embedder_score: rounded(hit?.score),
        },
      }
    }),
    ...negatives.map(({ chunk, rank, score }) => {
      const role = rank === undefined ? ('random negative' as const) : ('hard negative' as const)
      return {
        text: chunk.text,
        from: { role, chunk_id: chunk.chunkId, rank: rank ?? null, embedder_score: rounded(score) },
      }
    }),
  ]
}

/** Six digits: what float32 cosines are worth. */
function rounded(score: number | undefined): number | null {
  return score === undefined ? null : Number(score.toFixed(6))
}
