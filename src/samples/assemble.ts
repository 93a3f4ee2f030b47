/** A mined question -> one sample, and where each of its documents came from. */
import { basename } from 'node:path'
import type { Tier } from '../negatives/hunt.js'
import type { MinedQuestion } from '../negatives/mine.js'
import { randomFor, shuffled } from '../negatives/random.js'
import type { Sample } from './sample.js'

export interface DocProvenance {
  role: 'positive' | 'hard negative' | 'random negative'
  /** How far the rules held when it was taken; `null` for a positive. */
  tier: Tier | null
  /** `null` for a positive given as text. */
  chunk_id: string | null
  /** Place in the ranking by the question, from 1; `null` where it was not retrieved. */
  rank: number | null
  /** The embedder's score of question and document. */
  embedder_score: number | null
  /** The same on the scale of the run: 0 is an unrelated chunk, 1 a typical positive; `null` where the reranker judges. */
  standard_score: number | null
  /** The reranker's, from 0 to 1. */
  reranker_score: number | null
}

/** One line of end_to_end_data.provenance.jsonl, for the sample on the same line. */
interface Provenance {
  question_id: string
  source: string
  seed: number
  embedder: string | null
  reranker: string | null
  /** On the scale of the reranker, else of standard scores. A negative's score was `most` at most, and `least` at least; `null` where nothing scored. */
  thresholds: { positive: number; most: number; least: number | null } | null
  /** What the embedder gives the question and an average chunk, by language (`all` where there is one): 0 of standard scores. */
  random_score: Record<string, number> | null
  docs: DocProvenance[]
  excluded: {
    chunk_id: string
    rank: number | null
    embedder_score: number | null
    standard_score: number | null
    reranker_score: number | null
    reason: string
  }[]
}

export interface AssembledSample {
  sample: Sample
  provenance: Provenance
}

/** Names of what ranked and scored; `null` for what was not there. */
export interface Scorers {
  embedder: string | null
  reranker: string | null
}

/** Documents in an order that depends on the seed and the question alone. */
export function assembleSample(mined: MinedQuestion, seed: number, scorers: Scorers): AssembledSample {
  const { question, answer, id, path, line } = mined.question
  const scoresOf = scoresBy(scorers)
  const docs = shuffled(documentsOf(mined, scoresOf), randomFor(seed, 'order', id, question))
  const { limits, zeros } = mined
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
      ...scorers,
      thresholds: limits
        ? {
            positive: rounded(limits.positive)!,
            most: rounded(limits.most)!,
            least: Number.isFinite(limits.least) ? rounded(limits.least) : null,
          }
        : null,
      random_score: zeros
        ? Object.fromEntries(Array.from(zeros, ([group, score]) => [group, rounded(score)!]))
        : null,
      docs: docs.map(({ from }) => from),
      excluded: mined.excluded.map(({ chunk, rank, reason, ...scores }) => ({
        chunk_id: chunk.chunkId,
        rank: rank ?? null,
        ...scoresOf(scores),
        reason,
      })),
    },
  }
}

interface Judged {
  score: number | undefined
  judged: number | undefined
}

type ScoresOf = (
  scores: Judged,
) => Pick<DocProvenance, 'embedder_score' | 'standard_score' | 'reranker_score'>

/** What judged is the reranker where there is one, else the embedder. */
function scoresBy({ reranker }: Scorers): ScoresOf {
  return ({ score, judged }) =>
    reranker === null
      ? { embedder_score: rounded(score), standard_score: rounded(judged), reranker_score: null }
      : { embedder_score: rounded(score), standard_score: null, reranker_score: rounded(judged) }
}

function documentsOf(
  { positives, negatives }: MinedQuestion,
  scoresOf: ScoresOf,
): { text: string; from: DocProvenance }[] {
  return [
    ...positives.map(({ text, chunk, rank, ...scores }) => ({
      text,
      from: {
        role: 'positive' as const,
        tier: null,
        chunk_id: chunk?.chunkId ?? null,
        rank: rank ?? null,
        ...scoresOf(scores),
      },
    })),
    ...negatives.map(({ chunk, rank, tier, ...scores }) => ({
      text: chunk.text,
      from: {
        role: rank === undefined ? ('random negative' as const) : ('hard negative' as const),
        tier,
        chunk_id: chunk.chunkId,
        rank: rank ?? null,
        ...scoresOf(scores),
      },
    })),
  ]
}

/** Six digits: what float32 is worth. */
export function rounded(score: number | undefined): number | null {
  return score === undefined ? null : Number(score.toFixed(6))
}
