/** Mining as one call, for programs. */
import {
  callback,
  flag,
  objectWith,
  oneOf,
  optional,
  requireOptions,
  settings,
  stream,
  text,
  whole,
} from '../arguments.js'
import { readManifest } from '../index/manifest.js'
import { openIndex } from '../index/open.js'
import { embedderFor } from '../index/same-model.js'
import type { Device } from '../inference/device.js'
import { resolveReranker } from '../models/resolve.js'
import type { Question } from '../questions/question.js'
import { openCorpus } from './corpus.js'
import { checkCorpusSize } from './corpus-size.js'
import { openEngines } from './engines.js'
import { type MinedQuestion, mineNegatives } from './mine.js'
import { type MineCounts, type MineOptions, SELECTIONS } from './run.js'

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

const CHECKS = {
  index: text('the directory of an index'),
  questions: stream,
  topK: whole(1, 1000),
  seed: optional(whole(0)),
  threads: optional(whole(1, 1024)),
  embedder: optional(text('a name of a model, or the path of its folder')),
  reranker: optional(text('a name of a model, or the path of its folder')),
  device: optional(objectWith('provider', 'an object of provider and id, or undefined')),
  hybrid: optional(flag),
  scoreCache(name: string, value: unknown) {
    if (value !== false) optional(text('the path of a file, or false'))(name, value)
  },
  thresholds: optional(settings),
  truth: optional(settings),
  ranks: optional(settings),
  select: optional(oneOf(SELECTIONS)),
  maxUses: optional(whole(1)),
  strict: optional(flag),
  keepFalseNegatives: optional(flag),
  onProblem: optional(callback),
  onProgress: optional(callback),
  signal: optional(objectWith('aborted', 'an AbortSignal')),
}

/**
 * Each question with exactly topK documents, in order. The counts are the generator's return value.
 * @throws ClaraError `index`, `model`, `too-small` as `mineNegatives` and `openIndex` do; the signal's reason
 * when it is aborted.
 */
export async function* mineHardNegatives(
  options: MineHardNegatives,
): AsyncGenerator<MinedQuestion, MineCounts> {
  requireOptions('mineHardNegatives', options, CHECKS)
  const { index: directory, questions, onProgress, seed = 42, onProblem = () => {} } = options
  const { device, signal, scoreCache, hybrid, ...rest } = options
  const manifest = await readManifest(directory)
  const embedder = await embedderFor(directory, options.embedder)
  const reranker = options.reranker === undefined ? undefined : await resolveReranker(options.reranker)
  const index = await openIndex(directory, embedder, { device })
  const threads = options.threads === undefined ? {} : { threads: options.threads }
  try {
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
      await opened.close()
    }
  } finally {
    await index.close()
  }
}
