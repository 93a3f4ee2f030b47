/** Mining as one call, for programs. */
import { readManifest } from '../index/manifest.js'
import { openIndex } from '../index/open.js'
import type { Device } from '../inference/device.js'
import { resolveEmbedder, resolveReranker } from '../models/resolve.js'
import type { Question } from '../questions/question.js'
import { openCorpus } from './corpus.js'
import { checkCorpusSize } from './corpus-size.js'
import { openEngines } from './engines.js'
import { type MinedQuestion, mineNegatives } from './mine.js'
import type { MineCounts, MineOptions } from './run.js'

export interface MineHardNegatives extends Partial<Omit<MineOptions, 'topK'>> {
  /** Index directory. */
  index: string
  questions: AsyncIterable<Question>
  /** Documents per sample, positives included. */
  topK: number
  /** Name or folder; by default the one that built the index. */
  embedder?: string
  /** Name or folder; without one the embedder's scores judge. */
  reranker?: string | undefined
  device?: Device | undefined
  threads?: number
  scoreCache?: string | false | undefined
  /** Candidates come by words, too. */
  hybrid?: boolean
  onProgress?: (questions: number) => void
}

/**
 * Each question with exactly topK documents, in order. The counts are the generator's return value.
 * @throws ClaraError `index`, `model`, `too-small` as `mineNegatives` and `openIndex` do; the signal's reason
 * when it is aborted.
 */
export async function* mineHardNegatives(
  options: MineHardNegatives,
): AsyncGenerator<MinedQuestion, MineCounts> {
  const { index: directory, questions, onProgress, seed = 42, onProblem = () => {} } = options
  const { device, signal, scoreCache, hybrid, ...rest } = options
  const manifest = await readManifest(directory)
  const embedder = await resolveEmbedder(options.embedder ?? manifest.embedder.name)
  const reranker = options.reranker === undefined ? undefined : await resolveReranker(options.reranker)
  const index = await openIndex(directory, embedder, { device })
  const threads = options.threads === undefined ? {} : { threads: options.threads }
  const opened = await openEngines(index, {
    embedder,
    reranker,
    device,
    signal,
    scoreCache,
    hybrid,
    ...threads,
  })
  try {
    checkCorpusSize(manifest.counts.distinctChunks, options.topK)
    const corpus = await openCorpus(index.chunks)
    const { mined, counts } = mineNegatives(questions, corpus, opened.engines, {
      ...rest,
      seed,
      onProblem,
      signal,
    })
    let done = 0
    for await (const question of mined) {
      yield question
      onProgress?.(++done)
    }
    return counts
  } finally {
    await Promise.all([opened.close(), index.close()])
  }
}
