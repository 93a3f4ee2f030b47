/** clara-synth: an LLM writes questions and answers, then they are mined as any others are. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Chunk } from '../chunks/chunk.js'
import { documentsOf } from '../documents/corpus.js'
import { readDocuments } from '../documents/read-documents.js'
import { ClaraError } from '../errors.js'
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
import { askInBatches, type BatchCounts } from '../questions/ask-in-batches.js'
import { first } from '../questions/first.js'
import { type Generation, generateQuestions } from '../questions/generate.js'
import { planQuestions } from '../questions/plan.js'
import { readQuestions } from '../questions/read-questions.js'
import { writeQuestions } from '../questions/write-questions.js'
import type { RunReport } from '../samples/tally.js'
import { ANY_OUTPUT, outputEntries, REPORT_FILE, writeSamples } from '../samples/write.js'
import { askingProgress, batchProgress } from './asking-progress.js'
import { embeddingProgress } from './embedding-progress.js'
import { type Asked, type EndpointFlags, endpointFlags, resolveEndpoint } from './endpoint-flags.js'
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
import { printResult } from './print-result.js'
import { printRun, type RunMining } from './print-run.js'
import { EXIT, onInterrupt } from './run-cli.js'
import { runningOn } from './running-on.js'
import { createTalk, type Talk } from './talk.js'

interface SynthFlags
  extends OutputFlags,
    EmbedderFlags,
    ChunkFlags,
    SampleFlags,
    FormatFlags,
    MiningFlags,
    EndpointFlags {
  inputFile?: string[]
  index?: string
  localEmbeddings?: boolean
  pairsPerChunk: number
  limit?: number
  dryRun?: boolean
  batch?: boolean
  batchRequests: number
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
  endpointFlags(command)
  command
    .option('--pairs-per-chunk <n>', 'questions for each chunk, at most', wholeNumber(1, 50), 1)
    .option('--limit <n>', 'ask about the first n chunks only', wholeNumber(1))
    .option('--batch', 'by OpenAI’s Batch API: half the price, within a day')
    .option('--batch-requests <n>', 'requests in a batch, at most', wholeNumber(1, 50_000), 50_000)
    .option('--dry-run', 'count calls, tokens and cost; send and write nothing')
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

const JOURNAL = 'llm_journal.jsonl'
const REPLIES_ARE_KEPT =
  'run the same command again: the replies received so far are kept in llm_journal.jsonl'

async function synth(flags: SynthFlags): Promise<void> {
  const talk = createTalk(flags)
  if ((flags.inputFile === undefined) === (flags.index === undefined)) {
    throw new ClaraError('usage', 'synth needs one of --input-file and --index')
  }
  const asked = await resolveEndpoint(flags, !flags.dryRun, talk)
  const model = await resolveEmbedder(flags.embedder)
  if (flags.dryRun) return dryRun(flags, asked, model, talk)
  const settings = await settingsOf(flags, asked.endpoint.model, model)
  const resumed = await openRunDirectory(flags.outputDir, settings, {
    last: REPORT_FILE,
    overwrite: flags.overwrite ?? false,
  })
  onInterrupt(REPLIES_ARE_KEPT)
  const source = await openSource(flags, model, resumed, talk)
  try {
    const corpus = await openCorpus(source.chunks)
    const warning = checkCorpusSize(await source.distinctChunks(corpus), flags.targetTopK)
    if (warning) talk.remark(warning)
    const llm = await ask(flags, asked, source.chunks, talk)
    const { report, mining } = await mine(flags, source, corpus, llm.report, talk)
    printRun(flags, talk, flags.outputDir, report, { mining, llm: llm.run })
  } finally {
    await source.close()
  }
}

/** What the result depends on, but for the LLM's mood: the same settings may go on from one another. */
async function settingsOf(flags: SynthFlags, llm: string, model: EmbedderModel): Promise<object> {
  const { targetTopK, seed, localEmbeddings = false, pairsPerChunk } = flags
  return {
    corpus: flags.index
      ? (await readManifest(flags.index)).files
      : await Promise.all(flags.inputFile!.map(fingerprint)),
    chunking: chunkingOf(flags),
    embedder: localEmbeddings ? model.model.sha256 : null,
    llm,
    pairs_per_chunk: pairsPerChunk,
    top_k: targetTopK,
    seed,
    mining: localEmbeddings ? miningOptions(flags) : null,
    reranker: localEmbeddings ? ((await rerankerOf(flags))?.model.sha256 ?? null) : null,
  }
}

/** Cuts the documents in a folder that goes again; an index is there already. */
async function dryRun(
  flags: SynthFlags,
  { endpoint, spending }: Asked,
  model: EmbedderModel,
  talk: Talk,
): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'clara-dry-run-'))
  try {
    const chunks = flags.index
      ? await openChunks(flags.index)
      : await cutDocuments(flags, join(work, 'chunks'), model, talk)
    const plan = await planQuestions(chosen(flags, chunks), {
      endpoint,
      pairsPerChunk: flags.pairsPerChunk,
      journalPath: join(flags.outputDir, JOURNAL),
      price: spending.price,
      batch: flags.batch ?? false,
    }).finally(() => chunks.close())
    talk.finish()
    const unknown = spending.price ? {} : { usd: 'unknown', usdAtMost: 'unknown', usdSpent: 'unknown' }
    printResult(flags, { dryRun: true, model: endpoint.model, ...plan, ...(flags.json ? {} : unknown) })
    process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function chosen({ limit }: SynthFlags, chunks: ChunkStore): AsyncIterable<Chunk> {
  return limit === undefined ? chunks.all() : first(chunks.all(), limit)
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

async function cutDocuments(
  flags: SynthFlags,
  outputDir: string,
  model: EmbedderModel,
  talk: Talk,
): Promise<ChunkStore> {
  const tokenizer = await openTokenizer(model)
  try {
    return await storeChunks(readDocuments(flags.inputFile!, talk.onProblem), model, tokenizer, {
      outputDir,
      chunking: chunkingOf(flags),
    })
  } finally {
    await tokenizer.close()
  }
}

async function ask(
  flags: SynthFlags,
  { endpoint, spending }: Asked,
  chunks: ChunkStore,
  talk: Talk,
): Promise<{ run: object; report: object }> {
  const total = Math.min(chunks.count, flags.limit ?? chunks.count)
  const shared = {
    endpoint,
    ...spending,
    pairsPerChunk: flags.pairsPerChunk,
    journalPath: join(flags.outputDir, JOURNAL),
  }
  const batched = flags.batch
    ? await askInBatches(() => chosen(flags, chunks), {
        ...shared,
        batchRequests: flags.batchRequests,
        onProgress: batchProgress(talk),
      })
    : undefined
  if (batched) onInterrupt(REPLIES_ARE_KEPT)
  const generation: Generation = generateQuestions(chosen(flags, chunks), {
    ...shared,
    onProgress: askingProgress(talk, total, () => generation),
    onProblem: talk.onProblem,
  })
  await writeQuestions(join(flags.outputDir, 'qa.jsonl'), generation.pairs)
  talk.finish()
  return summaryOf(endpoint.model, generation, batched)
}

/** Of this run, and of all replies that the directory holds: the report's file knows no single run. */
function summaryOf(
  model: string,
  { counts, spending }: Generation,
  batched: BatchCounts | undefined,
): { run: object; report: object } {
  const { total } = spending
  const [usd, totalUsd] = [spending.usd, spending.totalUsd].map((each) => each && Number(each.toFixed(6)))
  const { promptTokens: prompt_tokens, completionTokens: completion_tokens } = total
  return {
    run: { model, ...counts, usd, ...(batched && { batched }), totalUsd },
    report: { model, prompt_tokens, completion_tokens, usd: totalUsd },
  }
}

async function mine(
  flags: SynthFlags,
  { ranking }: Source,
  corpus: Corpus,
  llm: object,
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
      llm,
    })
    await removeResults(outputDir, ANY_OUTPUT)
    await moveResults(work, outputDir, outputEntries(formatsOf(flags)))
    return { report, mining: { counts, opened } }
  } finally {
    await opened?.close()
    await rm(work, { recursive: true, force: true })
  }
}
