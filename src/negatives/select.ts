/** Candidates -> negatives: the first that no rule forbids. */
import type { Candidate } from './candidates.js'
import type { Corpus, CorpusChunk } from './corpus.js'
import type { Positives } from './positives.js'

export type Exclusion =
  | 'is a positive'
  | 'same document as a positive'
  | 'same text as a positive'
  | 'same text as a negative before it'

export interface Negative extends Candidate {
  chunk: CorpusChunk
}

export interface Excluded {
  chunkId: string
  rank: number | undefined
  score: number | undefined
  reason: Exclusion
}

export interface Selection {
  negatives: Negative[]
  /** The candidates that were passed over on the way. */
  excluded: Excluded[]
}

/** @returns at most `count` negatives, in the candidates' order. */
export async function selectNegatives(
  candidates: AsyncIterable<Candidate>,
  corpus: Corpus,
  { positives, related }: Positives,
  count: number,
): Promise<Selection> {
  const positiveKeys = new Set(positives.map(({ key }) => key))
  const positivePositions = new Set(positives.map(({ chunk }) => chunk?.position))
  const chosenKeys = new Set<string>()
  const forbid = (chunk: CorpusChunk): Exclusion | undefined => {
    if (positivePositions.has(chunk.position)) return 'is a positive'
    if (positiveKeys.has(chunk.key)) return 'same text as a positive'
    if (related.has(chunk.position)) return 'same document as a positive'
    if (chosenKeys.has(chunk.key)) return 'same text as a negative before it'
    return undefined
  }
  const selection: Selection = { negatives: [], excluded: [] }
  if (count === 0) return selection
  for await (const candidate of candidates) {
    const chunk = await corpus.read(candidate.position)
    const reason = forbid(chunk)
    if (reason) {
      const { rank, score } = candidate
      selection.excluded.push({ chunkId: chunk.chunkId, rank, score, reason })
      continue
    }
    chosenKeys.add(chunk.key)
    selection.negatives.push({ ...candidate, chunk })
    if (selection.negatives.length === count) break
  }
  return selection
}
