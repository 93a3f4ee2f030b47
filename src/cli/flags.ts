/** Flags that several commands take, and how their values are read. */
import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ClaraError } from '../errors.js'
import type { ChunkingOptions } from '../index/progress.js'
import { DEVICES, type Device, parseDevice } from '../inference/device.js'
import { DEFAULT_TRAINER, NO_TRAINER, TRAINER_DOC_TOKENS } from '../inference/trainer-tokenizer.js'
import { AUTO } from '../models/resolve.js'

export interface OutputFlags {
  json?: boolean
  quiet?: boolean
}

export interface EmbedderFlags {
  embedder: string
  device: Device | undefined
  threads: number
}

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} up` : `from ${least} to ${most}`
    throw new InvalidArgumentError(`expected a whole number ${range}`)
  }
}

/** In (0, 1]. */
export function share(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value <= 1) return value
  throw new InvalidArgumentError('expected a number over 0 and at most 1: 0.99')
}

export function wholeNumbers(text: string): number[] {
  const numbers = text.split(',').map(Number)
  if (numbers.every((n) => Number.isSafeInteger(n) && n > 0)) return numbers
  throw new InvalidArgumentError('expected whole numbers with commas between them: 16,128')
}

export function outputFlags(command: Command): Command {
  return command
    .option('--json', 'print one JSON object instead of text')
    .option('--quiet', 'no progress and no remarks, errors only')
}

const EMBEDDER = 'embedding model: a name, its folder, or an .onnx file in one'
/** What a command does that chooses by its documents. */
const BY_DOCUMENTS = 'auto: all-minilm-l6-v2 for English alone, multilingual-e5-small-en-zh with Chinese'

export function embedderFlags(command: Command, fallback = BY_DOCUMENTS): Command {
  return runningFlags(
    command.addOption(new Option('--embedder <name|folder>', EMBEDDER).default(AUTO, fallback)),
  )
}

/** As EmbedderFlags, where an index says which model it is: see embedderFor. */
export type IndexEmbedderFlags = Omit<EmbedderFlags, 'embedder'> & { embedder?: string }

export function indexEmbedderFlags(command: Command, fallback = 'the one that built the index'): Command {
  return runningFlags(
    command.addOption(new Option('--embedder <name|folder>', EMBEDDER).default(undefined, fallback)),
  )
}

function runningFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--device <device>', `where the model runs: ${DEVICES.join(', ')}; cuda:1 is the second GPU`)
        .argParser(parseDevice)
        .default(undefined, 'auto'),
    )
    .addOption(
      new Option('--threads <n>', 'model threads')
        .argParser(wholeNumber(1, 256))
        .default(availableParallelism(), 'all cores'),
    )
}

export interface TrainerFlags {
  trainer?: string
  docMaxLength?: number
}

/** Without values of their own: @param fallback says which are taken. */
export function trainerFlags(command: Command, fallback: { trainer: string; docMaxLength: string }): Command {
  return command
    .addOption(
      new Option(
        '--trainer <name|path>',
        `tokenizer of the model to train: mistral, qwen3 (estimated), its file or folder, or none; default: ${fallback.trainer}`,
      ),
    )
    .addOption(
      new Option(
        '--doc-max-length <n>',
        `what the trainer reads of a document, in its tokens; default: ${fallback.docMaxLength}`,
      ).argParser(wholeNumber(16, 1 << 20)),
    )
}

/** Where nothing else says which trainer it is. */
export const TRAINER_FALLBACK = { trainer: DEFAULT_TRAINER, docMaxLength: String(TRAINER_DOC_TOKENS) }

export interface ChunkFlags extends TrainerFlags {
  chunkTokens: number
  chunkOverlap: number
  chunk: boolean
}

export function chunkFlags(command: Command): Command {
  command
    .option('--chunk-tokens <n>', 'longest chunk, in the embedder’s tokens', wholeNumber(8, 1 << 20), 256)
    .option(
      '--chunk-overlap <n>',
      'tokens that a chunk repeats of the one before',
      wholeNumber(0, 1 << 20),
      0,
    )
    .addOption(
      new Option('--no-chunk', 'each document is one chunk, cut at the model’s limit').conflicts([
        'chunkTokens',
        'chunkOverlap',
      ]),
    )
  return trainerFlags(command, TRAINER_FALLBACK)
}

/** @throws ClaraError `usage` when chunks would hardly advance. */
export function chunkingOf(flags: ChunkFlags): ChunkingOptions {
  const { chunkTokens: tokens, chunkOverlap: overlap, chunk: split } = flags
  const { trainer = DEFAULT_TRAINER, docMaxLength = TRAINER_DOC_TOKENS } = flags
  if (overlap * 2 >= tokens) {
    throw new ClaraError(
      'usage',
      `--chunk-overlap ${overlap} must be less than half of --chunk-tokens ${tokens}`,
    )
  }
  const chunking = { tokens, overlap, split }
  if (!split || trainer === NO_TRAINER) return chunking
  return { ...chunking, trainer: { name: trainer, tokens: docMaxLength } }
}

/** What --chunk-tokens does not come to, if it asks for more than the trainer reads. */
export function narrowedBy({ tokens, trainer }: ChunkingOptions): string | undefined {
  if (!trainer || tokens <= trainer.tokens) return undefined
  return (
    `chunks have at most ${trainer.tokens} tokens of the trainer (${trainer.name}), less than --chunk-tokens ${tokens}: ` +
    `for longer ones pass --doc-max-length ${tokens} and train with --doc_max_length ${tokens}`
  )
}

export interface SampleFlags {
  outputDir: string
  targetTopK: number
  seed: number
  overwrite?: boolean
}

export function sampleFlags(
  command: Command,
  outputDir = 'where the samples go; new or empty',
  overwrite = 'replace the output of a run before',
): Command {
  return command
    .requiredOption('--output-dir <dir>', outputDir)
    .option(
      '--target-top-k <k>',
      'documents per sample: the positives and the negatives; 1: the positive alone',
      wholeNumber(1, 1000),
      5,
    )
    .option('--seed <n>', 'of every random choice', wholeNumber(0), 42)
    .option('--overwrite', overwrite)
}

export function example(command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', `\nExample:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`)
}
