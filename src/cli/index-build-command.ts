/** clara-index build */
import { Command, Option } from 'commander'
import { readDocuments } from '../documents/read-documents.js'
import { requireVacant } from '../files/staged-directory.js'
import { buildIndex } from '../index/build.js'
import { PRECISIONS, type Precision } from '../index/manifest.js'
import { unknownShare } from '../index/vocabulary.js'
import { openEmbedder } from '../inference/embedder.js'
import { resolveEmbedder } from '../models/resolve.js'
import {
  type ChunkFlags,
  chunkFlags,
  chunkingOf,
  type EmbedderFlags,
  embedderFlags,
  example,
  type OutputFlags,
  outputFlags,
  wholeNumber,
} from './flags.js'
import { summaryOf } from './index-summary.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { runningOn } from './running-on.js'
import { createTalk } from './talk.js'

interface BuildFlags extends OutputFlags, EmbedderFlags, ChunkFlags {
  inputFile: string[]
  outputDir: string
  precision: Precision
  dims?: number
  force?: boolean
  overwrite?: boolean
}

export function buildCommand(): Command {
  const command = new Command('build')
    .description(
      'Documents -> chunks -> embeddings -> an index directory, which appears whole or not at all.',
    )
    .requiredOption(
      '--input-file <path...>',
      'JSONL (raw_knowledge or BEIR), text, Markdown, or a folder of those',
    )
    .requiredOption('--output-dir <dir>', 'where the index goes; must not exist')
    .addOption(
      new Option('--precision <type>', 'vectors inside the graph').choices(PRECISIONS).default('bf16'),
    )
    .option(
      '--dims <n>',
      'keep so many numbers of each vector, for models made for it (Matryoshka)',
      wholeNumber(1, 1 << 16),
    )
    .option('--force', 'go on where over 5% of the corpus is unknown to the model')
    .option('--overwrite', 'replace an index that is there')
  chunkFlags(command)
  embedderFlags(command)
  outputFlags(command)
  example(command, 'clara-index build --input-file raw_knowledge.jsonl --output-dir my-index')
  return command.action(async (flags: BuildFlags) => {
    const talk = createTalk(flags)
    if (!flags.overwrite) await requireVacant(flags.outputDir)
    const chunking = chunkingOf(flags)
    const embedder = await openEmbedder(await resolveEmbedder(flags.embedder), { ...flags, calibrate: true })
    try {
      const started = performance.now()
      const manifest = await buildIndex(readDocuments(flags.inputFile, talk.onProblem), embedder, {
        outputDir: flags.outputDir,
        overwrite: flags.overwrite ?? false,
        precision: flags.precision,
        chunking,
        force: flags.force ?? false,
        onProgress: talk.counter('chunks'),
      })
      talk.finish()
      const seconds = (performance.now() - started) / 1000
      const { counts } = manifest
      if (counts.truncated > 0)
        talk.remark(
          `${counts.truncated} chunks were cut at the model's limit of ${embedder.model.card.maxTokens} tokens`,
        )
      talk.remark(
        `${counts.chunks} chunks in ${seconds.toFixed(1)} s, ${(counts.chunks / seconds).toFixed(0)} a second`,
      )
      talk.remark(runningOn(embedder))
      printResult(flags, {
        index: flags.outputDir,
        ...summaryOf(manifest),
        unknown_token_share: Number(unknownShare(embedder).toFixed(4)),
        bad_records: talk.problems(),
      })
      process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
    } finally {
      await embedder.close()
    }
  })
}
