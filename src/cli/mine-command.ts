/** clara-mine: questions and answers that exist -> samples with hard negatives. */
import { Command } from 'commander'
import { bothOrNeither } from '../files/closable.js'
import { requireVacant, writeDirectory } from '../files/staged-directory.js'
import { readManifest } from '../index/manifest.js'
import { openIndex } from '../index/open.js'
import { openEmbedder } from '../inference/embedder.js'
import { resolveEmbedder } from '../models/resolve.js'
import { openCorpus } from '../negatives/corpus.js'
import { checkCorpusSize } from '../negatives/corpus-size.js'
import { mineNegatives } from '../negatives/mine.js'
import { readQuestions } from '../questions/read-questions.js'
import { writeSamples } from '../samples/write.js'
import {
  type EmbedderFlags,
  embedderFlags,
  example,
  type OutputFlags,
  outputFlags,
  type SampleFlags,
  sampleFlags,
} from './flags.js'
import { printRun } from './print-run.js'
import { runningOn } from './running-on.js'
import { remarkMethod } from './search-method.js'
import { createTalk } from './talk.js'

interface MineFlags extends OutputFlags, EmbedderFlags, SampleFlags {
  index: string
  qaFile: string
}

export function mineCommand(): Command {
  const command = new Command('mine')
    .description('Finds hard negatives for questions whose answers are known: k documents a sample.')
    .requiredOption('--index <dir>', 'made by clara-index build')
    .requiredOption('--qa-file <path>', 'qa.jsonl {question, answer, doc_id | positive}, or a BEIR folder')
  sampleFlags(command)
  embedderFlags(command)
  outputFlags(command)
  example(command, 'clara-mine --index my-index --qa-file qa.jsonl --output-dir out --target-top-k 5')
  return command.action(async (flags: MineFlags) => {
    const talk = createTalk(flags)
    if (!flags.overwrite) await requireVacant(flags.outputDir)
    const model = await resolveEmbedder(flags.embedder)
    const { dims } = await readManifest(flags.index)
    const [index, embedder] = await bothOrNeither(
      openIndex(flags.index, model, { device: flags.device }),
      openEmbedder(model, { ...flags, dims, calibrate: true }),
    )
    try {
      const topK = flags.targetTopK
      const warning = checkCorpusSize(index.manifest.counts.distinctChunks, topK)
      if (warning) talk.remark(warning)
      const corpus = await openCorpus(index.chunks)
      const questions = readQuestions(flags.qaFile, talk.onProblem)
      const mined = mineNegatives(questions, remarkMethod(index, talk.remark), corpus, embedder, {
        topK,
        seed: flags.seed,
        onProblem: talk.onProblem,
      })
      const report = await writeDirectory(flags.outputDir, flags, (directory) =>
        writeSamples(directory, mined, {
          topK,
          seed: flags.seed,
          embedder: model.card.name,
          onProgress: talk.counter('samples'),
        }),
      )
      talk.remark(runningOn(embedder))
      printRun(flags, talk, flags.outputDir, report)
    } finally {
      await Promise.all([index.close(), embedder.close()])
    }
  })
}
