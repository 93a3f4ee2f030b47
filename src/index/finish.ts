/** Rows that are whole -> the graph, the hashes, the counts, and the manifest that binds all of it. */
import { join } from 'node:path'
import { passageOf } from '../chunks/chunk.js'
import { hashBlocks, joinBlocks } from './blocks.js'
import { type ChunkStore, openChunkStore } from './chunk-store.js'
import { commit, type NewFile } from './commit.js'
import { createFile } from './copy.js'
import { distinctKey } from './distinct-key.js'
import type { DocumentRecord } from './document-table.js'
import { finishGraph } from './finish-graph.js'
import { type GraphOptions, writeGraph } from './graph-of-vectors.js'
import { damaged } from './index-files.js'
import { type Counts, FILES, type Manifest } from './manifest.js'
import type { RowFile, WorkSettings } from './progress.js'
import { rowsToBytes } from './rows.js'

export interface NewIndex {
  directory: string
  /** Where new files are written before they are moved to their place. */
  work: string
  generation: number
  settings: WorkSettings
  files: Record<RowFile, NewFile>
  /** Those of `files.documents`. */
  documents: DocumentRecord[]
  /** Rows, ascending. */
  removed: Uint32Array
  /** What the graph is tuned to find; `undefined`: nothing was asked for. */
  recall: number | undefined
}

/** Makes everything else that belongs to the rows, and commits. */
export async function finishIndex(index: NewIndex, options: GraphOptions): Promise<Manifest> {
  const { directory, work, generation, settings, files, removed } = index
  const { embedder, dims, metric, precision, chunking } = settings
  const shape = { dims, metric, precision }
  const checked = {
    ...(await writeGraph(join(work, FILES.graph), files.vectors, shape, options)),
    chunks: await hashBlocks(files.chunks.path),
  }
  if (checked.chunks.sha256 !== files.chunks.sha256) throw damaged(checked.chunks)
  const store = await openChunkStore(checked.chunks, files.offsets, removed)
  const counts = await countsOf(store, index.documents).finally(store.close)
  const rows = store.rows
  const recall = await finishGraph({
    ...checked,
    shape: { ...shape, rows },
    removed,
    threads: options.threads,
    recall: index.recall,
  })
  const created = {
    ...files,
    graph: checked.graph,
    blocks: await createFile(join(work, FILES.blocks), (file) => file.write(joinBlocks(checked))),
    ...(await removedFile(work, removed)),
  }
  const manifest = { generation, embedder, dims, metric, precision, counts, chunking, recall }
  return commit(directory, manifest, created, {})
}

/** What the manifest counts of an index with these chunks and documents. */
export async function countsOf(store: ChunkStore, documents: DocumentRecord[]): Promise<Counts> {
  const keys = new Set<string>()
  for await (const chunk of store.all()) keys.add(distinctKey(passageOf(chunk)))
  return {
    documents: documents.length,
    chunks: store.count,
    distinctChunks: keys.size,
    truncated: documents.reduce((sum, { truncated }) => sum + truncated, 0),
    removed: store.removed.length,
  }
}

/** Where there are removed rows, the file of them. */
export async function removedFile(work: string, removed: Uint32Array): Promise<{ removed?: NewFile }> {
  if (removed.length === 0) return {}
  return { removed: await createFile(join(work, FILES.removed), (file) => file.write(rowsToBytes(removed))) }
}
