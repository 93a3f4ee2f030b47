/** An index directory -> something to search. */
import { join } from 'node:path'
import { ClaraError } from '../errors.js'
import { startWorker } from '../files/worker-thread.js'
import type { EmbedderModel } from '../models/resolve.js'
import { type ChunkStore, openChunkStore } from './chunk-store.js'
import { checkIndexFile } from './index-files.js'
import { FILES, type IndexFile, type Manifest, readManifest } from './manifest.js'
import type { Ranked } from './rank.js'
import type { UsearchMethods } from './usearch.worker.js'

export interface Index {
  directory: string
  manifest: Manifest
  chunks: ChunkStore
  /**
   * The k nearest chunks of each query, best first; fewer where the index is smaller.
   * @param queries unit vectors, row-major [queries, dims].
   */
  search(queries: Float32Array, k: number, options?: { exact?: boolean }): Promise<Ranked>
  close(): Promise<void>
}

/**
 * @param model what queries are embedded with; it must be the one that built the index.
 * @throws ClaraError `index` when a file is damaged or the index is of another model.
 */
export async function openIndex(directory: string, model: EmbedderModel): Promise<Index> {
  const manifest = await readManifest(directory)
  requireSameModel(directory, manifest, model)
  const file = (name: IndexFile) => ({ path: join(directory, name), ...manifest.files[name] })
  const usearch = startWorker<UsearchMethods>(new URL('./usearch.worker.js', import.meta.url), 'usearch')
  const { dims, precision, counts } = manifest
  const [graph, vectors] = [file(FILES.graph), file(FILES.vectors)]
  const loading = usearch.call('load', { dims, precision, count: counts.chunks, graph, vectors })
  const reading = openChunkStore(directory, manifest.files)
  try {
    const [chunks] = await Promise.all([reading, loading])
    return {
      directory,
      manifest,
      chunks,
      search: (queries, k, { exact = false } = {}) => usearch.call('search', { queries, k, exact }),
      async close() {
        await Promise.all([chunks.close(), usearch.close()])
      },
    }
  } catch (error) {
    await Promise.allSettled([usearch.close(), reading.then((chunks) => chunks.close())])
    throw error
  }
}

function requireSameModel(
  directory: string,
  { embedder, dims }: Manifest,
  { card, model }: EmbedderModel,
): void {
  if (embedder.sha256 === model.sha256 && dims <= card.dims) return
  throw new ClaraError(
    'index',
    `${directory}: built by ${embedder.name} (${dims} dimensions, sha256 ${embedder.sha256.slice(0, 12)}…), the query model is ` +
      `${card.name} (${card.dims} dimensions, sha256 ${model.sha256.slice(0, 12)}…): pass the embedder that built the index`,
  )
}

/**
 * Hashes every file of an index.
 * @throws ClaraError `index` at the first that is not what the manifest says.
 */
export async function verifyIndex(directory: string): Promise<Manifest> {
  const manifest = await readManifest(directory)
  for (const name of Object.values(FILES)) {
    await checkIndexFile({ path: join(directory, name), ...manifest.files[name] })
  }
  return manifest
}
