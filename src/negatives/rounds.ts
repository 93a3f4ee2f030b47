/** Rounds of scoring, over all questions of a window at once, so that the model's batches stay full. */

import { dot } from '../index/rank.js'
import type { TextPair } from '../inference/encoding.js'
import { calibrate, probability } from './calibrate.js'
import { randomFor } from './random.js'
import { retrieve } from './retrieve.js'
import { type Engines, type Run, timed } from './run.js'
import { rankWindow, type Started } from './start.js'
import { DEFAULT_THRESHOLDS, limitsFor } from './thresholds.js'

/** How much deeper each next search goes. */
const DEEPEN = 4
/** Questions that the reranker's scale is set by. */
const CALIBRATION_QUESTIONS = 128

/** @returns the score of each known positive, on the scale that thresholds are on; sets each hunt's limits by them. */
export async function scorePositives(started: Started[], run: Run, engines: Engines): Promise<number[][]> {
  const judged = await judgePositives(started, run, engines)
  const thresholds = { ...DEFAULT_THRESHOLDS, ...run.options.thresholds }
  for (const [i, { hunt }] of started.entries()) hunt.limits = limitsFor(Math.min(...judged[i]!), thresholds)
  return judged
}

async function judgePositives(started: Started[], run: Run, { scorer }: Engines): Promise<number[][]> {
  if (!scorer) return started.map(({ positives }) => positives.map(({ score }) => score!))
  const pairs = started.flatMap(({ hunt, positives }) =>
    positives.map(({ text }) => pairOf(hunt.question, text)),
  )
  const logits = await timed(run, 'score', () => scorer.score(pairs))
  const own = cut(
    logits,
    started.map(({ positives }) => positives.length),
  )
  if (centreOf(run) === undefined) run.counts.calibration = await calibrateOn(started, own, run, scorer)
  const centre = centreOf(run)!
  return own.map((each) => Array.from(each, (logit) => probability(logit, centre)))
}

function cut(values: Float32Array, lengths: number[]): Float32Array[] {
  let end = 0
  return lengths.map((length) => {
    end += length
    return values.subarray(end - length, end)
  })
}

type Scorer = NonNullable<Engines['scorer']>

async function calibrateOn(started: Started[], logits: Float32Array[], run: Run, scorer: Scorer) {
  const step = Math.ceil(started.length / CALIBRATION_QUESTIONS)
  const sample = started.map((each, i) => ({ ...each, logits: logits[i]! })).filter((_, i) => i % step === 0)
  const { corpus, options } = run
  const pairs = await Promise.all(
    sample.map(async ({ hunt: { question } }) => {
      const draw = randomFor(options.seed, 'calibration', question.id, question.question)(corpus.count)
      return pairOf(question, (await corpus.read(corpus.positionAt(draw))).text)
    }),
  )
  const random = await timed(run, 'score', () => scorer.score(pairs))
  const positives = Float32Array.from(sample, (each) => Math.min(...each.logits))
  return calibrate(scorer.name, positives, random)
}

const centreOf = ({ options, counts }: Run) => options.centre ?? counts.calibration?.centre

/** Until every hunt has what it wants to have scored; searches go deeper for those that need it. */
export async function gatherAll(hunts: Started[], run: Run, engines: Engines): Promise<void> {
  const window = rankWindow(run)
  for (let waiting = hunts; waiting.length > 0; ) {
    const deeper = await timed(run, 'select', () => gatherEach(waiting))
    for (const [depth, group] of byDepth(deeper, window.maxRank)) {
      const asked = group.map(({ hunt, query }) => ({ question: hunt.question.question, vector: query! }))
      const hits = await timed(run, 'search', () => retrieve(asked, depth, engines))
      for (const [i, { hunt }] of group.entries()) hunt.ranked!.extend(hits[i]!)
    }
    waiting = deeper
  }
}

/** @returns those that have to search deeper. */
export async function gatherEach(hunts: Started[]): Promise<Started[]> {
  const deeper: Started[] = []
  for (let waiting = hunts; waiting.length > 0; ) {
    const unread: Started[] = []
    for (const each of waiting) {
      const now = each.hunt.gather()
      if (now === 'unread') unread.push(each)
      else if (now === 'deeper') deeper.push(each)
    }
    await Promise.all(unread.map(({ hunt }) => hunt.read()))
    waiting = unread
  }
  return deeper
}

function byDepth(hunts: Started[], maxRank: number): Map<number, Started[]> {
  const groups = new Map<number, Started[]>()
  for (const each of hunts) {
    const depth = Math.min(maxRank, each.hunt.ranked!.depth * DEEPEN)
    groups.set(depth, [...(groups.get(depth) ?? []), each])
  }
  return groups
}

export async function settleAll(waiting: Started[], run: Run, engines: Engines): Promise<void> {
  const judged = await judgePending(waiting, run, engines)
  let at = 0
  for (const { hunt } of waiting) {
    const end = at + hunt.pending.length
    hunt.settle(judged.subarray(at, end))
    at = end
  }
}

async function judgePending(waiting: Started[], run: Run, { scorer }: Engines): Promise<Float64Array> {
  if (!scorer) return nearnessOfPending(waiting, run)
  const pairs = waiting.flatMap(({ hunt }) =>
    hunt.pending.map(({ chunk }) => pairOf(hunt.question, chunk.text)),
  )
  const logits = await timed(run, 'score', () => scorer.score(pairs))
  const centre = centreOf(run)!
  return Float64Array.from(logits, (logit) => probability(logit, centre))
}

/** What retrieval has not scored: chunks that were drawn. */
async function nearnessOfPending(waiting: Started[], { vectors }: Run): Promise<Float64Array> {
  const scores: number[] = []
  for (const { hunt, query } of waiting) {
    for (const { score, position } of hunt.pending) {
      const known = score ?? Math.fround(dot(query!, await vectors!.read(position), 0))
      scores.push(known)
    }
  }
  return Float64Array.from(scores)
}

const pairOf = ({ question }: { question: string }, passage: string): TextPair => ({ question, passage })
