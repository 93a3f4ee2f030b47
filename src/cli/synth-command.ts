/** clara-synth: an LLM writes questions and answers, then they are mined as any others are. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { ClaraError } from '../errors.js'
import { fingerprint, moveResults, openRunDirectory, removeResults } from '../files/run-directory.js'
import { readManifest } from '../index/manifest.js'
import { embedderFor } from '../index/same-model.js'
import type { EmbedderModel } from '../models/resolve.js'
import { type Corpus, openCorpus } from '../negatives/corpus.js'
import { checkCorpusSize } from '../negatives/corpus-size.js'
import { type OpenEngines, openEngines } from '../negatives/engines.js'
import { drawNegatives, mineNegatives } from '../negatives/mine.js'
import { relatedChunks } from '../negatives/related.js'
import { readQuestions } from '../questions/read-questions.js'
import { QA_FILE, REJECTED_FILE } from '../questions/write-judged.js'
import { createSplit, SIDES, type Split } from '../samples/split.js'
import { stageEntries } from '../samples/stages.js'
import type { RunReport } from '../samples/tally.js'
import { ANY_OUTPUT, outputEntries, REPORT_FILE, writeReport, writeSamples } from '../samples/write.js'
import { endpointFlags, resolveEndpoint } from './endpoint-flags.js'
import {
  type ChunkFlags,
  chunkFlags,
  chunkingOf,
  example,
  type IndexEmbedderFlags,
  indexEmbedderFlags,
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
import { type AskFlags, type Asking, ask, dryRun } from './synth-ask.js'
import { type Believed, believe } from './synth-believe.js'
import { type EmbeddingFlags, embeddingFlags, resolveEmbeddings } from './synth-embeddings.js'
import { openSource, REPLIES_ARE_KEPT, type Source } from './synth-source.js'
import { createTalk, type Talk } from './talk.js'
import { type WritingFlags, writingFlags, writingOf } from './writing-flags.js'

interface SynthFlags
  extends OutputFlags,
    IndexEmbedderFlags,
    ChunkFlags,
    SampleFlags,
    FormatFlags,
    MiningFlags,
    WritingFlags,
    AskFlags,
    EmbeddingFlags {}

export function synthCommand(): Command {
  const command = new Command('synth')
    .description(
      'Has an OpenAI-compatible endpoint write questions and answers for each chunk, then adds negatives.',
    )
    .option('--input-file <path...>', 'documents: JSONL, text, Markdown, or a folder of those')
    .option('--index <dir>', 'an index that exists, instead of --input-file')
  embeddingFlags(command)
  sampleFlags(command)
  formatFlags(command)
  endpointFlags(command)
  command
    .option('--limit <n>', 'ask about the first n chunks only', wholeNumber(1))
    .option('--batch', 'by OpenAI’s Batch API: half the price, within a day')
    .option('--batch-requests <n>', 'requests in a batch, at most', wholeNumber(1, 50_000), 50_000)
    .option('--dry-run', 'count calls, tokens and cost; send and write nothing')
    .option('--force', 'go on where over 5% of the corpus is unknown to the embedder')
  writingFlags(command)
  miningFlags(command)
  chunkFlags(command)
  indexEmbedderFlags(command, 'with --index the one that built it, else all-minilm-l6-v2')
  outputFlags(command)
  example(
    command,
    'clara-synth --input-file raw_knowledge.jsonl --output-dir out --local-embeddings --target-top-k 5',
  )
  return command.action(synth)
}

async function synth(flags: SynthFlags): Promise<void> {
  const talk = createTalk(flags)
  if ((flags.inputFile === undefined) === (flags.index === undefined)) {
    throw new ClaraError('usage', 'synth needs one of --input-file and --index')
  }
  if (flags.types['multi-hop'] && !flags.localEmbeddings && !flags.useEmbeddings) {
    throw new ClaraError(
      'usage',
      'multi-hop questions are about related chunks: add --local-embeddings or --use-embeddings',
    )
  }
  const asked = await resolveEndpoint(flags, !flags.dryRun, talk)
  const embeddings = await resolveEmbeddings(flags, asked)
  const spending = { ...asked.spending, besides: embeddings?.usd }
  const asking: Asking = { ...asked, spending, embeddings, writing: await writingOf(flags) }
  const model = await embedderFor(flags.index, flags.embedder)
  if (flags.dryRun) return dryRun(flags, asking, model, talk)
  const settings = await settingsOf(flags, asking, model)
  const run = await openRunDirectory(flags.outputDir, settings, {
    last: REPORT_FILE,
    overwrite: flags.overwrite ?? false,
    changeable: await changeableOf(flags, embeddings?.model),
  })
  onInterrupt(REPLIES_ARE_KEPT)
  try {
    await removeResults(flags.outputDir, await leftOver(flags.outputDir))
    const { resumed } = run
    const source = await openSource(flags, { model, embeddings, resumed, talk })
    await makeAll(flags, { asking, source, talk })
  } finally {
    await run.release()
  }
}

async function makeAll(flags: SynthFlags, { asking, source, talk }: Omit<Setup, 'corpus'>): Promise<void> {
  try {
    const corpus = await openCorpus(source.chunks)
    if (flags.stages.includes('end-to-end')) {
      const warning = checkCorpusSize(await source.distinctChunks(corpus), flags.targetTopK)
      if (warning) talk.remark(warning)
    }
    await writeAll(flags, { asking, source, corpus, talk })
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
  asking: Asking
  source: Source
  corpus: Corpus
  talk: Talk
}

/** In a folder of its own until all is there; the report is the last to come out of it. */
async function writeAll(flags: SynthFlags, { asking, source, corpus, talk }: Setup): Promise<void> {
  const { outputDir, stages, split: share, seed } = flags
  const { parquet } = formatsOf(flags)
  const progress = miningProgress(talk)
  const opened = await enginesOf(flags, source, progress.onScored, talk)
  const work = await mkdtemp(join(outputDir, WORK))
  try {
    const split = share === undefined ? undefined : await createSplit(source.chunks.all(), share, seed)
    const sides = split ? SIDES : [undefined]
    const related = source.ranking && relatedChunks(source.ranking.index, corpus)
    const { generation, summary } = await ask(flags, asking, source.chunks, related, talk)
    const found = opened && { corpus, engines: opened.engines, within: flags.roundTrip }
    const believed = await believe(generation.written, work, outputDir, {
      found,
      stages,
      sides,
      parquet,
      split,
    })
    talk.finish()
    const { run: llm, report } = summary()
    const paid = { llm: report, ...(asking.embeddings && { embeddings: asking.embeddings.summary().report }) }
    const setup = { corpus, talk, opened, work, split, believed: { ...believed, ...paid }, progress }
    const mined = stages.includes('end-to-end') ? await mine(flags, setup) : undefined
    if (!mined) await writeReport(work, setup.believed)
    await removeResults(outputDir, ANY_OUTPUT)
    await moveResults(work, outputDir, [
      ...stageEntries({ stages, sides, parquet }),
      ...(mined ? outputEntries(formatsOf(flags), sides) : [REPORT_FILE]),
    ])
    const run = { llm, ...(asking.embeddings && { embeddings: asking.embeddings.summary().run }) }
    if (mined) printRun(flags, talk, outputDir, mined.report, { mining: mined.mining, ...run })
    else printWritten(flags, talk, outputDir, { ...believed, ...run })
  } finally {
    await opened?.close()
    await rm(work, { recursive: true, force: true })
  }
}

/** What the replies depend on, but for the LLM's mood: the same settings may go on from one another. */
async function settingsOf(
  flags: SynthFlags,
  { endpoint, writing }: Asking,
  model: EmbedderModel,
): Promise<object> {
  return {
    corpus: flags.index
      ? (await readManifest(flags.index)).files
      : await Promise.all(flags.inputFile!.map(fingerprint)),
    chunking: chunkingOf(flags),
    embedder: model.model.sha256, // chunks are cut by its tokens
    llm: endpoint.model,
    writing: { ...writing, template: writing.template ?? null },
  }
}

/** What is made of the replies: another choice costs no call. */
async function changeableOf(flags: SynthFlags, embeddingModel: string | undefined): Promise<object> {
  const { targetTopK, seed, localEmbeddings = false, stages, split, roundTrip, limit } = flags
  return {
    limit: limit ?? null,
    top_k: targetTopK,
    seed,
    stages,
    split: split ?? null,
    ...formatsOf(flags),
    local_embeddings: localEmbeddings,
    ...(embeddingModel !== undefined && { embedding_model: embeddingModel }),
    ...((localEmbeddings || embeddingModel !== undefined) && {
      mining: { ...miningOptions(flags), hybrid: flags.hybrid ?? false },
      round_trip: roundTrip,
      reranker: (await rerankerOf(flags))?.model.sha256 ?? null,
    }),
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
    vectorCache: !flags.useEmbeddings,
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
  believed: Believed & { llm: object }
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
