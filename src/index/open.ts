/** An index directory -> something to search. */

import { open } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { objectWith, oneOf, optional, requireArgument, requireOptions, text, whole } from '../arguments.js'
import { ClaraError } from '../errors.js'
import { bothOrNeither, closeOnce } from '../files/closable.js'
import type { Device } from '../inference/device.js'
import type { EmbedderModel } from '../models/resolve.js'
import { readBlocks } from './blocks.js'
import { CheckedReader } from './checked-file.js'
import type { ChunkStore } from './chunk-store.js'
import { openGraph } from './graph.js'
import { unreadable } from './index-files.js'
import { type Manifest, rowsOf } from './manifest.js'
import { requireSameModel } from './same-model.js'
import { createSearcher, type Found, METHODS, type SearchOptions } from './search.js'
import { openChunksOf, openSnapshot, readRemoved } from './snapshot.js'
import { requireVectorFile } from './vectors.js'

export interface Index {
  directory: string
  manifest: Manifest
  /** By row, which is what a search gives. */
  chunks: ChunkStore
  /**
   * The k nearest chunks of each query, best first; fewer where the index is smaller, and id -1
   * where what is excluded leaves fewer.
   * @param queries unit vectors, row-major [queries, dims].
   */
  search(queries: Float32Array, k: number, options?: SearchOptions): Promise<Found>
  /**
   * The stored vectors of rows, row-major [rows, dims], in float32.
   * @throws ClaraError `index` where the file is damaged.
   */
  vectors(rows: ArrayLike<number>): Promise<Float32Array>
  close(): Promise<void>
}

interface OpenOptions {
  /** Of exact search; the CPU unless it is `cuda`. */
  device?: Device | undefined
}

/**
 * @param model what queries are embedded with; it must be the one that built the index.
 * @throws ClaraError `index` when a file is damaged or the index is of another model.
 */
export async function openIndex(
  directory: string,
  model: EmbedderModel,
  options: OpenOptions = {},
): Promise<Index> {
  requireArgument('openIndex: directory', directory, text('the directory of an index'))
  requireArgument('openIndex: model', model, objectWith('card', 'what resolveEmbedder() returns'))
  return openSnapshot(directory, (manifest) => openManifest(directory, manifest, model, options))
}

async function openManifest(
  directory: string,
  manifest: Manifest,
  model: EmbedderModel,
  { device }: OpenOptions,
): Promise<Index> {
  requireSameModel(directory, manifest, model)
  const [files, removed] = await Promise.all([
    readBlocks(directory, manifest),
    readRemoved(directory, manifest),
  ])
  const { dims, metric, precision } = manifest
  const rows = rowsOf(manifest)
  requireVectorFile(files.vectors, { dims, rows })
  // Exact search reads them when it is first asked for: until then a writer may have taken the file away.
  const vectors = await open(files.vectors.path).catch((error) => {
    throw unreadable(files.vectors, error)
  })
  const [chunks, graph] = await bothOrNeither(
    openChunksOf(directory, manifest, files.chunks, removed),
    openGraph(files, { dims, metric, precision, rows }, { threads: availableParallelism(), removed }),
  ).catch(async (error) => {
    await vectors.close()
    throw error
  })
  let reader: CheckedReader | undefined
  const searcher = createSearcher({
    files: { ...files, vectors: { ...files.vectors, descriptor: vectors.fd } },
    shape: { dims, metric, rows, precision },
    removed,
    graph,
    recall: manifest.recall,
    threads: availableParallelism(),
    device,
  })
  const { close, requireOpen } = closeOnce(directory, async () => {
    await Promise.all([chunks.close(), searcher.close()])
    await vectors.close()
  })
  return {
    directory,
    manifest,
    chunks,
    async search(queries, k, options = {}) {
      requireOpen()
      requireSearch(queries, k, options, dims)
      return searcher.search(queries, k, options)
    },
    async vectors(wanted) {
      requireOpen()
      requireArgument('vectors: rows', wanted, objectWith('length', 'a list of rows'))
      reader ??= new CheckedReader({ ...files.vectors, descriptor: vectors.fd })
      return readVectors(reader, wanted, { dims, rows })
    },
    close,
  }
}

function requireSearch(queries: Float32Array, k: number, options: SearchOptions, dims: number): void {
  requireArgument('search: k', k, whole(1))
  requireOptions('search', options, {
    method: optional(oneOf(METHODS)),
    exclude: optional(objectWith('offsets', 'an object of offsets and rows')),
  })
  if (queries instanceof Float32Array && queries.length % dims === 0 && queries.every(Number.isFinite)) return
  const came = queries instanceof Float32Array ? `${queries.length} values` : `${typeof queries}`
  throw new ClaraError(
    'usage',
    `search: queries: expected a Float32Array of rows of ${dims} finite values, got ${came}`,
  )
}

function readVectors(
  reader: CheckedReader,
  wanted: ArrayLike<number>,
  { dims, rows }: { dims: number; rows: number },
): Float32Array {
  const bytes = dims * 4
  const out = new Float32Array(wanted.length * dims)
  const target = new Uint8Array(out.buffer)
  for (let i = 0; i < wanted.length; i++) {
    const row = wanted[i]!
    if (!(row >= 0 && row < rows)) throw new RangeError(`row ${row} of ${rows}`)
    reader.read(target.subarray(i * bytes, (i + 1) * bytes), row * bytes)
  }
  return out
}
