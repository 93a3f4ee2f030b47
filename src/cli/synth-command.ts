/** clara-synth: an LLM writes questions and answers, then they are mined as any others are. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { documentsOf } from '../documents/corpus.js'
import { readDocuments } from '../documents/read-documents.js'
import { ClaraError } from '../errors.js'
import { readError } from '../files/jsonl.js'
import { fingerprint, moveResults, openRunDirectory, removeResults } from '../files/run-directory.js'
import { buildIndex } from '../index/build.js'
import type { ChunkStore } from '../index/chunk-store.js'
import { storeChunks } from '../index/chunks-only.js'
import { readManifest } from '../index/manifest.js'
import { type Index, openIndex } from '../index/open.js'
import { openChunks } from '../index/snapshot.js'
import { type Embedder, openEmbedder } from '../inference/embedder.js'
import { openTokenizer } from '../inference/open-tokenizer.js'
import { type EmbedderModel, resolveEmbedder } from '../models/resolve.js'
import { type Corpus, openCorpus } from '../negatives/corpus.js'
import { checkCorpusSize } from '../negatives/corpus-size.js'
import { type OpenEngines, openEngines } from '../negatives/engines.js'
import { drawNegatives, mineNegatives } from '../negatives/mine.js'
import { type Endpoint, type GenerateCounts, generateQuestions } from '../questions/generate.js'
import { readQuestions } from '../questions/read-questions.js'
import { writeQuestions } from '../questions/write-questions.js'
import type { RunReport } from '../samples/tally.js'
import { ANY_OUTPUT, outputEntries, REPORT_FILE, writeSamples } from '../samples/write.js'
import { embeddingProgress } from './embedding-progress.js'
import {
  type ChunkFlags,
  chunkFlags,
  chunkingOf,
  type EmbedderFlags,
  embedderFlags,
  example,
  type OutputFlags,
  outputFlags,
  type SampleFlags,
  sampleFlags,
  wholeNumber,
} from './flags.js'
import { type FormatFlags, formatFlags, formatsOf } from './format-flags.js'
import { rerankerOf, scoreCacheOf } from './judging-flags.js'
import { type MiningFlags, miningFlags, miningOptions } from './mining-flags.js'
import { miningProgress } from './mining-progress.js'
import { printRun, type RunMining } from './print-run.js'
import { onInterrupt } from './run-cli.js'
import { runningOn } from './running-on.js'
import { createTalk, type Talk } from './talk.js'

interface SynthFlags extends OutputFlags, EmbedderFlags, ChunkFlags, SampleFlags, FormatFlags, MiningFlags {
  inputFile?: string[]
  index?: string
  localEmbeddings?: boolean
  model: string
  baseUrl?: string
  apiKeyFile?: string
  pairsPerChunk: number
  concurrency: number
  timeout: number
  force?: boolean
}

export function synthCommand(): Command {
  const command = new Command('synth')
    .description(
      'Has an OpenAI-compatible endpoint write questions and answers for each chunk, then adds negatives.',
    )
    .option('--input-file <path...>', 'documents: JSONL, text, Markdown, or a folder of those')
    .option('--index <dir>', 'an index that exists, instead of --input-file')
    .option('--local-embeddings', 'hard negatives by the local model; without it they are drawn at random')
  sampleFlags(command)
  formatFlags(command)
  command
    .option('--model <name>', 'the model that writes', 'gpt-4o-mini')
    .option('--base-url <url>', 'endpoint (default: $OPENAI_BASE_URL, or OpenAI)')
    .option('--api-key-file <file>', 'file with the key (default: $OPENAI_API_KEY)')
    .option('--pairs-per-chunk <n>', 'questions for each chunk, at most', wholeNumber(1, 50), 1)
    .option('--concurrency <n>', 'calls at once', wholeNumber(1, 1000), 8)
    .option('--timeout <seconds>', 'for one call', wholeNumber(1, 300), 60)
    .option('--force', 'go on where over 5% of the corpus is unknown to the embedder')
  miningFlags(command)
  chunkFlags(command)
  embedderFlags(command)
  outputFlags(command)
  example(
    command,
    'clara-synth --input-file raw_knowledge.jsonl --output-dir out --local-embeddings --target-top-k 5',
  )
  return command.action(synth)
}

const REPLIES_ARE_KEPT =
  'run the same command again: the replies received so far are kept in llm_journal.jsonl'

async function synth(flags: SynthFlags): Promise<void> {
  const talk = createTalk(flags)
  if ((flags.inputFile === undefined) === (flags.index === undefined)) {
    throw new ClaraError('usage', 'synth needs one of --input-file and --index')
  }
  const endpoint = await endpointOf(flags)
  const model = await resolveEmbedder(flags.embedder)
  const resumed = await openRunDirectory(flags.outputDir, await settingsOf(flags, model), {
    last: REPORT_FILE,
    overwrite: flags.overwrite ?? false,
  })
  onInterrupt(REPLIES_ARE_KEPT)
  const source = await openSource(flags, model, resumed, talk)
  try {
    const corpus = await openCorpus(source.chunks)
    const warning = checkCorpusSize(await source.distinctChunks(corpus), flags.targetTopK)
    if (warning) talk.remark(warning)
    const counts = await ask(flags, endpoint, source.chunks, talk)
    const { report, mining } = await mine(flags, source, corpus, talk)
    printRun(flags, talk, flags.outputDir, report, { mining, llm: counts })
  } finally {
    await source.close()
  }
}

/** What the result depends on, but for the LLM's mood: the same settings may go on from one another. */
async function settingsOf(flags: SynthFlags, model: EmbedderModel): Promise<object> {
  const { targetTopK, seed, localEmbeddings = false, pairsPerChunk } = flags
  return {
    corpus: flags.index
      ? (await readManifest(flags.index)).files
      : await Promise.all(flags.inputFile!.map(fingerprint)),
    chunking: chunkingOf(flags),
    embedder: localEmbeddings ? model.model.sha256 : null,
    llm: flags.model,
    pairs_per_chunk: pairsPerChunk,
    top_k: targetTopK,
    seed,
    mining: localEmbeddings ? miningOptions(flags) : null,
    reranker: localEmbeddings ? ((await rerankerOf(flags))?.model.sha256 ?? null) : null,
  }
}

async function endpointOf(flags: SynthFlags): Promise<Endpoint> {
  const apiKey = flags.apiKeyFile ? await keyFrom(flags.apiKeyFile) : process.env.OPENAI_API_KEY?.trim()
  if (!apiKey && !flags.baseUrl) {
    throw new ClaraError(
      'usage',
      'no API key: set OPENAI_API_KEY, or pass --api-key-file FILE, or --base-url URL of a server that needs none',
    )
  }
  const { model, baseUrl, concurrency } = flags
  return { model, baseUrl, apiKey: apiKey || 'none', timeoutMs: flags.timeout * 1000, concurrency }
}

async function keyFrom(path: string): Promise<string> {
  const key = await readFile(path, 'utf8').catch((error) => {
    throw readError(path, error)
  })
  if (key.trim() === '') throw new ClaraError('input', `${path}: is empty, an API key was expected`)
  return key.trim()
}

interface Source {
  chunks: ChunkStore
  /** Only with --local-embeddings. */
  ranking: { index: Index; embedder: Embedder } | undefined
  distinctChunks(corpus: Corpus): Promise<number>
  close(): Promise<void>
}

async function openSource(
  flags: SynthFlags,
  model: EmbedderModel,
  resumed: boolean,
  talk: Talk,
): Promise<Source> {
  return flags.localEmbeddings ? indexSource(flags, model, resumed, talk) : chunkSource(flags, model, talk)
}

async function indexSource(
  flags: SynthFlags,
  model: EmbedderModel,
  resumed: boolean,
  talk: Talk,
): Promise<Source> {
  const { dims } = flags.index ? await readManifest(flags.index) : {}
  const embedder = await openEmbedder(model, { ...flags, dims, calibrate: true })
  try {
    const directory = flags.index ?? join(flags.outputDir, 'index')
    const built =
      flags.index !== undefined || (resumed && (await readManifest(directory).catch(() => undefined)))
    if (!built) {
      await buildIndex(documentsOf(flags.inputFile!, talk.onProblem), embedder, {
        outputDir: directory,
        overwrite: true, // the same documents and settings are gone on with all the same
        chunking: chunkingOf(flags),
        force: flags.force ?? false,
        ...embeddingProgress(talk),
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

async function chunkSource(flags: SynthFlags, model: EmbedderModel, talk: Talk): Promise<Source> {
  const chunks = flags.index ? await openChunks(flags.index) : await cutDocuments(flags, model, talk)
  return {
    chunks,
    ranking: undefined,
    distinctChunks: (corpus) => corpus.distinct(),
    close: () => chunks.close(),
  }
}

async function cutDocuments(flags: SynthFlags, model: EmbedderModel, talk: Talk): Promise<ChunkStore> {
  const tokenizer = await openTokenizer(model)
  try {
    return await storeChunks(readDocuments(flags.inputFile!, talk.onProblem), model, tokenizer, {
      outputDir: join(flags.outputDir, 'chunks'),
      chunking: chunkingOf(flags),
    })
  } finally {
    await tokenizer.close()
  }
}

async function ask(
  flags: SynthFlags,
  endpoint: Endpoint,
  chunks: ChunkStore,
  talk: Talk,
): Promise<GenerateCounts> {
  const { pairs, counts } = generateQuestions(chunks.all(), {
    endpoint,
    pairsPerChunk: flags.pairsPerChunk,
    journalPath: join(flags.outputDir, 'llm_journal.jsonl'),
    onProgress: talk.counter('chunks asked about'),
    onProblem: talk.onProblem,
  })
  await writeQuestions(join(flags.outputDir, 'qa.jsonl'), pairs)
  talk.finish()
  return counts
}

async function mine(
  flags: SynthFlags,
  { ranking }: Source,
  corpus: Corpus,
  talk: Talk,
): Promise<{ report: RunReport; mining: RunMining }> {
  const { outputDir, targetTopK: topK, seed } = flags
  const questions = readQuestions(join(outputDir, 'qa.jsonl'), talk.onProblem)
  const options = { ...miningOptions(flags), topK, seed, onProblem: talk.onProblem }
  const reranker = ranking && (await rerankerOf(flags))
  const progress = miningProgress(talk)
  const opened: OpenEngines | undefined =
    ranking &&
    (await openEngines(ranking.index, {
      embedder: ranking.embedder.model,
      opened: ranking.embedder,
      reranker,
      device: flags.device,
      threads: flags.threads,
      scoreCache: scoreCacheOf(flags),
      hybrid: flags.hybrid,
      remark: talk.remark,
      onScored: progress.onScored,
    }))
  const work = await mkdtemp(join(outputDir, '.samples-'))
  try {
    const { mined, counts } = opened
      ? mineNegatives(questions, corpus, opened.engines, options)
      : drawNegatives(questions, corpus, options)
    const report = await writeSamples(work, mined, {
      topK,
      seed,
      embedder: ranking?.embedder.model.card.name ?? null,
      reranker: reranker?.card.name ?? null,
      ...formatsOf(flags),
      onProgress: progress.onSample,
    })
    await removeResults(outputDir, ANY_OUTPUT)
    await moveResults(work, outputDir, outputEntries(formatsOf(flags)))
    return { report, mining: { counts, opened } }
  } finally {
    await opened?.close()
    await rm(work, { recursive: true, force: true })
  }
}
