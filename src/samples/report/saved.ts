/** What the embeddings of a run would have cost from an API: an estimate. */
import { EMBEDDING_PRICES, EMBEDDING_PRICES_AS_OF } from '../../endpoint/price.js'
import type { TokenCounts } from './collect.js'
import type { CorpusCounts } from './corpus.js'
import type { Counted } from './count-rows.js'

export interface Saved {
  /** `corpus`: all chunks, each once. `samples`: only the distinct documents that stand in samples, which is less. */
  basis: 'corpus' | 'samples'
  texts: number
  tokens: number
  questions: number
  question_tokens: number
  prices_as_of: string
  costs: { model: string; usd_per_million: number; usd: number }[]
}

/** @param corpus all chunks, where they are at hand. */
export function savedBy(
  { counts, characters }: Pick<Counted, 'counts' | 'characters'>,
  corpus: CorpusCounts | undefined,
  { per_character: ratio }: TokenCounts,
): Saved {
  const texts = corpus ?? { chunks: counts.distinct_docs, characters: characters.distinctDocs }
  const tokens = Math.round(texts.characters * ratio.docs)
  const questionTokens = Math.round(characters.questions * ratio.questions)
  return {
    basis: corpus ? 'corpus' : 'samples',
    texts: texts.chunks,
    tokens,
    questions: counts.samples,
    question_tokens: questionTokens,
    prices_as_of: EMBEDDING_PRICES_AS_OF,
    costs: EMBEDDING_PRICES.map(({ model, usd }) => ({
      model,
      usd_per_million: usd,
      usd: Number((((tokens + questionTokens) * usd) / 1e6).toFixed(6)),
    })),
  }
}
