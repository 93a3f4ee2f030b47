/** Questions -> the same with k - 1 or fewer negatives each, by retrieval or by chance. */
import type { OnProblem } from '../errors.js'
import { windows } from '../files/windows.js'
import type { Index } from '../index/open.js'
import type { Embedder } from '../inference/embedder.js'
import type { Question } from '../questions/question.js'
import { drawn, type FirstHits, retrieved } from './candidates.js'
import type { Corpus } from './corpus.js'
import { findPositives, type Positive } from './positives.js'
import { randomFor } from './random.js'
import { type Selection, selectNegatives } from './select.js'

/** Questions embedded and searched at a time. */
const WINDOW = 1024
/** First search depth for each document of a sample. */
const DEPTH_PER_DOC = 4

export interface MineOptions {
  /** Documents per sample, positives included. */
  topK: number
  seed: number
  onProblem: OnProblem
}

export interface MinedQuestion extends Selection {
  question: Question
  /** One at least, topK - 1 at most: a sample without a negative teaches no ranking. */
  positives: Positive[]
  /** Rank and cosine of the positives that the first search returned, by position. */
  positiveHits: Map<number, { rank: number; score: number }>
}

/**
 * Hard negatives, retrieved by the question. A question whose positive is unknown, or for which
 * the whole index holds too few negatives, goes to `onProblem`; all others come with exactly
 * topK documents, in the order of `questions`.
 */
export async function* mineNegatives(
  questions: AsyncIterable<Question>,
  index: Index,
  corpus: Corpus,
  embedder: Embedder,
  options: MineOptions,
): AsyncGenerator<MinedQuestion> {
  const depth = Math.min(corpus.count, options.topK * DEPTH_PER_DOC + 8)
  for await (const window of windows(questions, WINDOW)) {
    const vectors = await embedder.embed(
      window.map(({ question }) => question),
      'query',
      (i) => `the question at ${window[i]!.path}:${window[i]!.line}`,
    )
    const { ids, scores, k } = await index.search(vectors, depth)
    for (const [row, question] of window.entries()) {
      const query = vectors.slice(row * embedder.dims, (row + 1) * embedder.dims)
      const first = { ids: ids.slice(row * k, (row + 1) * k), scores: scores.slice(row * k, (row + 1) * k) }
      const mined = await mineOne(question, corpus, hitsOf(first), retrieved(index, query, first), options)
      if (mined) yield mined
    }
  }
}

/** Negatives drawn at random, for a run without embeddings. */
export async function* drawNegatives(
  questions: AsyncIterable<Question>,
  corpus: Corpus,
  options: MineOptions,
): AsyncGenerator<MinedQuestion> {
  for await (const question of questions) {
    const random = randomFor(options.seed, 'negatives', question.id, question.question)
    const mined = await mineOne(
      question,
      corpus,
      new Map(),
      drawn(corpus.count, random, corpus.positionAt),
      options,
    )
    if (mined) yield mined
  }
}

type Hits = Map<number, { rank: number; score: number }>

function hitsOf({ ids, scores }: FirstHits): Hits {
  const hits: Hits = new Map()
  ids.forEach((position, i) => {
    if (position >= 0) hits.set(position, { rank: i + 1, score: scores[i]! })
  })
  return hits
}

async function mineOne(
  question: Question,
  corpus: Corpus,
  hits: Hits,
  candidates: ReturnType<typeof drawn>,
  { topK, onProblem }: MineOptions,
): Promise<MinedQuestion | undefined> {
  const skip = (reason: string) => onProblem({ path: question.path, line: question.line, reason })
  const ranks = new Map(Array.from(hits, ([position, { rank }]) => [position, rank]))
  const found = await findPositives(question, corpus, ranks)
  if (typeof found === 'string') return void skip(found)
  const positives = found.positives.slice(0, topK - 1)
  const needed = topK - positives.length
  const selection = await selectNegatives(candidates, corpus, found, needed)
  if (selection.negatives.length < needed) {
    return void skip(
      `the whole index holds ${selection.negatives.length} negatives for it, ${needed} are needed`,
    )
  }
  const positiveHits: Hits = new Map()
  for (const { chunk } of positives) {
    const hit = chunk && hits.get(chunk.position)
    if (hit) positiveHits.set(chunk.position, hit)
  }
  return { question, positives, positiveHits, ...selection }
}
