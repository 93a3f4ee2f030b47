/** A model's tokenizer on a thread of its own. */
import { startWorker } from '../files/worker-thread.js'
import type { EmbedderModel } from '../models/resolve.js'
import type { Encodings } from './encoding.js'
import type { TokenizerMethods } from './tokenizer.worker.js'

export interface ThreadedTokenizer {
  /** Special tokens around a text and the tokens of the document prefix: what a chunk cannot use. */
  overheadTokens: number
  /** Ids with special tokens, cut at the model's limit. */
  encode(texts: string[]): Promise<Encodings>
  /** Tokens of each text, special tokens not counted. */
  countTokens(texts: string[]): Promise<Int32Array>
  close(): Promise<void>
}

/** @throws ClaraError `model` when a file is missing, damaged or no tokenizer. */
export async function openTokenizer(model: EmbedderModel): Promise<ThreadedTokenizer> {
  const worker = startWorker<TokenizerMethods>(new URL('./tokenizer.worker.js', import.meta.url), 'tokenizer')
  try {
    const { specialTokens } = await worker.call('open', {
      tokenizer: model.tokenizer,
      config: model.tokenizerConfig,
    })
    const [prefixTokens = 0] = await worker.call('count', [model.card.documentPrefix])
    return {
      overheadTokens: specialTokens + prefixTokens,
      encode: (texts) => worker.call('encode', { texts, maxTokens: model.card.maxTokens }),
      countTokens: (texts) => worker.call('count', texts),
      close: () => worker.close(),
    }
  } catch (error) {
    await worker.close()
    throw error
  }
}
