/** Texts -> vectors by an endpoint, as the Python scripts have it: for those who want an API's model. */
import { readAnswer } from '../endpoint/answer.js'
import { type CallLimits, type Calls, createCalls } from '../endpoint/calls.js'
import { createClient } from '../endpoint/client.js'
import { mapInOrder } from '../endpoint/in-order.js'
import { estimateTokens } from '../endpoint/price.js'
import { redactorFor } from '../endpoint/redact.js'
import type { Spending } from '../endpoint/spending.js'
import { ClaraError } from '../errors.js'
import { sha256 } from '../files/durable-file.js'
import type { EmbedderModel } from '../models/resolve.js'
import type { Embedder } from './embedder.js'
import {
  type EmbeddingRequest,
  type Embeddings,
  embeddingRequest,
  MAX_CHARS,
  mostEmbeddingUsage,
  readEmbeddings,
  sentText,
} from './embedding-request.js'
import { openTokenizer } from './open-tokenizer.js'
import { openVectorJournal, type VectorJournal } from './vector-journal.js'

interface EmbeddingEndpoint extends CallLimits {
  model: string
  baseUrl?: string | undefined
  apiKey: string
}

interface ApiEmbedderOptions {
  endpoint: EmbeddingEndpoint
  spending: Spending
  /** Created where it is missing. */
  journalPath: string
  /** Its tokens are what chunks are cut by. */
  tokens: EmbedderModel
  /** Told of every request, retries included. */
  onCall?: () => void
}

/** Texts a request, to begin with; halved where the endpoint takes fewer (some take 10). */
const MOST_TEXTS = 64
const MAX_ANSWER_BYTES = 64 << 20
/** Of a server's text before it is searched for the key. */
const MAX_REASON_CHARS = 1 << 16
/** What an endpoint's model reads; passages are cut to fewer. */
const MAX_TOKENS = 8191

/**
 * An index that it builds is bound to the model's name. Each vector is in the journal before it is used; what is in
 * the journal is not asked for again.
 * @throws ClaraError `usage` for a base URL or an API key that cannot be used; `llm` where the endpoint gives no
 * vector, at once or from `embed`; `budget`; `input` for a damaged journal.
 */
export async function openApiEmbedder(options: ApiEmbedderOptions): Promise<Embedder> {
  const { endpoint, spending, tokens } = options
  const journal = await openVectorJournal(options.journalPath, endpoint.model)
  try {
    spending.before(journal.used, 'direct')
    const ask = asker(options, journal)
    const embedAll = (texts: string[]) => embedTexts(texts, journal, ask, endpoint.concurrency)
    const dims = journal.dims ?? (await embedAll(['How many numbers?']))[0]!.length
    const tokenizer = await openTokenizer(tokens)
    const counts = { texts: 0, tokens: 0, unknown: 0, truncated: 0 }
    return {
      model: modelOf(endpoint.model, dims, tokens),
      tokenizer,
      dims,
      counts,
      unit: true,
      running: () => undefined,
      async embed(texts, _kind, _nameOf, onEncoded) {
        const sent = texts.map(sentText)
        const cutRows = texts.flatMap((text, i) => (text.length > MAX_CHARS ? [i] : []))
        const estimated = sent.reduce((sum, text) => sum + estimateTokens(text), 0)
        counts.texts += texts.length
        counts.tokens += estimated
        counts.truncated += cutRows.length
        onEncoded?.({ tokens: estimated, unknown: 0, cutRows })
        const vectors = new Float32Array(texts.length * dims)
        for (const [i, vector] of (await embedAll(sent)).entries()) vectors.set(vector, i * dims)
        return vectors
      },
      async close() {
        await Promise.all([tokenizer.close(), journal.close()])
      },
    }
  } catch (error) {
    await journal.close()
    throw error
  }
}

/** Vectors of texts, one for each; what is paid for is kept. */
type Ask = (texts: string[], signal: AbortSignal) => Promise<Float32Array[]>

function asker({ endpoint, spending, onCall = () => {} }: ApiEmbedderOptions, journal: VectorJournal): Ask {
  const client = createClient(endpoint, MAX_ANSWER_BYTES)
  const calls = createCalls(endpoint, spending, onCall)
  const redactor = redactorFor(endpoint)
  const name = redactor.pieces(`${client.baseURL}: model ${endpoint.model}`)
  let most = MOST_TEXTS
  let saysFormat = true
  const ask: Ask = async (texts, signal) => {
    if (texts.length > most) return inHalves(texts, signal)
    const answer = await makeCall(
      { calls, client },
      embeddingRequest(endpoint.model, texts, saysFormat),
      journal.dims,
      signal,
    )
    if ('reply' in answer) {
      await journal.keep(texts, answer.reply)
      return answer.reply.vectors
    }
    const { kind, reason } = answer.failure
    if (kind === 'rejected' && saysFormat && /encoding_?format/i.test(reason)) {
      saysFormat = false
      return ask(texts, signal)
    }
    const isForOne = kind === 'refused' || kind === 'unclear'
    if (isForOne && texts.length > 1) return inHalves(texts, signal) // to find out which
    if (kind === 'rejected' && texts.length > 1) {
      most = Math.min(most, Math.ceil(texts.length / 2))
      return inHalves(texts, signal)
    }
    throw new ClaraError(
      'llm',
      `${name}: no embeddings${isForOne ? ` of ${JSON.stringify(texts[0]!.slice(0, 60))}` : ''}: ${redactor.pieces(reason.slice(0, MAX_REASON_CHARS)).slice(0, 400)}`,
    )
  }
  const inHalves: Ask = async (texts, signal) => {
    const half = Math.ceil(texts.length / 2)
    return [...(await ask(texts.slice(0, half), signal)), ...(await ask(texts.slice(half), signal))]
  }
  return ask
}

function makeCall(
  { calls, client }: { calls: Calls; client: ReturnType<typeof createClient> },
  request: EmbeddingRequest,
  dims: number | undefined,
  signal: AbortSignal,
) {
  const { input } = request
  const tokens = input.reduce((sum, text) => sum + estimateTokens(text), 0)
  const begin = () => ({
    most: mostEmbeddingUsage(request),
    send: async (deadline: AbortSignal) =>
      // not embeddings.create, which asks for base64 where no format is said
      readAnswer(await client.post('/embeddings', { body: request, signal: deadline }).asResponse()),
    read: (answer: unknown) => readEmbeddings(answer, input.length, dims),
  })
  return calls.make<Embeddings>({ tokens, again: false, begin }, signal)
}

async function embedTexts(
  texts: string[],
  journal: VectorJournal,
  ask: Ask,
  concurrency: number,
): Promise<Float32Array[]> {
  const known = new Map<string, Float32Array>()
  const distinct = [...new Set(texts)]
  for (const text of distinct) {
    const vector = await journal.find(text)
    if (vector) known.set(text, vector)
  }
  const missing = distinct.filter((text) => !known.has(text))
  const asked = mapInOrder(groupsOf(missing), concurrency, undefined, async (group, _index, signal) => {
    for (const [i, vector] of (await ask(group, signal)).entries()) known.set(group[i]!, vector)
  })
  for await (const _ of asked);
  return texts.map((text) => known.get(text)!)
}

async function* groupsOf(texts: string[]): AsyncGenerator<string[]> {
  for (let i = 0; i < texts.length; i += MOST_TEXTS) yield texts.slice(i, i + MOST_TEXTS)
}

/** There are no files; what an index binds itself to is the name. */
function modelOf(name: string, dims: number, tokens: EmbedderModel): EmbedderModel {
  const { pooling: _pooling, similarity: _similarity, ...card } = tokens.card
  return {
    ...tokens,
    card: {
      ...card,
      name: `api:${name}`,
      languages: [],
      dims,
      pooling: 'none',
      normalised: true,
      maxTokens: MAX_TOKENS,
      queryPrefix: '',
      documentPrefix: '',
    },
    model: { path: '', bytes: 0, sha256: sha256(Buffer.from(`api:${name}`)) },
    externalData: [],
  }
}
