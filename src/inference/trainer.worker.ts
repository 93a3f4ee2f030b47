/** The thread that counts as a trainer does. */
import { ClaraError, messageOf } from '../errors.js'
import { serve } from '../files/worker-thread.js'
import type { VerifiableFile } from '../models/resolve.js'
import { qwenEstimate } from './qwen-estimate.js'
import { readTokenizer } from './read-tokenizer.js'
import { type TrainerCounter, trainerCounter } from './trainer-counter.js'

let counter: TrainerCounter

const TRIAL = 'A text, 2 of it: 水 é.'

const methods = {
  async open({ tokenizer, estimates }: { tokenizer: VerifiableFile; estimates: boolean }): Promise<void> {
    const json = await readTokenizer(tokenizer)
    try {
      counter = estimates ? qwenEstimate(json) : trainerCounter(json)
      counter.whole([TRIAL]) // some parts say only with a text that they are of no kind that is known
    } catch (error) {
      throw new ClaraError('model', `${tokenizer.path}: cannot be used: ${messageOf(error)}`, {
        cause: error,
      })
    }
  },
  whole: (texts: string[]): Int32Array => counter.whole(texts),
  within: (texts: string[]): Int32Array => counter.within(texts),
}

serve(methods)

export type TrainerMethods = typeof methods
