/** The tokenizer of the model that is trained: what its texts are counted with, since it cuts them by its own tokens. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { digestFile } from '../files/durable-file.js'
import type { VerifiableFile } from '../models/resolve.js'
import { startTokenizerThread } from './open-tokenizer.js'
import type { TrainerMethods } from './trainer.worker.js'

/** The trainers' default base model, Mistral-7B-Instruct-v0.2, has it. */
export const DEFAULT_TRAINER = 'mistral'
/** What the trainers read of a document, in their tokens: their own default. */
export const TRAINER_DOC_TOKENS = 256
/** `--trainer` for data that no tokenizer is known of. */
export const NO_TRAINER = 'none'

const ESTIMATED = 'qwen3'
const MISTRAL: VerifiableFile = {
  path: fileURLToPath(new URL('../../models/mistral-7b-tokenizer/tokenizer.model', import.meta.url)),
  bytes: 493_443,
  sha256: 'dadfd56d766715c61d2ef780a525ab43b8e6da4de6865bda3d95fdef5e134055',
}
const FILES = ['tokenizer.json', 'tokenizer.model']

/** What an index keeps of it. */
interface TrainerIdentity {
  /** `mistral`, `qwen3`, or the path as it was given. */
  name: string
  /** Of the tokenizer's file; null where the numbers are estimates. */
  sha256: string | null
}

export interface TrainerTokenizer extends TrainerIdentity {
  /** False: estimates, which err on the safe side: more than there are. */
  exact: boolean
  /** `mistral`, `qwen3 (estimated)`, or the path: for messages. */
  title: string
  /**
   * Tokens of each text as a document, question or answer of its own, special tokens not counted. Of the ways in which
   * trainers load the tokenizer, the one with most.
   */
  countTokens(texts: string[]): Promise<Int32Array>
  /** Tokens of each text where it goes on after another one: no blank is thought before it. */
  countWithin(texts: string[]): Promise<Int32Array>
  close(): Promise<void>
}

/**
 * Loads it in a thread of its own.
 * @param nameOrPath `mistral`; `qwen3`, an estimate; or tokenizer.json, a SentencePiece model, or a folder with one of them
 * @throws ClaraError `model` when it is missing or no tokenizer.
 */
export async function openTrainerTokenizer(nameOrPath: string = DEFAULT_TRAINER): Promise<TrainerTokenizer> {
  const estimates = nameOrPath === ESTIMATED
  const embedded = estimates || nameOrPath === DEFAULT_TRAINER
  const tokenizer = embedded ? MISTRAL : await foundTokenizer(nameOrPath)
  const worker = startTokenizerThread<TrainerMethods>('./trainer.worker.js', tokenizer.path)
  try {
    await worker.call('open', { tokenizer, estimates })
  } catch (error) {
    await worker.close()
    throw error
  }
  return {
    name: nameOrPath,
    sha256: estimates ? null : tokenizer.sha256,
    exact: !estimates,
    title: estimates ? `${nameOrPath} (estimated)` : nameOrPath,
    countTokens: (texts) => worker.call('whole', texts),
    countWithin: (texts) => worker.call('within', texts),
    close: () => worker.close(),
  }
}

async function foundTokenizer(path: string): Promise<VerifiableFile> {
  try {
    const file = (await stat(path)).isDirectory() ? await fileIn(path) : path
    return { path: file, ...(await digestFile(file)) }
  } catch (cause) {
    const why = isErrno(cause) && cause.code === 'ENOENT' ? '' : `: ${messageOf(cause)}`
    throw new ClaraError(
      'model',
      `${path}: no tokenizer there${why}: expected ${DEFAULT_TRAINER}, ${ESTIMATED}, ${NO_TRAINER}, ${FILES.join(' or ')} of the model to be trained, or its folder`,
      { cause },
    )
  }
}

async function fileIn(folder: string): Promise<string> {
  const [first, ...others] = FILES.map((name) => join(folder, name))
  for (const path of [first!, ...others]) if (await stat(path).catch(() => undefined)) return path
  return first!
}
