/** clara-index add */
import { Command } from 'commander'
import { documentsOf } from '../documents/corpus.js'
import { addDocuments } from '../index/add.js'
import { readManifest } from '../index/manifest.js'
import { embedderFor, requireSameModel } from '../index/same-model.js'
import { openEmbedder } from '../inference/embedder.js'
import { embeddingProgress } from './embedding-progress.js'
import {
  example,
  type IndexEmbedderFlags,
  indexEmbedderFlags,
  type OutputFlags,
  outputFlags,
} from './flags.js'
import { printIndexed } from './index-summary.js'
import { rebuildCommand } from './rebuild-command.js'
import { createTalk } from './talk.js'

interface AddFlags extends OutputFlags, IndexEmbedderFlags {
  inputFile: string[]
  force?: boolean
  overwrite?: boolean
  trainer?: string
}

export function addCommand(): Command {
  const command = new Command('add')
    .description(
      'Adds new documents, replaces changed ones, and passes over those that are there as they are.',
    )
    .argument('<dir>', 'index directory')
    .requiredOption(
      '--input-file <path...>',
      'JSONL or JSON records, text, Markdown (each also as .gz), a folder of those, or - for stdin',
    )
    .option('--force', 'go on where the model does not read over 10% of the new documents')
    .option('--overwrite', 'give up unfinished work of other documents or another command')
    .option('--trainer <path>', 'where the trainer’s tokenizer lies now that the index was built with')
  indexEmbedderFlags(command)
  outputFlags(command)
  example(command, 'clara-index add my-index --input-file more.jsonl')
  return command.action(async (directory: string, flags: AddFlags) => {
    const talk = createTalk(flags)
    const model = await embedderFor(directory, flags.embedder)
    const before = await readManifest(directory)
    requireSameModel(directory, before, model)
    const embedder = await openEmbedder(model, { ...flags, dims: before.dims, calibrate: true })
    try {
      const progress = embeddingProgress(talk)
      const {
        manifest,
        added,
        changed,
        skipped,
        apart = 0,
      } = await addDocuments(directory, documentsOf(flags.inputFile, talk.onProblem), embedder, {
        overwrite: flags.overwrite ?? false,
        force: flags.force ?? false,
        threads: flags.threads,
        trainer: flags.trainer,
        rebuild: rebuildCommand(directory, before, model, flags.inputFile),
        ...progress,
      })
      if (apart > 0) {
        talk.remark(
          `${apart} documents have the name of a file that the index holds from another folder: their ids are their paths`,
        )
      }
      printIndexed(flags, talk, { directory, manifest, embedder, progress }, { added, changed, skipped })
    } finally {
      await embedder.close()
    }
  })
}
