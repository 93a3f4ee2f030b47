/** An endpoint's embeddings: what is sent for texts, and what is taken of the answer. */
import type { OpenAI } from 'openai'
import type { Answered, Paid } from '../endpoint/calls.js'
import { errorIn } from '../endpoint/error-body.js'
import { failureIn } from '../endpoint/failure.js'
import { mostTokens } from '../endpoint/price.js'
import { isTokenCount, type Usage } from '../endpoint/usage.js'
import { isObject } from '../files/json-value.js'

export type EmbeddingRequest = OpenAI.EmbeddingCreateParams & { input: string[] }

/** One of unit length for each text. */
export interface Embeddings extends Paid {
  vectors: Float32Array[]
}

/** Characters of a text that are sent, as the scripts have it: an endpoint refuses more than it can read. */
export const MAX_CHARS = 8000

/** A surrogate whose other half was cut off cannot be sent. */
export function sentText(text: string): string {
  return Buffer.from(text.slice(0, MAX_CHARS)).toString()
}

/** As plain numbers: not every server knows base64. @param saysFormat false where a server does not know that either. */
export function embeddingRequest(model: string, input: string[], saysFormat: boolean): EmbeddingRequest {
  return { model, input, ...(saysFormat && { encoding_format: 'float' }) }
}

/** The most that a request can cost. */
export function mostEmbeddingUsage({ input }: EmbeddingRequest): Usage {
  const promptTokens = input.reduce((sum, text) => sum + mostTokens(text), 0)
  return { promptTokens, completionTokens: 0 }
}

/** Answers may come in any order; each says which text it is of. @param dims `undefined`: not known yet. */
export function readEmbeddings(
  answer: unknown,
  texts: number,
  dims: number | undefined,
): Answered<Embeddings> {
  const garbled = (reason: string) => ({ failure: { kind: 'garbled' as const, reason } })
  const data = isObject(answer) && Array.isArray(answer.data) ? answer.data : undefined
  const error = errorIn(answer, data !== undefined)
  if (error) return { failure: failureIn(error) }
  if (isObject(answer) && 'data' in answer && !data) {
    return {
      failure: { kind: 'broken', reason: `no embeddings in it: ${JSON.stringify(answer).slice(0, 200)}` },
    }
  }
  if (!data) return garbled(`not embeddings: ${JSON.stringify(answer)?.slice(0, 200)}`)
  // It may take one at a time, or fewer than these.
  if (data.length !== texts) {
    return { failure: { kind: 'rejected', reason: `${data.length} embeddings for ${texts} texts` } }
  }
  const vectors: Float32Array[] = []
  for (const [i, each] of data.entries()) {
    const index = isObject(each) && Number.isInteger(each.index) ? (each.index as number) : i
    const vector = isObject(each) ? unitVector(each.embedding) : undefined
    if (!vector) return garbled(`embedding ${i} is no list of finite numbers other than 0`)
    const expected = dims ?? vectors.find((other) => other)?.length ?? vector.length
    if (vector.length !== expected)
      return garbled(`an embedding of ${vector.length} numbers, the others have ${expected}`)
    if (index < 0 || index >= texts || vectors[index]) return garbled(`two embeddings with index ${index}`)
    vectors[index] = vector
  }
  return { reply: { vectors, usage: usageOf(answer) } }
}

function unitVector(given: unknown): Float32Array | undefined {
  const value = numbersOf(given)
  if (!Array.isArray(value) || !value.every((each) => Number.isFinite(each))) return undefined
  const norm = Math.hypot(...(value as number[]))
  return norm > 0 && Number.isFinite(norm) ? Float32Array.from(value, (each) => each / norm) : undefined
}

/** Some servers give floats of 32 bits as base64, whatever they are asked for, or a list of one vector. */
function numbersOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 && Array.isArray(value[0]) ? value[0] : value
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+=*$/.test(value)) return undefined
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length % 4 !== 0) return undefined
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i))
}

/** null where the endpoint gave none, or none that can be. */
function usageOf(answer: unknown): Usage | null {
  const usage = isObject(answer) ? answer.usage : undefined
  const tokens = isObject(usage) ? (usage.prompt_tokens ?? usage.total_tokens) : undefined
  return isTokenCount(tokens) ? { promptTokens: tokens, completionTokens: 0 } : null
}
