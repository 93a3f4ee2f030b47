/** Passages a second: a corpus embedded again and again, each text whole and cut at the limit. */
import { availableParallelism, cpus } from 'node:os'
import { passageOf } from '../chunks/chunk.js'
import type { Document } from '../documents/document.js'
import { ClaraError } from '../errors.js'
import { windows } from '../files/windows.js'
import type { Embedder } from '../inference/embedder.js'

const WINDOW = 256

export interface ThroughputResult {
  embedder: string
  cpu: string
  cores: number
  passages: number
  tokens: number
  /** Of each repetition. */
  seconds: number[]
  /** Of the median repetition. */
  passages_per_second: number
  tokens_per_second: number
}

/** @param repeat timed passes, after one window that warms up. */
export async function measureThroughput(
  documents: AsyncIterable<Document>,
  embedder: Embedder,
  repeat: number,
): Promise<ThroughputResult> {
  const texts: string[] = []
  for await (const document of documents) texts.push(passageOf(document))
  if (texts.length === 0) throw new ClaraError('input', 'no documents to embed')
  const { ids } = await embedder.tokenizer.encode(texts)
  await embedder.embed(texts.slice(0, WINDOW), 'document')
  const seconds: number[] = []
  for (let i = 0; i < repeat; i++) seconds.push(await timed(() => embedAll(texts, embedder)))
  const median = [...seconds].sort((a, b) => a - b)[Math.floor(repeat / 2)]!
  return {
    embedder: embedder.model.card.name,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    passages: texts.length,
    tokens: ids.length,
    seconds: seconds.map((s) => Number(s.toFixed(3))),
    passages_per_second: Number((texts.length / median).toFixed(1)),
    tokens_per_second: Math.round(ids.length / median),
  }
}

/** Two windows at a time, as an index build has them. */
async function embedAll(texts: string[], embedder: Embedder): Promise<void> {
  let ahead: Promise<unknown> = Promise.resolve()
  for await (const window of windows(asyncOf(texts), WINDOW)) {
    const next = embedder.embed(window, 'document')
    await ahead
    ahead = next
  }
  await ahead
}

async function* asyncOf<T>(items: T[]): AsyncGenerator<T> {
  yield* items
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
