/** What commands that embed documents say while they do, and of what is kept when they are stopped. */
import type { Manifest } from '../index/manifest.js'
import type { Tokens } from '../index/progress.js'
import { type Unread, unknownShare } from '../index/vocabulary.js'
import type { Embedder } from '../inference/embedder.js'
import { onInterrupt } from './run-cli.js'
import type { Talk } from './talk.js'
import { timeLeft } from './time-left.js'

export interface EmbeddingProgress {
  onResume(chunks: number, documents: number): void
  onProgress(chunks: number, tokens: Tokens, documents: number, unread?: Unread): void
  /** Chunks of this run, and how many a second. */
  rate(): string
  /** Of the tokens so far, earlier runs included. */
  unknownShare(): number
  /** Documents so far, earlier runs included; `undefined` before the first. */
  unread(): Unread | undefined
}

/** @param total documents, where that is known. */
export function embeddingProgress(talk: Talk, total?: number): EmbeddingProgress {
  const started = performance.now()
  const show = talk.progress()
  let before = 0
  let documentsBefore = 0
  let done = 0
  let share = 0
  let notRead: Unread | undefined
  onInterrupt('what was embedded is kept: run the same command again to go on')
  const kept = (chunks: number) =>
    onInterrupt(`${chunks} chunks are embedded and kept: run the same command again to go on`)
  return {
    onResume(chunks, documents) {
      before = chunks
      documentsBefore = documents
      done = chunks
      kept(chunks)
      talk.remark(`${chunks} chunks are embedded already: going on after them`)
    },
    onProgress(chunks, tokens, documents, unread) {
      done = chunks
      notRead = unread
      share = unknownShare(tokens)
      kept(chunks)
      const seconds = (performance.now() - started) / 1000
      show(() => {
        const line = `${chunks} chunks, ${((chunks - before) / seconds).toFixed(0)}/s`
        return total === undefined ? line : `${line}${outOf(documents, total, documentsBefore, seconds)}`
      })
    },
    rate() {
      const seconds = (performance.now() - started) / 1000
      const chunks = done - before
      return `${chunks} chunks in ${seconds.toFixed(1)} s, ${(chunks / seconds).toFixed(0)} a second`
    },
    unknownShare: () => Number(share.toFixed(4)),
    unread: () => notRead,
  }
}

function outOf(documents: number, total: number, before: number, seconds: number): string {
  const left = timeLeft(total - documents, (documents - before) / seconds)
  return `, ${documents} of ${total} documents${left}`
}

export function remarkTruncated(talk: Talk, { counts }: Manifest, { model }: Embedder): void {
  if (counts.truncated === 0) return
  talk.remark(`${counts.truncated} chunks were cut at the model's limit of ${model.card.maxTokens} tokens`)
}
