/** What embedding by an API costs. */

/** When the list below was compared with OpenAI's list. */
export const EMBEDDING_PRICES_AS_OF = '2026-05'

/** USD for a million tokens, asked directly. */
export const EMBEDDING_PRICES: readonly { model: string; usd: number }[] = [
  { model: 'text-embedding-3-small', usd: 0.02 },
  { model: 'text-embedding-ada-002', usd: 0.1 },
  { model: 'text-embedding-3-large', usd: 0.13 },
]
