/** What the embeddings of a run would have cost from an API: an estimate. */
import { EMBEDDING_PRICES, EMBEDDING_PRICES_AS_OF } from './embedding-prices.js'

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

export interface Embedded {
  basis: Saved['basis']
  texts: number
  characters: number
  questions: number
  questionCharacters: number
  /** Tokens for a character. */
  ratio: { docs: number; questions: number }
}

export function savedBy({ basis, texts, characters, questions, questionCharacters, ratio }: Embedded): Saved {
  const tokens = Math.round(characters * ratio.docs)
  const questionTokens = Math.round(questionCharacters * ratio.questions)
  return {
    basis,
    texts,
    tokens,
    questions,
    question_tokens: questionTokens,
    prices_as_of: EMBEDDING_PRICES_AS_OF,
    costs: EMBEDDING_PRICES.map(({ model, usd }) => ({
      model,
      usd_per_million: usd,
      usd: Number((((tokens + questionTokens) * usd) / 1e6).toFixed(6)),
    })),
  }
}
