/** What a run of mining is given, and what it counts. */
import type { OnProblem } from '../errors.js'
import type { Index } from '../index/open.js'
import type { SameQuestion } from '../questions/equal-questions.js'
import type { Question } from '../questions/question.js'
import { type Background, backgroundOf } from './background.js'
import type { Calibration } from './calibrate.js'
import type { Corpus } from './corpus.js'
import type { CachedEmbedder } from './embed-cached.js'
import type { EqualRule } from './equal-rule.js'
import type { Keywords } from './keywords.js'
import { MissingAnswers } from './missing-answers.js'
import { createRowVectors, type RowVectors } from './row-vectors.js'
import type { KnownVerdicts, TruthOptions } from './rules.js'
import type { ScoreScale } from './score-scale.js'
import type { PairScorer } from './scorer.js'
import type { Thresholds } from './thresholds.js'

export interface MineOptions {
  /** Documents per sample, positives included. */
  topK: number
  seed: number
  onProblem: OnProblem
  thresholds?: Partial<Thresholds>
  truth?: Partial<TruthOptions>
  ranks?: { skipTop?: number | undefined; maxRank?: number | undefined }
  /** `top`: the best ranked that pass. `random`: any that pass, of the ranks in the window. */
  select?: Selection
  /** Share of the negatives that are drawn at random, from 0 to 1. */
  randomShare?: number
  /** How many samples one chunk may be a negative of. */
  maxUses?: number | undefined
  /** Samples that hard negatives do not fill are dropped. */
  strict?: boolean
  /** Candidates that score no less than a positive become positives. */
  keepFalseNegatives?: boolean
  /** Keys of texts that a question has already: none of them is a negative once more. */
  taken?: (question: Question) => Iterable<string>
  /** What scores mean, where that is known; else it is measured on the first questions of the run. */
  calibration?: Calibration | undefined
  scale?: ScoreScale | undefined
  /** Go on where the questions do not fit the models, or the answers the documents that are named. */
  force?: boolean
  /** The command that builds the index with a model that reads Chinese, for messages. */
  rebuild?: string | undefined
  /** What deserves a look and stops nothing. */
  remark?: (text: string) => void
  signal?: AbortSignal | undefined
}

export const SELECTIONS = ['top', 'random'] as const
export type Selection = (typeof SELECTIONS)[number]

/** Without another, the search goes deeper where the first ranks all score like the positive. */
export const DEFAULT_MAX_RANK = 100

/** What ranks and scores; without a scorer the embedder's score judges. */
export interface Engines {
  index: Index
  embedder: CachedEmbedder
  scorer: PairScorer | undefined
  /** With it, candidates come by words, too. */
  keywords?: Keywords | undefined
}

export interface MineCounts {
  questions: number
  /** By `strict`. */
  dropped: number
  /**
   * Of the samples with a positive that retrieval can find: how many there are, how many found one within the first k, and how many
   * would by chance.
   */
  found: { samples: number; inTopK: number; byChance: number }
  answers: MissingAnswers
  /** Questions that were not compared with all others, whether they are equal: there were too many before them. */
  notCompared: number
  calibration: Calibration | undefined
  scale: ScoreScale | undefined
  /** Spent in each stage. */
  seconds: Record<Stage, number>
}

type Stage = 'embed' | 'search' | 'select' | 'score'

export interface Run {
  corpus: Corpus
  options: MineOptions
  counts: MineCounts
  /** How often each chunk is a negative so far. */
  uses: Map<number, number>
  /** `undefined` for a run without embeddings. */
  vectors: RowVectors | undefined
  /** The reranker, where there is one. */
  judge: 'embedder' | 'reranker'
  /** As `vectors`; measured when it is asked for. */
  background: (() => Promise<Background>) | undefined
  verdicts: KnownVerdicts
  /** Of questions that several lines ask, worked out once. */
  equal: WeakMap<SameQuestion, Promise<EqualRule>>
}

export function newRun(corpus: Corpus, options: MineOptions, engines?: Engines): Run {
  const found = { samples: 0, inTopK: 0, byChance: 0 }
  const seconds = { embed: 0, search: 0, select: 0, score: 0 }
  return {
    corpus,
    options,
    counts: {
      questions: 0,
      dropped: 0,
      notCompared: 0,
      found,
      answers: new MissingAnswers(),
      calibration: options.calibration,
      scale: options.scale,
      seconds,
    },
    uses: new Map(),
    vectors: engines && createRowVectors(engines.index),
    judge: engines?.scorer ? 'reranker' : 'embedder',
    background: engines && (() => backgroundOf(engines.index, corpus)),
    verdicts: new Map(),
    equal: new WeakMap(),
  }
}

export async function timed<T>({ counts }: Run, stage: Stage, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    return await work()
  } finally {
    counts.seconds[stage] += (performance.now() - start) / 1000
  }
}
