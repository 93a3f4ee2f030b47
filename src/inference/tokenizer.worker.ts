/** The thread that tokenizes. */
import { ClaraError, messageOf } from '../errors.js'
import { Moved, serve } from '../files/worker-thread.js'
import type { VerifiableFile } from '../models/resolve.js'
import type { Encodings, TextPair } from './encoding.js'
import { readJsonFile } from './read-tokenizer.js'
import { createTokenizer, type TextTokenizer } from './tokenizer.js'
import type { TokenizerFacts } from './tokenizer-json.js'

interface OpenedTokenizer extends TokenizerFacts {
  /** Special tokens around a single text. */
  specialTokens: number
}

let tokenizer: TextTokenizer

const TRIAL = 'A text, 2 of it: 水 é.'

const methods = {
  async open({
    lowercase,
    ...files
  }: {
    tokenizer: VerifiableFile
    config: VerifiableFile
    lowercase: boolean | undefined
  }): Promise<OpenedTokenizer> {
    const [json, config] = await Promise.all([readJsonFile(files.tokenizer), readJsonFile(files.config)])
    try {
      tokenizer = createTokenizer(json, config, lowercase)
      tokenizer.count([TRIAL]) // some parts say only with a text that they are of no kind that is known
    } catch (error) {
      throw new ClaraError('model', `${files.tokenizer.path}: cannot be used: ${messageOf(error)}`, {
        cause: error,
      })
    }
    const { specialTokens, padId, paddingSide, maxLength } = tokenizer
    return { specialTokens, padId, paddingSide, maxLength }
  },
  encode({ texts, maxTokens }: { texts: string[]; maxTokens: number }): Moved<Encodings> {
    return moved(tokenizer.encode(texts, maxTokens))
  },
  encodePairs({ pairs, maxTokens }: { pairs: TextPair[]; maxTokens: number }): Moved<Encodings> {
    return moved(tokenizer.encodePairs(pairs, maxTokens))
  },
  count: (texts: string[]): Int32Array => tokenizer.count(texts),
}

function moved(encodings: Encodings): Moved<Encodings> {
  const { ids, starts, typeIds } = encodings
  const arrays = typeIds ? [ids, starts, typeIds] : [ids, starts]
  return new Moved(encodings, arrays.map(({ buffer }) => buffer) as ArrayBuffer[])
}

serve(methods)

export type TokenizerMethods = typeof methods
