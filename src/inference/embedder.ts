/** Texts -> vectors, on threads of their own. */
import { texts as isTexts, objectWith, oneOf, requireArgument, requireOptions } from '../arguments.js'
import { ClaraError } from '../errors.js'
import type { EmbedderModel, Model } from '../models/resolve.js'
import type { Encodings } from './encoding.js'
import { ENGINE_OPTIONS, type EngineOptions, openEngine, type Running } from './engine.js'
import { createOnce } from './once.js'
import type { ThreadedTokenizer } from './open-tokenizer.js'
import { requireFinite } from './require-finite.js'

export interface Embedder {
  model: EmbedderModel
  tokenizer: ThreadedTokenizer
  /** Length of a vector. */
  dims: number
  /** Of all texts so far. */
  counts: EmbedderCounts
  /** Whether vectors have unit length; else their inner product is what ranks. */
  unit: boolean
  /** `undefined` where it is not this machine. */
  running(): Running | undefined
  /**
   * @param nameOf a text, for a message about it.
   * @param onEncoded sees the texts' tokens before they go through the model.
   * @returns vectors, row-major [texts, dims].
   * @throws ClaraError `model` when a vector is not finite.
   */
  embed(
    texts: string[],
    kind: TextKind,
    nameOf?: (i: number) => string,
    onEncoded?: (encoded: Encoded) => void,
  ): Promise<Float32Array>
  close(): Promise<void>
}

/** What is known of texts before they go through the model. */
export type Encoded = Pick<Encodings, 'tokens' | 'unknown' | 'cutRows' | 'unknownRows'>

const KINDS = ['query', 'document'] as const
export type TextKind = (typeof KINDS)[number]

interface EmbedderCounts {
  texts: number
  /** Special tokens and the prefix's left out, the prefix's unknown tokens too. */
  tokens: number
  /** Tokens that stand for something that the vocabulary lacks. */
  unknown: number
  /** Texts cut at the model's limit. */
  truncated: number
}

export interface EmbedderOptions extends EngineOptions {
  /** Keep so many of a vector's numbers, the first (Matryoshka). */
  dims?: number | undefined
  /**
   * As the reference implementation gives them, which for some models is not of unit length.
   * Without it that is so only where the card says that vectors are compared by inner product.
   */
  asReference?: boolean
}

/**
 * Equal texts are embedded once. A vector does not depend on the number of threads, nor
 * on the texts beside it.
 * @throws ClaraError `model` when a file is missing, damaged or not loadable; `usage` for other
 * than 1 to so many dimensions as the model has.
 */
export async function openEmbedder(model: EmbedderModel, options: EmbedderOptions = {}): Promise<Embedder> {
  requireArgument('openEmbedder: model', model, objectWith('card', 'what resolveEmbedder() returns'))
  if (model.card.kind !== 'embedder') {
    throw new ClaraError(
      'usage',
      `openEmbedder: ${(model as Model).card.name} is a reranker: openReranker() is for those`,
    )
  }
  requireOptions('openEmbedder', options, ENGINE_OPTIONS)
  const { card } = model
  const dims = options.dims ?? card.dims
  if (!Number.isInteger(dims) || dims < 1 || dims > card.dims) {
    throw new ClaraError('usage', `${dims} dimensions asked for, ${card.name} has ${card.dims}`)
  }
  const { pooling } = card
  const normalised = card.normalised || !(options.asReference || card.similarity === 'dot')
  const engine = await openEngine(
    model,
    { kind: 'vector', pooling, modelDims: card.dims, dims, normalised },
    options,
  )
  const counts: EmbedderCounts = { texts: 0, tokens: 0, unknown: 0, truncated: 0 }
  const once = createOnce(dims)
  return {
    model,
    tokenizer: engine.tokenizer,
    dims,
    counts,
    unit: normalised,
    running: engine.running,
    async embed(texts, kind, nameOf = (i) => `text ${i + 1}`, onEncoded) {
      engine.requireOpen()
      requireArgument('embed: texts', texts, isTexts)
      requireArgument('embed: kind', kind, oneOf(KINDS))
      const prefix = kind === 'query' ? card.queryPrefix : card.documentPrefix
      const prefixed = prefix === '' ? texts : texts.map((text) => prefix + text)
      const encodings = await engine.tokenizer.encode(prefixed)
      counts.texts += texts.length
      counts.tokens += encodings.tokens
      counts.unknown += encodings.unknown
      counts.truncated += encodings.truncated
      onEncoded?.(encodings)
      return once(prefixed, async (rows) => {
        const vectors = await engine.run(encodings, rows)
        requireFinite(vectors, dims, (row) => nameOf(rows[row]!))
        return vectors
      })
    },
    close: engine.close,
  }
}
