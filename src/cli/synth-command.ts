/** clara-synth: an LLM writes questions and answers, then they are mined as any others are. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { ClaraError } from '../errors.js'
import { moveResults, openRunDirectory, removeResults } from '../files/run-directory.js'
import { embedderFor } from '../index/same-model.js'
import { type Corpus, openCorpus } from '../negatives/corpus.js'
import { checkCorpusSize } from '../negatives/corpus-size.js'
import { type OpenEngines, openEngines } from '../negatives/engines.js'
import { relatedChunks } from '../negatives/related.js'
import type { Generation } from '../questions/generate.js'
import { createSplit, SIDES } from '../samples/split.js'
import { stageEntries } from '../samples/stages.js'
import { ANY_OUTPUT, outputEntries, REPORT_FILE, writeReport } from '../samples/write.js'
import { embedderOf } from './auto-embedder.js'
import { commandLine } from './command-line.js'
import { endpointFlags, resolveEndpoint } from './endpoint-flags.js'
import { chunkFlags, example, indexEmbedderFlags, outputFlags, sampleFlags, wholeNumber } from './flags.js'
import { formatFlags, formatsOf } from './format-flags.js'
import { rerankerOf, scoreCacheOf } from './judging-flags.js'
import { miningFlags } from './mining-flags.js'
import { miningProgress } from './mining-progress.js'
import { printRun, printWritten } from './print-run.js'
import { onInterrupt } from './run-cli.js'
import { type Asking, ask, dryRun } from './synth-ask.js'
import { believe } from './synth-believe.js'
import { embeddingFlags, resolveEmbeddings } from './synth-embeddings.js'
import { mine } from './synth-mine.js'
import { begunWith, changeableOf, refuseIdleFlags, type SynthFlags, settingsOf } from './synth-settings.js'
import { openSource, REPLIES_ARE_KEPT, type Source } from './synth-source.js'
import { createTalk, type Talk } from './talk.js'
import { writingFlags, writingOf } from './writing-flags.js'

export function synthCommand(): Command {
  const command = new Command('synth')
    .description(
      'Has an OpenAI-compatible endpoint write questions and answers for each chunk, then adds negatives.',
    )
    .option(
      '--input-file <path...>',
      'documents: JSONL or JSON records, text, Markdown (each also as .gz), a folder of those, or - for stdin',
    )
    .option('--index <dir>', 'an index that exists, instead of --input-file')
  embeddingFlags(command)
  sampleFlags(
    command,
    'where the samples go: a new folder, or that of a run to go on with',
    'replace the samples of a run before; replies that were paid for stay, and are not paid again',
  )
  formatFlags(command)
  endpointFlags(command)
  command
    .option('--limit <n>', 'ask about the first n chunks only', wholeNumber(1))
    .option('--batch', 'by OpenAI’s Batch API: half the price, within a day')
    .option('--batch-requests <n>', 'requests in a batch, at most', wholeNumber(1, 50_000), 50_000)
    .option('--retry-failed', 'ask anew about the chunks without a usable reply, and about those only')
    .option('--dry-run', 'count calls, tokens and cost; send and write nothing')
    .option('--force', 'go on where the embedder does not read over 10% of the documents')
  writingFlags(command)
  miningFlags(command)
  chunkFlags(command)
  indexEmbedderFlags(
    command,
    'with --index the one that built it, else by the documents as clara-index build',
  )
  outputFlags(command)
  example(
    command,
    'clara-synth --input-file raw_knowledge.jsonl --output-dir out --local-embeddings --target-top-k 5',
  )
  return command.action(synth)
}

async function synth(flags: SynthFlags, command: Command): Promise<void> {
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
  refuseIdleFlags(flags, command)
  const asked = await resolveEndpoint(flags, !flags.dryRun, talk)
  const embeddings = await resolveEmbeddings(flags, asked)
  const spending = { ...asked.spending, besides: embeddings?.usd }
  const asking: Asking = { ...asked, spending, embeddings, writing: await writingOf(flags) }
  const model = flags.index
    ? await embedderFor(flags.index, flags.embedder)
    : (await embedderOf(flags.embedder, { documents: flags.inputFile!, begun: await begunWith(flags) }, talk))
        .model
  if (flags.dryRun) return dryRun(flags, asking, model, talk)
  const settings = await settingsOf(flags, asking, model)
  const run = await openRunDirectory(flags.outputDir, settings, {
    last: REPORT_FILE,
    overwrite: flags.overwrite ?? false,
    again: flags.retryFailed ?? false,
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
      if (!source.ranking && flags.targetTopK > 1) {
        talk.remark('negatives are drawn at random: --local-embeddings finds hard ones, free of charge')
      }
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
    requireReplies(generation)
    const goOn = goOnWith(generation)
    remarkUncounted(generation, talk)
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
    if (goOn) talk.complain(goOn)
    if (mined) printRun(flags, talk, outputDir, mined.report, { mining: mined.mining, ...run })
    else printWritten(flags, talk, outputDir, { ...believed, ...run })
  } finally {
    await opened?.close()
    await rm(work, { recursive: true, force: true })
  }
}

/** @throws ClaraError `llm` where no chunk got a usable reply: what follows would only say that there is nothing. */
function requireReplies({ name, counts: { chunks, failed, pairs } }: Generation): void {
  if (failed === 0 || pairs > 0) return
  throw new ClaraError(
    'llm',
    `${name}: none of ${chunks} chunks got a usable reply; the lines above say why: ` +
      `check the base URL, the model and the server; then run ${commandLine({ more: ['--retry-failed'] })}`,
  )
}

/** What to run for the chunks that came to nothing, and for those only. */
function goOnWith({ counts: { chunks, failed } }: Generation): string | undefined {
  if (failed === 0) return undefined
  return `${failed} of ${chunks} chunks got no usable reply; for those alone: ${commandLine({ more: ['--retry-failed'] })}`
}

function remarkUncounted({ counts: { uncounted } }: Generation, talk: Talk): void {
  if (uncounted === 0) return
  talk.remark(
    `${uncounted} replies came without a count of their tokens: each is taken to have cost the most that it could`,
  )
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
