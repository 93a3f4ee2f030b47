/** A model's tokenizer on a thread of its own. */
import { startWorker } from '../files/worker-thread.js'
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
  const worker = startWorker<TokenizerMethods>(new URL('./tokenizer.worker.js', import.meta.url), 'tokenizer')
  const { card } = model
  try {
    const { specialTokens, ...facts } = await worker.call('open', {
      tokenizer: model.tokenizer,
      config: model.tokenizerConfig,
    })
    const [prefixTokens = 0] = await worker.call('count', [
      card.kind === 'embedder' ? card.documentPrefix : '',
    ])
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
