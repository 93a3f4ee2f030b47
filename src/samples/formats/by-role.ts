/** A sample as other formats see it: a question, what answers it, what does not. */
import { TIERS } from '../../negatives/hunt.js'
import type { AssembledSample, DocProvenance } from '../assemble.js'

export interface Passage {
  text: string
  /** `null` for a positive given as text. */
  chunkId: string | null
  /** The reranker's where there is one, else the embedder's; `null` where nothing scored it. */
  score: number | null
}

interface ByRole {
  question: string
  /** Best ranked first. */
  positives: Passage[]
  /** As they were taken: hard ones before easy and random ones, and among those the best ranked first. */
  negatives: Passage[]
}

export function byRole({ sample, provenance }: AssembledSample): ByRole {
  const { reranker } = provenance
  const docs = provenance.docs.map((from, i) => ({ from, text: sample.docs[i]! })).sort(inOrder)
  const passages = (positive: boolean) =>
    docs
      .filter(({ from }) => (from.role === 'positive') === positive)
      .map(({ from, text }): Passage => {
        const score = reranker === null ? from.embedder_score : from.reranker_score
        return { text, chunkId: from.chunk_id, score }
      })
  return { question: sample.question, positives: passages(true), negatives: passages(false) }
}

/** Equal ones stay in the order of the sample. */
function inOrder(a: { from: DocProvenance }, b: { from: DocProvenance }): number {
  const tier = (tierOf(a.from) ?? 0) - (tierOf(b.from) ?? 0)
  if (tier !== 0) return tier
  const [rank, other] = [a.from.rank, b.from.rank].map((each) => each ?? Number.MAX_SAFE_INTEGER)
  return rank! - other!
}

function tierOf({ tier }: DocProvenance): number | undefined {
  return tier === null ? undefined : TIERS.indexOf(tier)
}
