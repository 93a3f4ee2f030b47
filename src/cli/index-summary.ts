/** What the commands of an index print of it. */
import type { Manifest } from '../index/manifest.js'

export function summaryOf({
  embedder,
  dims,
  metric,
  precision,
  counts,
  chunking,
  files,
  generation,
}: Manifest) {
  return {
    embedder: embedder.name,
    dims,
    metric,
    precision,
    documents: counts.documents,
    chunks: counts.chunks,
    distinct_chunks: counts.distinctChunks,
    truncated_chunks: counts.truncated,
    removed_rows: counts.removed,
    chunk_tokens: chunking.split ? chunking.tokens : 'whole documents',
    chunk_overlap: chunking.overlap,
    generation,
    bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
  }
}
