import { ClaraError, messageOf } from '../errors.js'
import type { Embedder } from '../inference/embedder.js'
import { AUTO, type EmbedderModel, resolveEmbedder } from '../models/resolve.js'
import { type Manifest, readManifest } from './manifest.js'
import { metricOf } from './vectors.js'

/**
 * The model for questions to an index, or for documents that go into it.
 * @param given a name or folder that goes before the one that the manifest names; `auto` is that one.
 * @throws ClaraError `index` when there is no index, `model` when the model is not here.
 */
export async function embedderFor(directory: string, given: string | undefined): Promise<EmbedderModel> {
  if (given !== undefined && given !== AUTO) return resolveEmbedder(given)
  const { name } = (await readManifest(directory)).embedder
  return resolveEmbedder(name).catch((error) => {
    throw new ClaraError(
      'model',
      `${directory}: built by ${name}: ${messageOf(error)}. A model in a folder of its own is named by --embedder FOLDER`,
      { cause: error },
    )
  })
}

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
