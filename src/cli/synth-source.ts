/** Where clara-synth's chunks come from: an index, one that it builds, or documents that are only cut. */
import { join } from 'node:path'
import { documentsOf } from '../documents/corpus.js'
import { countDocuments, readDocuments } from '../documents/read-documents.js'
import { buildIndex } from '../index/build.js'
import type { ChunkStore } from '../index/chunk-store.js'
import { storeChunks } from '../index/chunks-only.js'
import { readManifest } from '../index/manifest.js'
import { type Index, openIndex } from '../index/open.js'
import { openChunks } from '../index/snapshot.js'
import { type Embedder, openEmbedder } from '../inference/embedder.js'
import { openTokenizer } from '../inference/open-tokenizer.js'
import { BILINGUAL_EMBEDDER, type EmbedderModel } from '../models/resolve.js'
import type { Corpus } from '../negatives/corpus.js'
import { commandLineWith } from './command-line.js'
import { embeddingProgress } from './embedding-progress.js'
import { type ChunkFlags, chunkingOf, type IndexEmbedderFlags, narrowedBy } from './flags.js'
import { onInterrupt } from './run-cli.js'
import { runningOn } from './running-on.js'
import type { ApiEmbeddings } from './synth-embeddings.js'
import type { Talk } from './talk.js'

export interface SourceFlags extends IndexEmbedderFlags, ChunkFlags {
  outputDir: string
  inputFile?: string[]
  index?: string
  localEmbeddings?: boolean
  force?: boolean
}

export const REPLIES_ARE_KEPT =
  'run the same command again: the replies received so far are kept in llm_journal.jsonl'

export interface Source {
  chunks: ChunkStore
  /** Only with --local-embeddings and --use-embeddings. */
  ranking: { index: Index; embedder: Embedder } | undefined
  distinctChunks(corpus: Corpus): Promise<number>
  close(): Promise<void>
}

interface SourceOptions {
  /** What cuts the documents, and embeds them but with --use-embeddings. */
  model: EmbedderModel
  embeddings: ApiEmbeddings | undefined
  /** An earlier run has begun here. */
  resumed: boolean
  talk: Talk
}

export async function openSource(
  flags: SourceFlags,
  { model, embeddings, resumed, talk }: SourceOptions,
): Promise<Source> {
  if (embeddings) {
    talk.remark(`every chunk goes to the endpoint, for its vector by ${embeddings.model}`)
    const directory = join(flags.outputDir, 'api-index')
    return indexSource(flags, await embeddings.open(model), directory, resumed, talk)
  }
  if (!flags.localEmbeddings) return chunkSource(flags, model, talk)
  const { dims } = flags.index ? await readManifest(flags.index) : {}
  const embedder = await openEmbedder(model, { ...flags, dims, calibrate: true })
  return indexSource(flags, embedder, flags.index ?? join(flags.outputDir, 'index'), resumed, talk)
}

async function indexSource(
  flags: SourceFlags,
  embedder: Embedder,
  directory: string,
  resumed: boolean,
  talk: Talk,
): Promise<Source> {
  const { model } = embedder
  try {
    if (!flags.index && !(resumed && (await isBuilt(directory, model)))) {
      await buildIndex(documentsOf(flags.inputFile!, talk.onProblem), embedder, {
        outputDir: directory,
        overwrite: true, // the same documents and settings are gone on with all the same
        chunking: chunkingFor(flags, talk),
        force: flags.force ?? false,
        rebuild: commandLineWith('--embedder', BILINGUAL_EMBEDDER),
        ...embeddingProgress(talk, await talk.forecast(() => countDocuments(flags.inputFile!))),
      })
      onInterrupt(REPLIES_ARE_KEPT)
      talk.finish()
      talk.remark(runningOn(embedder))
    }
    const index = await openIndex(directory, model)
    return {
      chunks: index.chunks,
      ranking: { index, embedder },
      distinctChunks: async () => index.manifest.counts.distinctChunks,
      close: async () => {
        await Promise.all([index.close(), embedder.close()])
      },
    }
  } catch (error) {
    await embedder.close()
    throw error
  }
}

function chunkingFor(flags: ChunkFlags, talk: Talk) {
  const chunking = chunkingOf(flags)
  const narrowed = narrowedBy(chunking)
  if (narrowed) talk.remark(narrowed)
  return chunking
}

/** By this model: a run may be changed to another model of the endpoint's. */
async function isBuilt(directory: string, { model }: EmbedderModel): Promise<boolean> {
  const manifest = await readManifest(directory).catch(() => undefined)
  return manifest?.embedder.sha256 === model.sha256
}

async function chunkSource(flags: SourceFlags, model: EmbedderModel, talk: Talk): Promise<Source> {
  const chunks = flags.index
    ? await openChunks(flags.index)
    : await cutDocuments(flags, join(flags.outputDir, 'chunks'), model, talk)
  return {
    chunks,
    ranking: undefined,
    distinctChunks: (corpus) => corpus.distinct(),
    close: () => chunks.close(),
  }
}

/** Into a folder of their own. */
export async function cutDocuments(
  flags: SourceFlags,
  outputDir: string,
  model: EmbedderModel,
  talk: Talk,
): Promise<ChunkStore> {
  const tokenizer = await openTokenizer(model)
  try {
    return await storeChunks(readDocuments(flags.inputFile!, talk.onProblem), model, tokenizer, {
      outputDir,
      chunking: chunkingFor(flags, talk),
    })
  } finally {
    await tokenizer.close()
  }
}
