/** clara-mine: questions and answers that exist -> samples with hard negatives. */
import { Command } from 'commander'
import { ClaraError } from '../errors.js'
import { requireRoomFor, writeDirectory } from '../files/staged-directory.js'
import { openIndex } from '../index/open.js'
import { embedderFor } from '../index/same-model.js'
import { openCorpus } from '../negatives/corpus.js'
import { checkCorpusSize } from '../negatives/corpus-size.js'
import { openEngines } from '../negatives/engines.js'
import { mineNegatives } from '../negatives/mine.js'
import { countQuestions, questionsOf } from '../questions/read-questions.js'
import { DEFAULT_REPORT } from '../samples/report/report.js'
import { ANY_OUTPUT, writeSamples } from '../samples/write.js'
import {
  example,
  type IndexEmbedderFlags,
  indexEmbedderFlags,
  type OutputFlags,
  outputFlags,
  type SampleFlags,
  sampleFlags,
  type TrainerFlags,
  trainerFlags,
} from './flags.js'
import { type FormatFlags, formatFlags, formatsOf } from './format-flags.js'
import { rerankerOf, scoreCacheOf } from './judging-flags.js'
import { type MiningFlags, miningFlags, miningOptions } from './mining-flags.js'
import { miningProgress } from './mining-progress.js'
import { printRun, scaleOf } from './print-run.js'
import { rebuildCommand } from './rebuild-command.js'
import { onInterrupt } from './run-cli.js'
import { remarkMethod } from './search-method.js'
import { createTalk } from './talk.js'
import { trainerRoom } from './trainer-room.js'

interface MineFlags
  extends OutputFlags,
    IndexEmbedderFlags,
    SampleFlags,
    FormatFlags,
    MiningFlags,
    TrainerFlags {
  force?: boolean
  index: string
  qaFile: string
  split?: string
}

export function mineCommand(): Command {
  const command = new Command('mine')
    .description('Finds hard negatives for questions whose answers are known: k documents a sample.')
    .requiredOption('--index <dir>', 'made by clara-index build')
    .requiredOption(
      '--qa-file <path>',
      'qa.jsonl {question, answer, doc_id | positive}, a BEIR folder, or - for stdin',
    )
    .option('--split <name>', 'of a BEIR folder with several: train is qrels/train.tsv')
  sampleFlags(command)
  command.option(
    '--force',
    'go on where a model does not read the questions, or the answers are not in the documents named',
  )
  formatFlags(command)
  miningFlags(command)
  trainerFlags(command, {
    trainer: 'that of the index, or mistral',
    docMaxLength: 'that of the index, or 256',
  })
  indexEmbedderFlags(command)
  outputFlags(command)
  example(command, 'clara-mine --index my-index --qa-file qa.jsonl --output-dir out --target-top-k 5')
  return command.action(mine)
}

async function mine(flags: MineFlags): Promise<void> {
  const talk = createTalk(flags)
  const { targetTopK: topK, seed, force = false, device, threads } = flags
  const options = {
    ...miningOptions(flags),
    topK,
    seed,
    force,
    onProblem: talk.onProblem,
    remark: talk.remark,
  }
  const replacing = { overwrite: flags.overwrite ?? false, mayReplace: isOutput }
  await requireRoomFor(flags.outputDir, replacing)
  const [embedder, reranker] = [await embedderFor(flags.index, flags.embedder), await rerankerOf(flags)]
  const index = await openIndex(flags.index, embedder, { device })
  try {
    const warning = checkCorpusSize(index.manifest.counts.distinctChunks, topK)
    if (warning) talk.remark(warning)
    const corpus = await openCorpus(index.chunks)
    const progress = miningProgress(talk, await talk.forecast(() => countQuestions(flags.qaFile)))
    const opened = await openEngines(remarkMethod(index, talk.remark), {
      embedder,
      reranker,
      device,
      threads,
      scoreCache: scoreCacheOf(flags),
      hybrid: flags.hybrid,
      remark: talk.remark,
      onScored: progress.onScored,
    })
    if (opened.keeps) onInterrupt('run the same command again: scores that were computed are kept')
    const room = await trainerRoom(flags, index.manifest.chunking, talk)
    try {
      const { mined, counts } = mineNegatives(
        questionsOf(flags.qaFile, talk.onProblem, { split: flags.split }),
        corpus,
        opened.engines,
        { ...options, rebuild: rebuildCommand(flags.index, index.manifest, embedder) },
      )
      const scorers = { embedder: embedder.card.name, reranker: reranker?.card.name ?? null }
      const report = await writeDirectory(flags.outputDir, replacing, async (directory) => {
        const written = await writeSamples(directory, room.counting(mined), {
          topK,
          seed,
          ...scorers,
          ...formatsOf(flags),
          more: () => ({
            ...scaleOf(counts),
            models: { embedder: embedder.model.sha256, reranker: reranker?.model.sha256 ?? null },
          }),
          onProgress: progress.onSample,
        })
        if (written.samples > 0) return written
        throw new ClaraError('input', `${flags.qaFile}: no question became a sample: the lines above say why`)
      })
      room.remark()
      printRun(flags, talk, flags.outputDir, report, { mining: { counts, opened } })
    } finally {
      await Promise.all([opened.close(), room.close()])
    }
  } finally {
    await index.close()
  }
}

/** Of an output directory: what a run before may have left there. */
function isOutput(name: string): boolean {
  return name === DEFAULT_REPORT || ANY_OUTPUT.includes(name)
}
