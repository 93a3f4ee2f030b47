/** Vectors that were paid for, on disk before anyone uses them, so that none is paid twice. */
import { endianness } from 'node:os'
import { NO_USAGE, sumOf, type Usage } from '../endpoint/usage.js'
import { ClaraError } from '../errors.js'
import { sha256 } from '../files/durable-file.js'
import { Journal, type Span } from '../files/journal.js'
import type { JsonObject } from '../files/json-value.js'
import type { Embeddings } from './embedding-request.js'

export interface VectorJournal {
  /** Of the vectors in it; `undefined` while there are none. */
  readonly dims: number | undefined
  /** Tokens of all requests that it held when it was opened. */
  readonly used: Usage
  /** Read from the file: memory holds only where it is. */
  find(text: string): Promise<Float32Array | undefined>
  keep(texts: string[], embeddings: Embeddings): Promise<void>
  close(): Promise<void>
}

/**
 * @param model its name: vectors of others are passed over, but what they cost counts.
 * @throws ClaraError `input` where the file is no journal of vectors.
 */
export async function openVectorJournal(path: string, model: string): Promise<VectorJournal> {
  const spans = new Map<string, Span>()
  let used: Usage = NO_USAGE
  let dims: number | undefined
  const journal = await Journal.open(path, (record, span, place) => {
    const { key, tokens } = checked(record, place)
    used = sumOf(used, { promptTokens: tokens, completionTokens: 0 })
    if (record.model !== model) return
    spans.set(key, span)
    dims ??= vectorOf(record, place).length
  })
  return {
    get dims() {
      return dims
    },
    used,
    async find(text) {
      const span = spans.get(vectorKey(text))
      return span && vectorOf(await journal.read(span), path)
    },
    async keep(texts, { vectors, usage, atMost }) {
      const { promptTokens } = usage ?? atMost ?? NO_USAGE
      await Promise.all(
        texts.map(async (text, i) => {
          const key = vectorKey(text)
          const vector = littleEndian(vectors[i]!).toString('base64')
          const tokens = i === 0 ? promptTokens : 0 // of the whole request
          spans.set(key, await journal.append({ key, model, tokens, vector }))
        }),
      )
      dims ??= vectors[0]?.length
    },
    close: () => journal.close(),
  }
}

export function vectorKey(text: string): string {
  return sha256(Buffer.from(text))
}

function checked({ key, model, tokens, vector }: JsonObject, place: string): { key: string; tokens: number } {
  if (
    typeof key === 'string' &&
    typeof model === 'string' &&
    Number.isSafeInteger(tokens) &&
    typeof vector === 'string'
  )
    return { key, tokens: tokens as number }
  throw noVector(place)
}

function vectorOf({ vector }: JsonObject, place: string): Float32Array {
  const bytes = Buffer.from(String(vector), 'base64')
  if (bytes.length === 0 || bytes.length % 4 !== 0) throw noVector(place)
  if (endianness() === 'BE') bytes.swap32()
  const numbers = new Float32Array(bytes.length / 4)
  new Uint8Array(numbers.buffer).set(bytes)
  return numbers
}

function noVector(place: string): ClaraError {
  return new ClaraError('input', `${place}: not a record of an endpoint's vector: move the file away`)
}

function littleEndian(vector: Float32Array): Buffer {
  const bytes = Buffer.from(vector.slice().buffer)
  return endianness() === 'BE' ? bytes.swap32() : bytes
}
