/** The thread that ranks by words. */

import { Moved, serve } from '../files/worker-thread.js'
import { foldText } from '../text/fold.js'
import { wordsIn } from '../text/words.js'
import { createBm25 } from './bm25.js'

const bm25 = createBm25()

const methods = {
  add(texts: string[]): void {
    for (const text of texts) bm25.add(wordsIn(foldText(text)))
  },
  search({ questions, k }: { questions: string[]; k: number }): Moved<Uint32Array[]> {
    const found = questions.map((question) => bm25.search(wordsIn(foldText(question)), k))
    return new Moved(
      found,
      found.map(({ buffer }) => buffer as ArrayBuffer),
    )
  },
}

serve(methods)

export type KeywordMethods = typeof methods
