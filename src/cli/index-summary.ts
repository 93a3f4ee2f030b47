/** What the commands of an index print of it. */
import type { Manifest } from '../index/manifest.js'
import { shortfallOf } from '../index/recall.js'
import { unreadWarning } from '../index/vocabulary.js'
import type { Embedder } from '../inference/embedder.js'
import { type EmbeddingProgress, remarkTruncated } from './embedding-progress.js'
import type { OutputFlags } from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { runningOn } from './running-on.js'
import type { Talk } from './talk.js'

interface Indexed {
  directory: string
  manifest: Manifest
  embedder: Embedder
  progress: EmbeddingProgress
}

/** The end of a command that embedded documents. */
export function printIndexed(
  flags: OutputFlags,
  talk: Talk,
  { directory, manifest, embedder, progress }: Indexed,
  counts: { added?: number; changed?: number; skipped?: number; unknown_token_share?: number },
): void {
  talk.finish()
  remarkTruncated(talk, manifest, embedder)
  const unread = progress.unread()
  const warning = unread && unreadWarning(embedder.model, unread)
  if (warning) talk.remark(warning)
  remarkRecall(talk, manifest)
  talk.remark(progress.rate())
  talk.remark(runningOn(embedder))
  const documents_not_read = unread?.unread ?? 0
  printResult(flags, {
    index: directory,
    ...counts,
    documents_not_read,
    ...summaryOf(manifest),
    ...talk.counts(),
  })
  process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
}

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
    ...(chunking.trainer && { trainer: trainerOf(chunking.trainer) }),
    generation,
    bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function trainerOf({ name, sha256, tokens }: NonNullable<Manifest['chunking']['trainer']>): string {
  return `${name}${sha256 === null ? ' (estimated)' : ''}, ${tokens} tokens`
}

/** What tuning found, or that nothing was tuned. */
export function remarkRecall(talk: Talk, { recall }: Manifest): void {
  if (!recall) return
  const { at10, at100 } = recall
  talk.remark(
    shortfallOf(recall) ??
      `the graph finds ${at10.recall.toFixed(4)} of the 10 nearest at expansion ${at10.expansion}, ` +
        `${at100.recall.toFixed(4)} of the 100 nearest at ${at100.expansion}`,
  )
}
