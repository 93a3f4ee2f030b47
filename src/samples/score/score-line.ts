/** One line of a scores file: of the sample on the same line. */
import { toJson } from '../../files/well-formed.js'
import type { Negative } from '../../negatives/hunt.js'
import { rounded } from '../assemble.js'
import type { Finding, JudgedDoc, JudgedRow } from './judge.js'
import type { Replacements } from './replace.js'
import type { ScoredLine } from './score-samples.js'

export interface ScoreLine {
  line: number
  question_id: string | number | null
  docs: DocLine[]
  /** Of the best positive, by the model that judges: the reranker where there is one. */
  positive_rank: number
  /** A negative above `most` is suspect, one below `least` too easy; `null`: nothing is. */
  thresholds: { positive: number; most: number; least: number | null }
}

interface DocLine {
  role: 'positive' | 'negative'
  embedder_score: number | null
  /** The same on the scale of the file: 0 is a random passage, 1 a typical positive. */
  standard_score: number | null
  embedder_rank: number
  /** From 0 to 1. */
  reranker_score: number | null
  reranker_rank: number | null
  findings: Finding[]
  /** What stands there now, in a file that was mended. */
  replaced_by?: { chunk_id: string; rank: number | null; score: number | null }
}

/** @returns text with its newline. A blank line stays blank: line numbers are those of the samples. */
export function scoreLine(
  { raw, reason, judged }: ScoredLine,
  replacements: Replacements | undefined,
): string {
  if (judged) return `${toJson(recordOf(judged, replacements))}\n`
  return reason === undefined ? '\n' : `${toJson({ line: raw.line, error: reason })}\n`
}

function recordOf(
  { row, docs, positiveRank, limits }: JudgedRow,
  replacements: Replacements | undefined,
): ScoreLine {
  return {
    line: row.line,
    question_id: row.id,
    docs: docs.map((doc, i) => docLine(doc, replacements?.get(i))),
    positive_rank: positiveRank.reranker ?? positiveRank.embedder,
    thresholds: {
      positive: rounded(limits.positive)!,
      most: rounded(limits.most)!,
      least: Number.isFinite(limits.least) ? rounded(limits.least) : null,
    },
  }
}

function docLine(
  { isPositive, embedder, reranker, findings }: JudgedDoc,
  instead: Negative | undefined,
): DocLine {
  return {
    role: isPositive ? 'positive' : 'negative',
    embedder_score: rounded(embedder.score),
    standard_score: rounded(embedder.standard),
    embedder_rank: embedder.rank,
    reranker_score: rounded(reranker?.score),
    reranker_rank: reranker?.rank ?? null,
    findings,
    ...(instead && {
      replaced_by: {
        chunk_id: instead.chunk.chunkId,
        rank: instead.rank ?? null,
        score: rounded(instead.judged),
      },
    }),
  }
}
