/** What calls cost. */
import type { Usage } from './usage.js'

/** USD for a million tokens. */
export interface Price {
  input: number
  output: number
}

/** Of a call in a batch, against the same call made directly. */
export const BATCH_DISCOUNT = 0.5

/** When the list below was compared with OpenAI's list. */
export const PRICES_AS_OF = '2026-03-21'

const LIST: Record<string, [input: number, output: number]> = {
  'gpt-3.5-turbo': [0.5, 1.5],
  'gpt-4o': [2.5, 10],
  'gpt-4o-mini': [0.15, 0.6],
  'gpt-4.1': [2, 8],
  'gpt-4.1-mini': [0.4, 1.6],
  'gpt-4.1-nano': [0.1, 0.4],
  'gpt-5': [1.25, 10],
  'gpt-5-mini': [0.25, 2],
  'gpt-5-nano': [0.05, 0.4],
  'gpt-5.1': [1.25, 10],
  'gpt-5.4': [2.5, 15],
  o3: [2, 8],
  'o3-mini': [1.1, 4.4],
  'o4-mini': [1.1, 4.4],
}

/** When the list below was compared with OpenAI's list. */
export const EMBEDDING_PRICES_AS_OF = '2026-05'

/** USD for a million tokens, asked directly. */
export const EMBEDDING_PRICES: readonly { model: string; usd: number }[] = [
  { model: 'text-embedding-3-small', usd: 0.02 },
  { model: 'text-embedding-ada-002', usd: 0.1 },
  { model: 'text-embedding-3-large', usd: 0.13 },
]

/** As listPrice, of an embedding model. */
export function listEmbeddingPrice(model: string): Price | undefined {
  const found = EMBEDDING_PRICES.find((each) => each.model === model)
  return found && { input: found.usd, output: 0 }
}

/** OpenAI's list price of a model, a dated version of it (`-2024-07-18`) included. */
export function listPrice(model: string): Price | undefined {
  const name = model.replace(/-\d{4}-\d{2}-\d{2}$/, '')
  const found = Object.hasOwn(LIST, name) ? LIST[name] : undefined
  return found && { input: found[0], output: found[1] }
}

export function usdOf({ promptTokens, completionTokens }: Usage, { input, output }: Price): number {
  return (promptTokens * input + completionTokens * output) / 1e6
}

/** A guess for planning: four characters a token in Latin script, one in others. */
export function estimateTokens(text: string): number {
  let tokens = 0
  for (const character of text) tokens += character.charCodeAt(0) < 0x250 ? 0.25 : 1
  return Math.ceil(tokens)
}

/** A bound: tokens are made of bytes, and none is made of less than one. */
export function mostTokens(text: string): number {
  return Buffer.byteLength(text)
}

export function dollars(usd: number): string {
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`
}

/** As reports have it: to a millionth of a dollar. */
export function roundedUsd(usd: number | null): number | null {
  return usd && Number(usd.toFixed(6))
}
