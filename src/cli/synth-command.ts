/** clara-synth: an LLM writes questions and answers, then they are mined as any others are. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
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
import { relatedChunks } from '../negatives/related.js'
import { type Endpoint, generateQuestions } from '../questions/generate.js'
import type { Writing } from '../questions/prompt.js'
import { readQuestions } from '../questions/read-questions.js'
import { QA_FILE, REJECTED_FILE } from '../questions/write-judged.js'
import { createSplit, SIDES, type Split } from '../samples/split.js'
import { stageEntries } from '../samples/stages.js'
import type { RunReport } from '../samples/tally.js'
import { ANY_OUTPUT, outputEntries, REPORT_FILE, writeReport, writeSamples } from '../samples/write.js'
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
import { printRun, printWritten, type RunMining } from './print-run.js'
import { onInterrupt } from './run-cli.js'
import { runningOn } from './running-on.js'
import { type Believed, believe } from './synth-believe.js'
import { createTalk, type Talk } from './talk.js'
import { type WritingFlags, writingFlags, writingOf } from './writing-flags.js'

interface SynthFlags
  extends OutputFlags,
    EmbedderFlags,
    ChunkFlags,
    SampleFlags,
    FormatFlags,
    MiningFlags,
    WritingFlags {
  inputFile?: string[]
  index?: string
  localEmbeddings?: boolean
  model: string
  baseUrl?: string
  apiKeyFile?: string
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
    .option('--concurrency <n>', 'calls at once', wholeNumber(1, 1000), 8)
    .option('--timeout <seconds>', 'for one call', wholeNumber(1, 300), 60)
    .option('--force', 'go on where over 5% of the corpus is unknown to the embedder')
  writingFlags(command)
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
  if (flags.types['multi-hop'] && !flags.localEmbeddings) {
    throw new ClaraError('usage', 'multi-hop questions are about related chunks: add --local-embeddings')
  }
  const endpoint = await endpointOf(flags)
  const writing = await writingOf(flags)
  const model = await resolveEmbedder(flags.embedder)
  const resumed = await openRunDirectory(flags.outputDir, await settingsOf(flags, model, writing), {
    last: REPORT_FILE,
    overwrite: flags.overwrite ?? false,
    changeable: await changeableOf(flags),
  })
  onInterrupt(REPLIES_ARE_KEPT)
  await removeResults(flags.outputDir, await leftOver(flags.outputDir))
  const source = await openSource(flags, model, resumed, talk)
  try {
    const corpus = await openCorpus(source.chunks)
    if (flags.stages.includes('end-to-end')) {
      const warning = checkCorpusSize(await source.distinctChunks(corpus), flags.targetTopK)
      if (warning) talk.remark(warning)
    }
    await writeAll(flags, { endpoint, writing, source, corpus, talk })
  } finally {
    await source.close()
  }
}

const WORK = '.samples-'

/** What a run that was killed has left. */
async function leftOver(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.startsWith(WORK))
}

interface Setup {
  endpoint: Endpoint
  writing: Writing
  source: Source
  corpus: Corpus
  talk: Talk
}

/** In a folder of its own until all is there; the report is the last to come out of it. */
async function writeAll(
  flags: SynthFlags,
  { endpoint, writing, source, corpus, talk }: Setup,
): Promise<void> {
  const { outputDir, stages, split: share, seed } = flags
  const { parquet } = formatsOf(flags)
  const progress = miningProgress(talk)
  const opened = await enginesOf(flags, source, progress.onScored, talk)
  const work = await mkdtemp(join(outputDir, WORK))
  try {
    const split = share === undefined ? undefined : await createSplit(source.chunks.all(), share, seed)
    const sides = split ? SIDES : [undefined]
    const { written, counts: llm } = generateQuestions(source.chunks.all(), {
      endpoint,
      writing,
      related: source.ranking && relatedChunks(source.ranking.index, corpus),
      journalPath: join(outputDir, 'llm_journal.jsonl'),
      onProgress: talk.counter('chunks asked about'),
      onProblem: talk.onProblem,
    })
    const found = opened && { corpus, engines: opened.engines, within: flags.roundTrip }
    const believed = await believe(written, work, outputDir, { found, stages, sides, parquet, split })
    talk.finish()
    const setup = { corpus, talk, opened, work, split, believed, progress }
    const mined = stages.includes('end-to-end') ? await mine(flags, setup) : undefined
    if (!mined) await writeReport(work, believed)
    await removeResults(outputDir, ANY_OUTPUT)
    await moveResults(work, outputDir, [
      ...stageEntries({ stages, sides, parquet }),
      ...(mined ? outputEntries(formatsOf(flags), sides) : [REPORT_FILE]),
    ])
    if (mined) printRun(flags, talk, outputDir, mined.report, { mining: mined.mining, llm })
    else printWritten(flags, talk, outputDir, { ...believed, llm })
  } finally {
    await opened?.close()
    await rm(work, { recursive: true, force: true })
  }
}

/** What the replies depend on, but for the LLM's mood: the same settings may go on from one another. */
async function settingsOf(flags: SynthFlags, model: EmbedderModel, writing: Writing): Promise<object> {
  return {
    corpus: flags.index
      ? (await readManifest(flags.index)).files
      : await Promise.all(flags.inputFile!.map(fingerprint)),
    chunking: chunkingOf(flags),
    embedder: model.model.sha256, // chunks are cut by its tokens
    llm: flags.model,
    writing: { ...writing, template: writing.template ?? null },
  }
}

/** What is made of the replies: another choice costs no call. */
async function changeableOf(flags: SynthFlags): Promise<object> {
  const { targetTopK, seed, localEmbeddings = false, stages, split, roundTrip } = flags
  return {
    top_k: targetTopK,
    seed,
    stages,
    split: split ?? null,
    ...formatsOf(flags),
    local_embeddings: localEmbeddings,
    ...(localEmbeddings && {
      mining: { ...miningOptions(flags), hybrid: flags.hybrid ?? false },
      round_trip: roundTrip,
      reranker: (await rerankerOf(flags))?.model.sha256 ?? null,
    }),
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

async function enginesOf(
  flags: SynthFlags,
  { ranking }: Source,
  onScored: (pairs: number) => void,
  talk: Talk,
): Promise<OpenEngines | undefined> {
  if (!ranking) return undefined
  return openEngines(ranking.index, {
    embedder: ranking.embedder.model,
    opened: ranking.embedder,
    reranker: await rerankerOf(flags),
    device: flags.device,
    threads: flags.threads,
    scoreCache: scoreCacheOf(flags),
    hybrid: flags.hybrid,
    remark: talk.remark,
    onScored,
  })
}

interface MiningSetup {
  corpus: Corpus
  talk: Talk
  opened: OpenEngines | undefined
  /** Where the files go. */
  work: string
  split: Split | undefined
  believed: Believed
  progress: ReturnType<typeof miningProgress>
}

async function mine(
  flags: SynthFlags,
  { corpus, talk, opened, work, split, believed, progress }: MiningSetup,
): Promise<{ report: RunReport; mining: RunMining }> {
  const { outputDir, targetTopK: topK, seed } = flags
  const { written, kept } = believed.questions
  if (written > 0 && kept === 0) {
    throw new ClaraError(
      'llm',
      `none of ${written} pairs passed the checks: ${join(outputDir, REJECTED_FILE)} says why`,
    )
  }
  const questions = readQuestions(join(outputDir, QA_FILE), talk.onProblem)
  const options = { ...miningOptions(flags), topK, seed, onProblem: talk.onProblem }
  const { mined, counts } = opened
    ? mineNegatives(questions, corpus, opened.engines, options)
    : drawNegatives(questions, corpus, options)
  const report = await writeSamples(work, mined, {
    topK,
    seed,
    embedder: opened?.engines.embedder.name ?? null,
    reranker: opened?.engines.scorer?.name ?? null,
    ...formatsOf(flags),
    sideOf:
      split &&
      (({ positives }) =>
        split.sideOf(positives.map(({ chunk, key }) => ({ documentId: chunk!.documentId, key })))),
    more: () => believed,
    onProgress: progress.onSample,
  })
  return { report, mining: { counts, opened } }
}
