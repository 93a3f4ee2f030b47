/** A model's tokenizer on a thread of its own. */
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { digestFile } from '../files/durable-file.js'
import { startWorker, type WorkerThread } from '../files/worker-thread.js'
import type { Model, VerifiableFile } from '../models/resolve.js'
import type { Encodings, TextPair } from './encoding.js'
import type { TokenizerMethods } from './tokenizer.worker.js'
import type { TokenizerFacts } from './tokenizer-json.js'

export interface ThreadedTokenizer extends TokenizerFacts {
  /** Special tokens around a text and the tokens of the document prefix: what a chunk cannot use. */
  overheadTokens: number
  /** Ids with special tokens, cut at the model's limit. */
  encode(texts: string[]): Promise<Encodings>
  /** Question and passage in one row each, the passage cut at the model's limit. */
  encodePairs(pairs: TextPair[]): Promise<Encodings>
  /** Tokens of each text, special tokens not counted. */
  countTokens(texts: string[]): Promise<Int32Array>
  close(): Promise<void>
}

/** @throws ClaraError `model` when a file is missing, damaged or no tokenizer. */
export async function openTokenizer(model: Model): Promise<ThreadedTokenizer> {
  const worker = startThread(model.tokenizer.path)
  const { card } = model
  try {
    const { specialTokens, ...facts } = await worker.call('open', {
      tokenizer: model.tokenizer,
      config: model.tokenizerConfig,
    })
    const prefixes = card.kind === 'embedder' ? [card.documentPrefix, card.queryPrefix] : ['']
    const [prefixTokens = 0, queryTokens = 0] = await worker.call('count', prefixes)
    requireRoom(model, specialTokens + Math.max(prefixTokens, queryTokens))
    return {
      ...facts,
      overheadTokens: specialTokens + prefixTokens,
      encode: (texts) => worker.call('encode', { texts, maxTokens: card.maxTokens }),
      encodePairs: (pairs) => worker.call('encodePairs', { pairs, maxTokens: card.maxTokens }),
      countTokens: (texts) => worker.call('count', texts),
      close: () => worker.close(),
    }
  } catch (error) {
    await worker.close()
    throw error
  }
}

/** A million characters take a tokenizer about a second. */
const MOST_SECONDS = 10

function startThread(path: string): WorkerThread<TokenizerMethods> {
  return startWorker(new URL('./tokenizer.worker.js', import.meta.url), 'tokenizer', {
    seconds: MOST_SECONDS,
    error: () =>
      new ClaraError(
        'model',
        `${path}: has been at one text for ${MOST_SECONDS} s: a regular expression in its "normalizer" or "pre_tokenizer" tries without end; take a tokenizer.json from the model's own repository`,
      ),
  })
}

export type TokenCounter = Pick<ThreadedTokenizer, 'countTokens' | 'close'>

/**
 * A tokenizer without a model, to count with.
 * @param path tokenizer.json, or a folder that holds it
 * @throws ClaraError `model` when it is missing or no tokenizer.
 */
export async function openTokenizerFile(path: string): Promise<TokenCounter> {
  const tokenizer = await foundTokenizer(path)
  const worker = startThread(tokenizer.path)
  try {
    await worker.call('open', { tokenizer })
  } catch (error) {
    await worker.close()
    throw error
  }
  return { countTokens: (texts) => worker.call('count', texts), close: () => worker.close() }
}

async function foundTokenizer(path: string): Promise<VerifiableFile> {
  try {
    const file = (await stat(path)).isDirectory() ? join(path, 'tokenizer.json') : path
    return { path: file, ...(await digestFile(file)) }
  } catch (cause) {
    const why = isErrno(cause) && cause.code === 'ENOENT' ? '' : `: ${messageOf(cause)}`
    throw new ClaraError('model', `${path}: no tokenizer.json there${why}`, { cause })
  }
}

/** Room for a token of each text: of two, what stands between them is no more than around one. */
function requireRoom({ card, tokenizerConfig }: Model, overhead: number): void {
  const least = card.kind === 'embedder' ? overhead + 1 : 2 * (overhead + 1)
  if (card.maxTokens >= least) return
  throw new ClaraError(
    'model',
    `${dirname(tokenizerConfig.path)}: ${card.name} reads at most ${card.maxTokens} tokens, ` +
      `expected at least ${least}: ${overhead} are special tokens and prefix`,
  )
}
