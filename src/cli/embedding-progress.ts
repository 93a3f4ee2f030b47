/** What commands that embed documents say while they do, and of what is kept when they are stopped. */
import type { Manifest } from '../index/manifest.js'
import type { Tokens } from '../index/progress.js'
import { unknownShare } from '../index/vocabulary.js'
import type { Embedder } from '../inference/embedder.js'
import { onInterrupt } from './run-cli.js'
import type { Talk } from './talk.js'

export interface EmbeddingProgress {
  onResume(chunks: number): void
  onProgress(chunks: number, tokens: Tokens): void
  /** Chunks of this run, and how many a second. */
  rate(): string
  /** Of the tokens so far, earlier runs included. */
  unknownShare(): number
}

export function embeddingProgress(talk: Talk): EmbeddingProgress {
  const started = performance.now()
  const count = talk.counter('chunks')
  let before = 0
  let done = 0
  let share = 0
  onInterrupt('what was embedded is kept: run the same command again to go on')
  const kept = (chunks: number) =>
    onInterrupt(`${chunks} chunks are embedded and kept: run the same command again to go on`)
  return {
    onResume(chunks) {
      before = chunks
      done = chunks
      kept(chunks)
      talk.remark(`${chunks} chunks are embedded already: going on after them`)
    },
    onProgress(chunks, tokens) {
      done = chunks
      share = unknownShare(tokens)
      kept(chunks)
      count(chunks - before)
    },
    rate() {
      const seconds = (performance.now() - started) / 1000
      const chunks = done - before
      return `${chunks} chunks in ${seconds.toFixed(1)} s, ${(chunks / seconds).toFixed(0)} a second`
    },
    unknownShare: () => Number(share.toFixed(4)),
  }
}

export function remarkTruncated(talk: Talk, { counts }: Manifest, { model }: Embedder): void {
  if (counts.truncated === 0) return
  talk.remark(`${counts.truncated} chunks were cut at the model's limit of ${model.card.maxTokens} tokens`)
}
