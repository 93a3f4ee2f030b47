/** Documents -> an index directory, whole or not at all. */
import { join } from 'node:path'
import { type Chunk, passageOf } from '../chunks/chunk.js'
import { textKey } from '../chunks/same-text.js'
import { type ChunkOptions, chunkDocuments } from '../chunks/split.js'
import type { Document } from '../documents/document.js'
import { ClaraError } from '../errors.js'
import { DurableFile, replaceFile, syncFile } from '../files/durable-file.js'
import { writeDirectory } from '../files/staged-directory.js'
import { windows } from '../files/windows.js'
import { startWorker } from '../files/worker-thread.js'
import type { Embedder } from '../inference/embedder.js'
import type { ThreadedTokenizer } from '../inference/open-tokenizer.js'
import type { EmbedderModel } from '../models/resolve.js'
import { createChunkWriter } from './chunk-store.js'
import { FILES, FORMAT, FORMAT_VERSION, type Manifest, type Precision } from './manifest.js'
import type { UsearchMethods } from './usearch.worker.js'
import { requireKnownWords } from './vocabulary.js'

/** Chunks embedded at a time: enough that each run finds texts of its own length. */
const WINDOW = 1024
/** The first chunks are embedded while the next are cut. */
const FIRST_WINDOW = 64

export interface BuildOptions {
  outputDir: string
  overwrite: boolean
  precision: Precision
  chunking: Manifest['chunking']
  /** Go on where over 5% of the corpus is unknown to the model. */
  force?: boolean
  onProgress?: (chunks: number) => void
}

/**
 * @returns the manifest of the index at `outputDir`.
 * @throws ClaraError `exists` when something is there, `too-small` when the corpus has no text.
 */
export async function buildIndex(
  documents: AsyncIterable<Document>,
  embedder: Embedder,
  options: BuildOptions,
): Promise<Manifest> {
  return writeDirectory(options.outputDir, options, (path) => fill(path, documents, embedder, options))
}

async function fill(
  directory: string,
  documents: AsyncIterable<Document>,
  embedder: Embedder,
  { chunking, precision, force = false, onProgress }: BuildOptions,
): Promise<Manifest> {
  const path = (name: string) => join(directory, name)
  const { dims, model } = embedder
  const usearch = startWorker<UsearchMethods>(new URL('./usearch.worker.js', import.meta.url), 'usearch')
  const chunkWriter = await createChunkWriter(directory)
  const vectorFile = await DurableFile.create(path(FILES.vectors))
  const seen = { documents: 0, chunks: 0, keys: new Set<string>() }
  const truncatedBefore = embedder.counts.truncated
  try {
    await usearch.call('create', { dims, precision })
    const chunks = chunkDocuments(
      counted(documents, () => seen.documents++),
      chunkOptions(chunking, embedder.model, embedder.tokenizer),
      embedder.tokenizer.countTokens,
    )
    for await (const { window, vectors } of embedded(chunks, embedder)) {
      for (const chunk of window) {
        seen.keys.add(textKey(passageOf(chunk)))
        await chunkWriter.write(chunk)
      }
      await vectorFile.write(new Uint8Array(vectors.buffer.slice(0)))
      await usearch.call('add', vectors, [vectors.buffer as ArrayBuffer])
      if (!force) requireKnownWords(embedder, false)
      seen.chunks += window.length
      onProgress?.(seen.chunks)
    }
    if (seen.chunks === 0) throw new ClaraError('too-small', 'the corpus has no text to index')
    if (!force) requireKnownWords(embedder, true)
    await usearch.call('save', path(FILES.graph))
    const manifest: Manifest = {
      format: FORMAT,
      version: FORMAT_VERSION,
      embedder: { name: model.card.name, sha256: model.model.sha256 },
      dims,
      metric: 'cos',
      precision,
      counts: {
        documents: seen.documents,
        chunks: seen.chunks,
        distinctChunks: seen.keys.size,
        truncated: embedder.counts.truncated - truncatedBefore,
      },
      chunking,
      files: {
        ...(await chunkWriter.close()),
        [FILES.vectors]: await vectorFile.close(),
        [FILES.graph]: await syncFile(path(FILES.graph)),
      },
    }
    await replaceFile(path('manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    return manifest
  } catch (error) {
    await Promise.all([chunkWriter.abandon(), vectorFile.abandon()])
    throw error
  } finally {
    await usearch.close()
  }
}

/** No chunk is longer than what the model reads of it. */
export function chunkOptions(
  chunking: Manifest['chunking'],
  model: EmbedderModel,
  tokenizer: ThreadedTokenizer,
): ChunkOptions {
  const maxTokens = Math.min(chunking.tokens, model.card.maxTokens - tokenizer.overheadTokens)
  return { maxTokens, overlapTokens: chunking.overlap, split: chunking.split }
}

async function* counted<T>(items: AsyncIterable<T>, count: () => void): AsyncGenerator<T> {
  for await (const item of items) {
    count()
    yield item
  }
}

/** Windows of chunks with their vectors; the next one is under way while one is used. */
async function* embedded(
  chunks: AsyncIterable<Chunk>,
  embedder: Embedder,
): AsyncGenerator<{ window: Chunk[]; vectors: Float32Array }> {
  let ahead: Promise<{ window: Chunk[]; vectors: Float32Array }> | undefined
  for await (const window of windows(chunks, WINDOW, FIRST_WINDOW)) {
    const next = embedder
      .embed(window.map(passageOf), 'document', (i) => `chunk ${window[i]!.id}`)
      .then((vectors) => ({ window, vectors }))
    next.catch(() => {}) // seen when it is awaited
    if (ahead) yield await ahead
    ahead = next
  }
  if (ahead) yield await ahead
}
