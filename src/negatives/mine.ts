/** Questions -> the same with their negatives: exactly topK documents each. */
import { oneAhead, windows } from '../files/windows.js'
import { findEqualQuestions } from '../questions/equal-questions.js'
import type { Question } from '../questions/question.js'
import type { Group } from './background.js'
import type { Corpus } from './corpus.js'
import type { Excluded, Negative } from './hunt.js'
import type { Positive } from './positives.js'
import { gatherAll, gatherEach, scorePositives, settleAll } from './rounds.js'
import { type Engines, type MineCounts, type MineOptions, newRun, type Run } from './run.js'
import {
  type RankedPositive,
  type Searched,
  type Started,
  searchFor,
  startDrawing,
  startHunts,
} from './start.js'
import type { Limits } from './thresholds.js'
import { requireReadQuestions } from './unread-questions.js'

/** Questions at a time; with a reranker fewer, enough to fill its batches, so that progress is seen. */
const WINDOW = 1024
const RERANKED_WINDOW = 256

interface MinedPositive extends RankedPositive {
  /** On the scale that thresholds are on. */
  judged: number | undefined
}

export interface MinedQuestion {
  question: Question
  /** One at least, topK - 1 at most: a sample without a negative teaches no ranking. With k = 1, one. */
  positives: MinedPositive[]
  negatives: Negative[]
  /** The candidates that were passed over on the way. */
  excluded: Excluded[]
  /** `undefined` where nothing scores. */
  limits: Limits | undefined
  /** What the embedder gives this question and an average chunk, by the chunk's language: 0 of standard scores. */
  zeros?: ReadonlyMap<Group, number> | undefined
}

interface Mining {
  /** In the order of the questions, each with exactly topK documents. */
  mined: AsyncGenerator<MinedQuestion>
  /** Complete once `mined` is at its end. */
  counts: MineCounts
}

/**
 * Hard negatives, retrieved by the question. A question whose positive is unknown, or for which
 * the whole index holds too few negatives, goes to `onProblem`.
 * What answers a question that another line asks, too, is no negative of either.
 * @param questions read two to four times; what is no more than a generator is held in memory.
 * @throws ClaraError `model` for a reranker that cannot tell positives from random chunks, and for questions that a model
 * does not read.
 */
export function mineNegatives(
  questions: AsyncIterable<Question>,
  corpus: Corpus,
  engines: Engines,
  options: MineOptions,
): Mining {
  const run = newRun(corpus, options, engines)
  return { mined: mineWindows(withEqualOnes(questions, run, engines), run, engines), counts: run.counts }
}

/** Negatives drawn at random, for a run without embeddings. */
export function drawNegatives(
  questions: AsyncIterable<Question>,
  corpus: Corpus,
  options: MineOptions,
): Mining {
  const run = newRun(corpus, options)
  return { mined: drawWindows(withEqualOnes(questions, run), run), counts: run.counts }
}

/** What can be read once only is held in memory. */
async function* withEqualOnes(
  questions: AsyncIterable<Question>,
  run: Run,
  engines?: Engines,
): AsyncGenerator<Question> {
  const again = 'next' in questions ? await held(questions, run) : questions
  if (engines) await requireReadQuestions(again, engines, run.options)
  const equal = await findEqualQuestions(again, (question) => question)
  run.counts.notCompared = equal.notCompared
  for await (const question of again) yield { ...question, same: question.same ?? equal.of(question) }
}

async function held(questions: AsyncIterable<Question>, { options }: Run): Promise<AsyncIterable<Question>> {
  const all: Question[] = []
  for await (const question of questions) {
    options.signal?.throwIfAborted()
    all.push(question)
  }
  return {
    [Symbol.asyncIterator]: async function* () {
      yield* all
    },
  }
}

async function* mineWindows(
  questions: AsyncIterable<Question>,
  run: Run,
  engines: Engines,
): AsyncGenerator<MinedQuestion> {
  for await (const searched of oneAhead(searchEach(questions, run, engines))) {
    const started = await startHunts(searched, run)
    if (started.length === 0) continue
    const judged = await scorePositives(started, run, engines)
    for (let active = started; active.length > 0; ) {
      run.options.signal?.throwIfAborted()
      await gatherAll(active, run, engines)
      active = active.filter(({ hunt }) => hunt.pending.length > 0)
      await settleAll(active, run, engines)
    }
    for (const [i, each] of started.entries()) yield* resultOf(each, judged[i]!, run)
  }
}

async function* searchEach(
  questions: AsyncIterable<Question>,
  run: Run,
  engines: Engines,
): AsyncGenerator<Searched> {
  for await (const window of windows(questions, engines.scorer ? RERANKED_WINDOW : WINDOW)) {
    yield await searchFor(window, run, engines)
  }
}

async function* drawWindows(questions: AsyncIterable<Question>, run: Run): AsyncGenerator<MinedQuestion> {
  for await (const window of windows(questions, WINDOW)) {
    run.options.signal?.throwIfAborted()
    const started = await startDrawing(window, run)
    await gatherEach(started)
    for (const each of started) {
      while (each.hunt.pending.length > 0) {
        each.hunt.settle(undefined)
        await gatherEach([each])
      }
    }
    for (const each of started) yield* resultOf(each, [], run)
  }
}

/** None where the sample cannot be filled, or by `strict` may not be. */
function* resultOf(
  { hunt, positives, zeros }: Started,
  judged: number[],
  run: Run,
): Generator<MinedQuestion> {
  const { question, chosen, excluded, limits } = hunt
  const { counts, options } = run
  counts.questions++
  const skip = (reason: string) => options.onProblem({ path: question.path, line: question.line, reason })
  if (!hunt.isDone) {
    const others = question.same
      ? `: ${question.same.lines.length} lines ask the same, and what answers one is no negative of another`
      : ''
    skip(`the whole index holds ${chosen.length} negatives for it, ${hunt.needed} are needed${others}`)
    return
  }
  const soft = chosen.find(({ tier }) => tier !== 'hard' && !(tier === 'random' && options.randomShare))
  if (options.strict && soft) {
    counts.dropped++
    return
  }
  const known = positives.map((positive, i): MinedPositive => ({ ...positive, judged: judged[i] }))
  const mined = hunt.positives.positives.map(
    (positive) => known.find(({ key }) => key === positive.key) ?? keptPositive(positive, excluded),
  )
  countFound(positives, run)
  yield { question, positives: mined, negatives: chosen, excluded, limits, zeros }
}

function countFound(positives: RankedPositive[], { counts: { found }, corpus, options }: Run): void {
  const inCorpus = positives.filter(({ chunk }) => chunk)
  if (inCorpus.length === 0) return
  found.samples++
  if (inCorpus.some(({ rank }) => rank !== undefined && rank <= options.topK)) found.inTopK++
  found.byChance += 1 - Math.max(0, 1 - options.topK / corpus.count) ** inCorpus.length
}

/** A candidate that was no negative because it is a positive. */
function keptPositive(positive: Positive, excluded: Excluded[]): MinedPositive {
  const found = excluded.find(({ position }) => position === positive.chunk?.position)
  return { ...positive, rank: found?.rank, score: found?.score, judged: found?.judged }
}
