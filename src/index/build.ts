/** Documents -> an index directory. Rows are checkpointed, so that a build that was killed goes on. */

import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { extname, join } from 'node:path'
import {
  flag,
  objectWith,
  oneOf,
  optional,
  requireArgument,
  requireOptions,
  share,
  stream,
  text,
  whole,
} from '../arguments.js'
import type { Document } from '../documents/document.js'
import { ClaraError } from '../errors.js'
import type { Embedder } from '../inference/embedder.js'
import { differenceOf, embedRows } from './embed-rows.js'
import { finishIndex } from './finish.js'
import { defaultPrecision, type Precision } from './graph.js'
import { FILES, isIndexFile, MANIFEST, type Manifest, PRECISIONS } from './manifest.js'
import { type ChunkingOptions, ROW_FILES, type Tokens, WORK, type WorkHeader } from './progress.js'
import { type Base, RowWriter } from './row-writer.js'
import { DEFAULT_CHUNKING, type OpenedChunking, openChunking } from './trainer.js'
import { keepOrRemove, NEW, readCurrent, resumeOrStart, startAnew } from './unfinished.js'
import { metricOf } from './vectors.js'
import type { Unread } from './vocabulary.js'
import { asWriter, entriesOf } from './writer-lock.js'

export interface BuildOptions {
  outputDir: string
  /** Replace an index that is there, and give up unfinished work of other documents or settings. */
  overwrite: boolean
  /** Default: see defaultPrecision. */
  precision?: Precision | undefined
  /**
   * Default: as the commands have it, 256 tokens that do not overlap, and at most 256 of `mistral`. With a `trainer`, `mistral`, `qwen3` or
   * the path of a tokenizer, chunks have at most `tokens` of its tokens, too; chunking without one heeds none.
   */
  chunking?: ChunkingOptions
  /** Share of the nearest that the graph is tuned to find, in (0, 1]; default: 0.99 from 10,000 chunks on. */
  recall?: number | undefined
  /** Go on where the model does not read over 10% of the documents. */
  force?: boolean
  /** Why `chooseEmbedder` took this embedder: kept in the manifest. */
  auto?: string | undefined
  /** The command that builds the index with `multilingual-e5-small-en-zh`, for the message where the model does not read it. */
  rebuild?: string | undefined
  /** For the graph; default: all cores. */
  threads?: number
  /** Told once, of the chunks that an earlier run has embedded. */
  onResume?: (chunks: number, documents: number) => void
  /** Chunks that are embedded and on disk, what their texts were made of, and what the model does not read of them. */
  onProgress?: (chunks: number, tokens: Tokens, documents: number, unread: Unread) => void
}

const VECTORS_END = extname(FILES.vectors)
const NO_ROWS: Base = { rows: 0, bytes: 0 }

/**
 * Builds an index, or goes on with a build of the same documents and settings. An error that is
 * not the documents' fault leaves what was embedded; `.work` in the directory holds it.
 * @param documents iterated twice where work is to be overwritten.
 * @returns the manifest of the index at `outputDir`.
 * @throws ClaraError `exists` when something else is there, `too-small` when the corpus has no text.
 */
export async function buildIndex(
  documents: AsyncIterable<Document>,
  embedder: Embedder,
  options: BuildOptions,
): Promise<Manifest> {
  requireArgument('buildIndex: documents', documents, stream)
  requireArgument('buildIndex: embedder', embedder, objectWith('embed', 'what openEmbedder() returns'))
  requireOptions('buildIndex', options, {
    outputDir: text('the path of a directory'),
    chunking: optional(objectWith('tokens', 'an object of tokens, overlap and split')),
    precision: optional(oneOf(PRECISIONS)),
    auto: optional(text('why, as chooseEmbedder says it')),
    recall: optional(share),
    threads: optional(whole(1, 1024)),
  })
  const { chunking = DEFAULT_CHUNKING } = options
  requireOptions('buildIndex: chunking', chunking, {
    tokens: whole(1),
    overlap: whole(0),
    split: flag,
    trainer: optional(objectWith('name', 'an object of name and tokens')),
  })
  const { trainer } = chunking
  if (trainer) {
    requireOptions('buildIndex: chunking: trainer', trainer, {
      name: text('mistral, qwen3, or the path of a tokenizer'),
      tokens: whole(1),
    })
  }
  const { tokens, overlap } = chunking
  requireArgument('buildIndex: chunking: overlap', overlap, whole(0, Math.ceil(tokens / 2) - 1))
  const { outputDir, overwrite } = options
  await requireRoom(outputDir, overwrite)
  return asWriter(outputDir, async () => {
    await requireRoom(outputDir, overwrite)
    const opened = await openChunking(chunking)
    return build(documents, embedder, opened, options).finally(() => opened.close())
  })
}

/**
 * @throws ClaraError `exists` unless the directory is empty, or holds a build to go on with, or with
 * `overwrite` an index. Files of something else are never in danger.
 */
export async function requireRoom(directory: string, overwrite: boolean): Promise<void> {
  const entries = await entriesOf(directory)
  if (entries.length === 0) return
  const isIndex =
    entries.includes(WORK) || entries.some((name) => name.endsWith(VECTORS_END) && isIndexFile(name))
  if (overwrite && isIndex) return
  if (overwrite) {
    throw new ClaraError(
      'exists',
      `${directory}: exists and is not empty, and is no index: choose another directory`,
    )
  }
  if (entries.includes(MANIFEST)) {
    throw new ClaraError(
      'exists',
      `${directory}: holds an index already: choose another directory or pass --overwrite`,
    )
  }
  if (entries.includes(WORK)) return
  throw new ClaraError(
    'exists',
    `${directory}: exists and is not empty: choose another directory or pass --overwrite`,
  )
}

async function build(
  documents: AsyncIterable<Document>,
  embedder: Embedder,
  { chunking, trainer }: OpenedChunking,
  options: BuildOptions,
): Promise<Manifest> {
  const { outputDir, force = false, onProgress } = options
  const { card, model } = embedder.model
  const metric = metricOf(embedder)
  const header: WorkHeader = {
    work: 'build',
    generation: await nextGeneration(outputDir),
    base: null,
    settings: {
      embedder: {
        name: card.name,
        sha256: model.sha256,
        ...(options.auto !== undefined && { auto: options.auto }),
      },
      dims: embedder.dims,
      metric,
      precision: options.precision ?? defaultPrecision(metric),
      chunking,
    },
  }
  const writer = await openRows(documents, header, options)
  if (writer.rows > 0) options.onResume?.(writer.rows, writer.finished.length)
  try {
    await embedRows(documents, embedder, writer, {
      chunking,
      trainer,
      force,
      rebuild: options.rebuild,
      onProgress,
    })
    if (writer.rows === 0) throw new ClaraError('too-small', 'the corpus has no text to index')
    const digests = await writer.finish()
    const files = Object.fromEntries(
      ROW_FILES.map((file) => [file, { path: join(outputDir, WORK, FILES[file]), ...digests[file] }]),
    ) as Record<(typeof ROW_FILES)[number], typeof digests.chunks & { path: string }>
    const { generation, settings } = header
    return await finishIndex(
      {
        directory: outputDir,
        work: join(outputDir, NEW),
        generation,
        settings,
        files,
        documents: writer.finished,
        removed: new Uint32Array(),
        recall: options.recall,
      },
      { threads: options.threads ?? availableParallelism() },
    )
  } catch (error) {
    await writer.abandon()
    throw await keepOrRemove(outputDir, writer.saved, error)
  }
}

async function openRows(
  documents: AsyncIterable<Document>,
  header: WorkHeader,
  { outputDir, overwrite }: BuildOptions,
): Promise<RowWriter> {
  const current = await readCurrent(outputDir).catch(() => undefined) // an unreadable one is overwritten
  const progress = await resumeOrStart(outputDir, header, current?.manifest, overwrite)
  const writer = await RowWriter.open(outputDir, progress, NO_ROWS)
  if (!overwrite || writer.rows === 0) return writer
  if (isGenerator(documents)) return writer // it cannot be read a second time
  if (!(await differenceOf(documents, writer))) return writer
  await writer.abandon()
  await startAnew(outputDir)
  return RowWriter.open(outputDir, { header, checkpoints: [] }, NO_ROWS)
}

/** One more than that of the index that is there, whether or not its manifest can be read. */
async function nextGeneration(directory: string): Promise<number> {
  const entries = await readdir(directory)
  if (!entries.includes(MANIFEST)) return 1
  const current = await readCurrent(directory).catch(() => undefined)
  if (current) return current.manifest.generation + 1
  const numbers = entries.filter(isIndexFile).map((name) => Number(/\.(\d+)\.[^.]+$/.exec(name)?.[1] ?? 1))
  return Math.max(1, ...numbers) + 1
}

function isGenerator(documents: AsyncIterable<Document>): boolean {
  return 'next' in documents
}
