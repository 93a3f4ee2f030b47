/** All chunks by their words, in a thread of its own; memory grows with the corpus: some 8 bytes a distinct word of a chunk. */
import { passageOf } from '../chunks/chunk.js'
import { windows } from '../files/windows.js'
import { startWorker } from '../files/worker-thread.js'
import type { ChunkStore } from '../index/chunk-store.js'
import type { KeywordMethods } from './keywords.worker.js'

/** Texts, or questions, of a message. */
const AT_ONCE = 256

export interface Keywords {
  /** @returns for each question the rows of the k best chunks, best first. */
  search(questions: string[], k: number): Promise<Uint32Array[]>
  close(): Promise<void>
}

export async function openKeywords(chunks: ChunkStore): Promise<Keywords> {
  const worker = startWorker<KeywordMethods>(new URL('./keywords.worker.js', import.meta.url), 'keywords')
  const rows = new Uint32Array(chunks.count)
  let n = 0
  try {
    for await (const window of windows(chunks.entries(), AT_ONCE)) {
      for (const [row] of window) rows[n++] = row
      await worker.call(
        'add',
        window.map(([, chunk]) => passageOf(chunk)),
      )
    }
  } catch (error) {
    await worker.close()
    throw error
  }
  return {
    async search(questions, k) {
      const found: Uint32Array[] = []
      for (let at = 0; at < questions.length; at += AT_ONCE) {
        found.push(...(await worker.call('search', { questions: questions.slice(at, at + AT_ONCE), k })))
      }
      return found.map((texts) => texts.map((text) => rows[text]!))
    },
    close: () => worker.close(),
  }
}
