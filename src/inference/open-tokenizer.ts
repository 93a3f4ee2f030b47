/** A model's tokenizer on a thread of its own. */
import { dirname } from 'node:path'
import { ClaraError } from '../errors.js'
import { type Methods, startWorker, type WorkerThread } from '../files/worker-thread.js'
import type { Model } from '../models/resolve.js'
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
  const worker = startTokenizerThread<TokenizerMethods>('./tokenizer.worker.js', model.tokenizer.path)
  const { card } = model
  try {
    const { specialTokens, ...facts } = await worker.call('open', {
      tokenizer: model.tokenizer,
      config: model.tokenizerConfig,
      lowercase: card.lowercase,
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

/** @param module of the thread, in this folder. */
export function startTokenizerThread<M extends Methods>(module: string, path: string): WorkerThread<M> {
  return startWorker(new URL(module, import.meta.url), 'tokenizer', {
    seconds: MOST_SECONDS,
    error: () =>
      new ClaraError(
        'model',
        `${path}: has been at one text for ${MOST_SECONDS} s: a regular expression in its "normalizer" or "pre_tokenizer" tries without end; take a tokenizer.json from the model's own repository`,
      ),
  })
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
