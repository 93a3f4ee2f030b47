/** clara-index build */
import { Command, Option } from 'commander'
import { documentsOf } from '../documents/corpus.js'
import { countDocuments } from '../documents/read-documents.js'
import { buildIndex, requireRoom } from '../index/build.js'
import type { Precision } from '../index/graph.js'
import { PRECISIONS } from '../index/manifest.js'
import { readProgress } from '../index/progress.js'
import { openEmbedder } from '../inference/embedder.js'
import { BILINGUAL_EMBEDDER } from '../models/resolve.js'
import { embedderOf } from './auto-embedder.js'
import { commandLineWith } from './command-line.js'
import { embeddingProgress } from './embedding-progress.js'
import {
  type ChunkFlags,
  chunkFlags,
  chunkingOf,
  type EmbedderFlags,
  embedderFlags,
  example,
  narrowedBy,
  type OutputFlags,
  outputFlags,
  share,
  wholeNumber,
} from './flags.js'
import { printIndexed } from './index-summary.js'
import { createTalk } from './talk.js'

interface BuildFlags extends OutputFlags, EmbedderFlags, ChunkFlags {
  inputFile: string[]
  outputDir: string
  precision?: Precision
  recall?: number
  dims?: number
  force?: boolean
  overwrite?: boolean
}

export function buildCommand(): Command {
  const command = new Command('build')
    .description(
      'Documents -> chunks -> embeddings -> an index directory. Interrupted, it goes on where it was when run again.',
    )
    .requiredOption(
      '--input-file <path...>',
      'JSONL or JSON records, text, Markdown (each also as .gz), a folder of those, or - for stdin',
    )
    .requiredOption('--output-dir <dir>', 'where the index goes; new, empty, or with an unfinished build')
    .addOption(
      new Option(
        '--precision <type>',
        'vectors inside the graph; default: i8, or bf16 for vectors of any length',
      ).choices(PRECISIONS),
    )
    .option(
      '--recall <share>',
      'of the nearest, what the graph is tuned to find on a sample of the chunks; default: 0.99 from 10,000 chunks on',
      share,
    )
    .option(
      '--dims <n>',
      'keep so many numbers of each vector, for models made for it (Matryoshka)',
      wholeNumber(1, 1 << 16),
    )
    .option('--force', 'go on where the model does not read over 10% of the documents')
    .option('--overwrite', 'replace an index, or unfinished work of other documents or settings')
  chunkFlags(command)
  embedderFlags(command)
  outputFlags(command)
  example(command, 'clara-index build --input-file raw_knowledge.jsonl --output-dir my-index')
  return command.action(async (flags: BuildFlags) => {
    const talk = createTalk(flags)
    const { outputDir, overwrite = false, force = false, precision, recall, threads } = flags
    await requireRoom(outputDir, overwrite)
    const chunking = chunkingOf(flags)
    const narrowed = narrowedBy(chunking)
    if (narrowed) talk.remark(narrowed)
    const begun = overwrite ? undefined : await begunEmbedder(outputDir)
    const { model, why } = await embedderOf(flags.embedder, { documents: flags.inputFile, begun }, talk)
    const embedder = await openEmbedder(model, { ...flags, calibrate: true })
    try {
      const progress = embeddingProgress(talk, await talk.forecast(() => countDocuments(flags.inputFile)))
      const manifest = await buildIndex(documentsOf(flags.inputFile, talk.onProblem), embedder, {
        outputDir,
        overwrite,
        precision,
        recall,
        chunking,
        force,
        auto: why,
        rebuild: commandLineWith('--embedder', BILINGUAL_EMBEDDER),
        threads,
        ...progress,
      })
      const unknown = { unknown_token_share: progress.unknownShare() }
      printIndexed(flags, talk, { directory: outputDir, manifest, embedder, progress }, unknown)
    } finally {
      await embedder.close()
    }
  })
}

/** Of an unfinished build. */
async function begunEmbedder(
  directory: string,
): Promise<{ sha256: string; why?: string | undefined } | undefined> {
  const header = (await readProgress(directory))?.header
  if (header?.work !== 'build') return undefined
  const { sha256, auto } = header.settings.embedder
  return { sha256, why: auto }
}
