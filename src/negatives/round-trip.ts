/** Whether a question finds what it was written about, and whether it was asked already: both by the models. */

import { oneAhead, windows } from '../files/windows.js'
import { cosine } from '../inference/cosine.js'
import type { BelievedPair, Judged, Reason } from '../questions/judge.js'
import { foldText } from '../text/fold.js'
import { numbersOf } from '../text/numbers.js'
import { textKey } from '../text/same-text.js'
import { backgroundOf } from './background.js'
import type { Corpus } from './corpus.js'
import type { Engines } from './run.js'

interface RoundTripOptions {
  /** A question must find its chunk among so many; 0: need not. */
  within: number
  signal?: AbortSignal | undefined
}

/** Chunks at a time. */
const WINDOW = 256
/** Two questions with so near vectors, on a scale where 0 is two chunks drawn at random, and the same numbers, are one. */
const SAME_QUESTION = 0.95
/** Chunks found by a question whose questions it is compared with. */
const NEARBY = 20
/** So many of the latest questions, and up to twice as many, are kept for that: 100 MB at 384 dimensions. */
const KEPT = 1 << 15
/** Where the embedder does not find the chunk, the reranker may say that it answers better than these. */
const RIVALS = 5

/** Pairs that fail are among the rejected ones; order and everything else stay. */
export async function* roundTrip(
  judged: AsyncIterable<Judged>,
  corpus: Corpus,
  engines: Engines,
  options: RoundTripOptions,
): AsyncGenerator<Judged> {
  const { scaled, groupOf } = await backgroundOf(engines.index, corpus)
  const asked = new AskedQuestions(KEPT, (a, b) =>
    scaled(cosine(a.vector, b.vector), groupOf(a.question), groupOf(b.question)),
  )
  const search = searched(windows(judged, WINDOW), engines, options)
  for await (const { window, found } of oneAhead(search)) {
    let next = 0
    for (const each of window) {
      const kept: BelievedPair[] = []
      const rejected = [...each.rejected]
      for (const pair of each.pairs) {
        const { ids, vector } = found[next++]!
        const reasons: Reason[] = []
        const missing = await missedChunks(pair, ids.slice(0, options.within), corpus)
        if (
          options.within > 0 &&
          missing.length > 0 &&
          !(await answersBest(pair, missing, ids, corpus, engines))
        ) {
          reasons.push('a question that does not find its passage')
        }
        if (asked.hasLike(pair.question, vector, ids)) reasons.push('nearly the same question as one before')
        if (reasons.length > 0) rejected.push({ chunkIds: pair.chunkIds, reasons, pair })
        else {
          kept.push(pair)
          asked.add(pair.question, vector, positionOf(pair.chunkIds[0]!, corpus))
        }
      }
      yield { ...each, pairs: kept, rejected }
    }
  }
}

interface Found {
  /** Positions, best first. */
  ids: number[]
  vector: Float32Array
}

async function* searched(
  judged: AsyncIterable<Judged[]>,
  { index, embedder }: Engines,
  { within, signal }: RoundTripOptions,
): AsyncGenerator<{ window: Judged[]; found: Found[] }> {
  const { dims } = embedder
  for await (const window of judged) {
    signal?.throwIfAborted()
    const questions = window.flatMap(({ pairs }) => pairs.map(({ question }) => question))
    if (questions.length === 0) {
      yield { window, found: [] }
      continue
    }
    const vectors = await embedder.embed(
      questions,
      'query',
      (i) => `the question ${JSON.stringify(questions[i])}`,
    )
    const { ids, k } = await index.search(vectors, Math.max(within, NEARBY))
    const found = questions.map((_, i) => ({
      ids: Array.from(ids.subarray(i * k, (i + 1) * k)).filter((id) => id >= 0),
      vector: vectors.slice(i * dims, (i + 1) * dims),
    }))
    yield { window, found }
  }
}

function positionOf(chunkId: string, corpus: Corpus): number {
  const [position] = corpus.find(chunkId)
  if (position === undefined) throw new RangeError(`chunk ${chunkId} is not in the corpus`)
  return position
}

/** Positions of the pair's chunks that are not among those found, nor a chunk of the same text. */
async function missedChunks({ chunkIds }: BelievedPair, found: number[], corpus: Corpus): Promise<number[]> {
  const missed = chunkIds.map((id) => positionOf(id, corpus)).filter((position) => !found.includes(position))
  if (missed.length === 0) return []
  const keys = new Set(await Promise.all(found.map(async (position) => (await corpus.read(position)).key)))
  const texts = await Promise.all(missed.map((position) => corpus.read(position)))
  return texts.filter(({ text }) => !keys.has(textKey(text))).map(({ position }) => position)
}

/** By the reranker, where there is one: each chunk that was missed scores no less than the best found. */
async function answersBest(
  { question }: BelievedPair,
  missed: number[],
  found: number[],
  corpus: Corpus,
  { scorer }: Engines,
): Promise<boolean> {
  if (!scorer) return false
  const rivals = found.filter((position) => !missed.includes(position)).slice(0, RIVALS)
  const passages = await Promise.all([...missed, ...rivals].map((position) => corpus.read(position)))
  const scores = Array.from(await scorer.score(passages.map(({ text }) => ({ question, passage: text }))))
  const own = Math.min(...scores.slice(0, missed.length))
  return scores.slice(missed.length).every((score) => own >= score)
}

interface AskedQuestion {
  question: string
  vector: Float32Array
  numbers: string
  position: number
}

/** The latest questions, by the chunk that each was written about. */
class AskedQuestions {
  readonly #byPosition = new Map<number, AskedQuestion[]>()
  readonly #inOrder: AskedQuestion[] = []

  constructor(
    private readonly kept: number,
    private readonly nearness: (
      a: Pick<AskedQuestion, 'question' | 'vector'>,
      b: Pick<AskedQuestion, 'question' | 'vector'>,
    ) => number,
  ) {}

  hasLike(question: string, vector: Float32Array, positions: number[]): boolean {
    const numbers = numbersIn(question)
    return positions
      .slice(0, NEARBY)
      .some((position) =>
        this.#byPosition
          .get(position)
          ?.some(
            (other) =>
              other.numbers === numbers && this.nearness({ question, vector }, other) >= SAME_QUESTION,
          ),
      )
  }

  add(question: string, vector: Float32Array, position: number): void {
    const asked = { question, vector, numbers: numbersIn(question), position }
    const others = this.#byPosition.get(position)
    if (others) others.push(asked)
    else this.#byPosition.set(position, [asked])
    this.#inOrder.push(asked)
    if (this.#inOrder.length >= 2 * this.kept) this.#forget()
  }

  #forget(): void {
    for (const { position } of this.#inOrder.splice(0, this.kept)) {
      const left = this.#byPosition.get(position)!.slice(1)
      if (left.length > 0) this.#byPosition.set(position, left)
      else this.#byPosition.delete(position)
    }
  }
}

function numbersIn(question: string): string {
  return numbersOf(foldText(question)).sort().join(' ')
}
