import { ClaraError } from '../errors.js'
import type { Embedder } from '../inference/embedder.js'
import type { EmbedderModel } from '../models/resolve.js'
import type { Manifest } from './manifest.js'
import { metricOf } from './vectors.js'

/** @throws ClaraError `index` with both names where the model is not the one that built the index. */
export function requireSameModel(
  directory: string,
  { embedder, dims }: Manifest,
  { card, model }: EmbedderModel,
): void {
  if (embedder.sha256 === model.sha256 && dims <= card.dims) return
  throw new ClaraError(
    'index',
    `${directory}: built by ${embedder.name} (${dims} dimensions, sha256 ${embedder.sha256.slice(0, 12)}…), the model given is ` +
      `${card.name} (${card.dims} dimensions, sha256 ${model.sha256.slice(0, 12)}…): pass the embedder that built the index`,
  )
}

/** As requireSameModel, for vectors that go into the index. */
export function requireSameEmbedder(directory: string, manifest: Manifest, embedder: Embedder): void {
  requireSameModel(directory, manifest, embedder.model)
  if (manifest.dims === embedder.dims && manifest.metric === metricOf(embedder)) return
  throw new ClaraError(
    'index',
    `${directory}: holds vectors of ${manifest.dims} dimensions (${manifest.metric}), ` +
      `the embedder gives ${embedder.dims} (${metricOf(embedder)})`,
  )
}
