/** What the commands of an index print of it. */
import type { Manifest } from '../index/manifest.js'

export function summaryOf({ embedder, dims, precision, counts, chunking, files }: Manifest) {
  return {
    embedder: embedder.name,
    dims,
    precision,
    documents: counts.documents,
    chunks: counts.chunks,
    distinct_chunks: counts.distinctChunks,
    truncated_chunks: counts.truncated,
    chunk_tokens: chunking.split ? chunking.tokens : 'whole documents',
    chunk_overlap: chunking.overlap,
    bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
  }
}
