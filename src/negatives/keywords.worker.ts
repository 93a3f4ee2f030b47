/** The thread that ranks by words. */
import { normalise } from '../chunks/same-text.js'
import { Moved, serve } from '../files/worker-thread.js'
import { createBm25 } from './bm25.js'
import { wordsIn } from './overlap.js'

const bm25 = createBm25()

const methods = {
  add(texts: string[]): void {
    for (const text of texts) bm25.add(wordsIn(normalise(text)))
  },
  search({ questions, k }: { questions: string[]; k: number }): Moved<Uint32Array[]> {
    const found = questions.map((question) => bm25.search(wordsIn(normalise(question)), k))
    return new Moved(
      found,
      found.map(({ buffer }) => buffer as ArrayBuffer),
    )
  },
}

serve(methods)

export type KeywordMethods = typeof methods
