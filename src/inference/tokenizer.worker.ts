/** The thread that tokenizes. */
import { ClaraError, messageOf } from '../errors.js'
import { readVerified } from '../files/durable-file.js'
import { Moved, serve } from '../files/worker-thread.js'
import type { VerifiableFile } from '../models/resolve.js'
import type { Encodings } from './encoding.js'
import { damaged, missing } from './model-files.js'
import { createTokenizer, type TextTokenizer } from './tokenizer.js'

let tokenizer: TextTokenizer

const methods = {
  async open(files: {
    tokenizer: VerifiableFile
    config: VerifiableFile
  }): Promise<{ specialTokens: number }> {
    const [json, config] = await Promise.all([readJson(files.tokenizer), readJson(files.config)])
    try {
      tokenizer = createTokenizer(json, config)
    } catch (error) {
      throw new ClaraError('model', `${files.tokenizer.path}: cannot be used: ${messageOf(error)}`, {
        cause: error,
      })
    }
    return { specialTokens: tokenizer.specialTokens }
  },
  encode({ texts, maxTokens }: { texts: string[]; maxTokens: number }): Moved<Encodings> {
    const encodings = tokenizer.encode(texts, maxTokens)
    return new Moved(encodings, [encodings.ids.buffer, encodings.starts.buffer] as ArrayBuffer[])
  },
  count: (texts: string[]): Int32Array => tokenizer.count(texts),
}

async function readJson(file: VerifiableFile): Promise<object> {
  const data = await readVerified(file.path, file).catch((error) => {
    throw missing(file, error)
  })
  if (!data) throw damaged(file)
  try {
    return JSON.parse(data.toString('utf8'))
  } catch (error) {
    throw new ClaraError('model', `${file.path}: is not JSON: ${messageOf(error)}`, { cause: error })
  }
}

serve(methods)

export type TokenizerMethods = typeof methods
