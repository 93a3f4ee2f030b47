/** The trainer's tokenizer as an index keeps it: chunks that are added fit the same one. */
import type { ChunkOptions } from '../chunks/split.js'
import { ClaraError } from '../errors.js'
import {
  DEFAULT_TRAINER,
  NO_TRAINER,
  openTrainerTokenizer,
  TRAINER_DOC_TOKENS,
  type TrainerTokenizer,
} from '../inference/trainer-tokenizer.js'
import { escapeTrainerTokens } from '../text/trainer-tokens.js'
import type { Chunking, ChunkingOptions, ChunkingTrainer } from './progress.js'

/** Where a program does not say how: as the commands do it. */
export const DEFAULT_CHUNKING: ChunkingOptions = {
  tokens: 256,
  overlap: 0,
  split: true,
  trainer: { name: DEFAULT_TRAINER, tokens: TRAINER_DOC_TOKENS },
}

export interface OpenedChunking {
  chunking: Chunking
  /** For chunkDocuments. */
  trainer: ChunkOptions['trainer']
  close(): Promise<void>
}

/** @throws ClaraError `model` where there is no such tokenizer. */
export async function openChunking({ trainer, ...chunking }: ChunkingOptions): Promise<OpenedChunking> {
  if (!trainer || !chunking.split) return { chunking, trainer: undefined, close: async () => {} }
  const tokenizer = await openTrainerTokenizer(trainer.name)
  const { name, sha256 } = tokenizer
  return opened({ ...chunking, trainer: { name, sha256, tokens: trainer.tokens } }, tokenizer)
}

/**
 * As openChunking, for an index that is there.
 * @param path where the tokenizer lies now; default: where it lay.
 * @throws ClaraError `index` where it is another one than the index was built with, or is gone.
 */
export async function reopenChunking(
  directory: string,
  chunking: Chunking,
  path: string | undefined,
): Promise<OpenedChunking> {
  const { trainer } = chunking
  if (!trainer) {
    if (path === undefined || path === NO_TRAINER) return openChunking(chunking)
    throw new ClaraError(
      'index',
      `${directory}: was built without a trainer's tokenizer, and its chunks stay as they are: leave out --trainer, or build the index anew`,
    )
  }
  const tokenizer = await openTrainerTokenizer(path ?? trainer.name).catch((error) => {
    throw gone(directory, trainer, error)
  })
  if (tokenizer.sha256 === trainer.sha256) return opened(chunking, tokenizer)
  await tokenizer.close()
  throw new ClaraError(
    'index',
    `${directory}: its chunks fit the trainer's tokenizer ${shown(trainer)}, ${tokenizer.title} is another: pass that one as --trainer, or build the index anew`,
  )
}

function gone(directory: string, trainer: ChunkingTrainer, error: unknown): unknown {
  if (!(error instanceof ClaraError)) return error
  return new ClaraError(
    'index',
    `${directory}: its chunks fit the trainer's tokenizer ${shown(trainer)}: ${error.message}; pass it as --trainer where it lies now`,
    { cause: error },
  )
}

function shown({ name, sha256 }: ChunkingTrainer): string {
  return sha256 === null ? `${name} (estimated)` : `${name} (sha256 ${sha256.slice(0, 12)}…)`
}

/** Texts are counted as samples have them: with the trainer's own tokens in them escaped. */
function opened(chunking: Chunking, tokenizer: TrainerTokenizer): OpenedChunking {
  const written = (texts: string[]) => texts.map(escapeTrainerTokens)
  return {
    chunking,
    trainer: {
      maxTokens: chunking.trainer!.tokens,
      countTokens: (texts) => tokenizer.countTokens(written(texts)),
      countWithin: (texts) => tokenizer.countWithin(written(texts)),
    },
    close: () => tokenizer.close(),
  }
}
