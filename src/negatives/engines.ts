/** The models of a run: opened when the first number is asked for that is not kept from a run before. */
import { join } from 'node:path'
import type { Index } from '../index/open.js'
import { type Embedder, openEmbedder } from '../inference/embedder.js'
import type { EngineOptions } from '../inference/engine.js'
import { openReranker, type Reranker } from '../inference/reranker.js'
import { cacheDirectory } from '../models/cache-directory.js'
import type { EmbedderModel, Model, RerankerModel } from '../models/resolve.js'
import { createCachedEmbedder } from './embed-cached.js'
import { openKeywords } from './keywords.js'
import type { Engines } from './run.js'
import { NO_CACHE, openScoreCache } from './score-cache.js'
import { createScorer } from './scorer.js'

interface ModelSettings extends EngineOptions {
  embedder: EmbedderModel
  /** `undefined`: the embedder's scores judge. */
  reranker: RerankerModel | undefined
  /** Where scores are kept; `undefined`: in the user's cache directory; `false`: nowhere. */
  scoreCache?: string | false | undefined
  /** False where the embedder keeps its vectors itself. */
  vectorCache?: boolean | undefined
  /** An embedder that is open already; it stays open. */
  opened?: Embedder | undefined
  signal?: AbortSignal | undefined
  remark?: (text: string) => void
  onScored?: (pairs: number) => void
}

export interface EngineSettings extends ModelSettings {
  /** Candidates come by words, too. */
  hybrid?: boolean | undefined
}

/** What scores, with or without an index to look in. */
export interface Models extends Omit<Engines, 'index' | 'keywords'> {
  /** Whether what is computed is there for the next run. */
  keeps: boolean
  /** Models that were needed. */
  used(): (Embedder | Reranker)[]
  close(): Promise<void>
}

export interface OpenEngines extends Omit<Models, keyof Engines> {
  engines: Engines
}

export async function openEngines(
  index: Index,
  { hybrid, ...settings }: EngineSettings,
): Promise<OpenEngines> {
  const { embedder, scorer, ...models } = await openModels(index.manifest.dims, settings)
  const keywords = await (hybrid ? openKeywords(index.chunks) : undefined)?.catch(async (error) => {
    await models.close()
    throw error
  })
  return {
    engines: { index, embedder, scorer, keywords },
    ...models,
    async close() {
      await Promise.all([models.close(), keywords?.close()])
    },
  }
}

/** @param dims numbers of a vector that count: the index's, or all. */
export async function openModels(dims: number, settings: ModelSettings): Promise<Models> {
  const {
    embedder: model,
    reranker,
    opened,
    scoreCache,
    vectorCache = true,
    signal,
    onScored,
    remark = () => {},
    ...options
  } = settings
  const cacheOf = ({ model: { sha256 } }: Model) =>
    scoreCache === false
      ? NO_CACHE
      : openScoreCache(join(scoreCache ?? join(cacheDirectory(), 'scores'), sha256.slice(0, 16)), remark)
  const embedder = lazy(() => opened ?? openEmbedder(model, { ...options, dims, calibrate: true }))
  const ranker = lazy(() => openReranker(reranker!, { ...options, calibrate: true }))
  const vectors = vectorCache ? await cacheOf(model) : NO_CACHE
  // One file may do both; its cache can be open once.
  const shared = vectors !== NO_CACHE && reranker?.model.sha256 === model.model.sha256
  const scores = shared ? vectors : reranker ? await cacheOf(reranker) : NO_CACHE
  return {
    embedder: createCachedEmbedder(model, dims, embedder.get, vectors),
    scorer: reranker && createScorer(reranker, ranker.get, { cache: scores, signal, onScored }),
    keeps: vectors !== NO_CACHE,
    used: () => [embedder.opened(), ranker.opened()].filter((each) => each !== undefined),
    async close() {
      if (!opened) await embedder.opened()?.close()
      await Promise.all([
        ranker.opened()?.close(),
        ...[...new Set([vectors, scores])].map((cache) => cache.close()),
      ])
    },
  }
}

function lazy<T>(open: () => T | Promise<T>): { get(): Promise<T>; opened(): T | undefined } {
  let opening: Promise<T> | undefined
  let value: T | undefined
  return {
    async get() {
      opening ??= Promise.resolve(open())
      value = await opening
      return value
    },
    opened: () => value,
  }
}
