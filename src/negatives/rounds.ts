/** Rounds of scoring, over all questions of a window at once, so that the model's batches stay full. */

import { dot } from '../index/rank.js'
import type { TextPair } from '../inference/encoding.js'
import { groupOfChunk } from './background.js'
import { calibrate, probability } from './calibrate.js'
import { drawn, type RankWindow } from './candidates.js'
import { randomFor } from './random.js'
import { retrieve } from './retrieve.js'
import { type Engines, type Run, timed } from './run.js'
import { measureScale, standardScore } from './score-scale.js'
import { rankWindow, type Started } from './start.js'
import { DEFAULT_THRESHOLDS, limitsFor } from './thresholds.js'

/** How much deeper each next search goes. */
const DEEPEN = 4
/** Questions that the reranker's scale is set by. */
const CALIBRATION_QUESTIONS = 128

/** @returns the score of each known positive, on the scale that thresholds are on; sets each hunt's limits by them. */
export async function scorePositives(started: Started[], run: Run, engines: Engines): Promise<number[][]> {
  const background = await run.background!()
  run.counts.scale ??= measureScale(
    started.map(({ hunt: { question }, query, positives, answers }) => ({
      key: question.question,
      query: query!,
      positives: positives.map(({ score, group }) => ({ score: score!, group: group! })),
      answers: (position) => answers.has(position),
    })),
    background,
    run.options.seed,
  )
  const judged = await judgePositives(started, run, engines)
  const thresholds = { ...DEFAULT_THRESHOLDS, ...run.options.thresholds }
  const unrelated = unrelatedIn(run, engines)
  for (const [i, { hunt }] of started.entries())
    hunt.limits = limitsFor(Math.min(...judged[i]!), thresholds, unrelated)
  return judged
}

function unrelatedIn({ counts: { calibration, scale } }: Run, { scorer }: Engines): number {
  return scorer ? probability(calibration!.random, calibration!.centre) : scale!.unrelated
}

async function judgePositives(started: Started[], run: Run, { scorer }: Engines): Promise<number[][]> {
  const scale = run.counts.scale!
  if (!scorer) {
    return started.map(({ zeros, positives }) =>
      positives.map(({ score, group }) => standardScore(score!, zeros!.get(group!)!, scale)),
    )
  }
  const pairs = started.flatMap(({ hunt, positives }) =>
    positives.map(({ text }) => pairOf(hunt.question, text)),
  )
  const logits = await timed(run, 'score', () => scorer.score(pairs))
  const own = cut(
    logits,
    started.map(({ positives }) => positives.length),
  )
  run.counts.calibration ??= await calibrateOn(started, own, run, scorer)
  const { centre } = run.counts.calibration
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
    sample.flatMap(({ hunt: { question }, answers }) => {
      const seeded = () => randomFor(options.seed, 'calibration', question.id, question.question)
      for (const { position } of drawn(corpus.count, seeded, corpus.positionAt)) {
        if (!answers.has(position)) return corpus.read(position).then(({ text }) => pairOf(question, text))
      }
      return [] // the corpus is answers alone: nothing is mined from it
    }),
  )
  const random = await timed(run, 'score', () => scorer.score(pairs))
  const positives = Float32Array.from(sample, (each) => Math.min(...each.logits))
  return calibrate(scorer.name, positives, random)
}

/** Until every hunt has what it wants to have scored; searches go deeper for those that need it. */
export async function gatherAll(hunts: Started[], run: Run, engines: Engines): Promise<void> {
  const window = rankWindow(run)
  const background = await run.background!()
  for (let waiting = hunts; waiting.length > 0; ) {
    const deeper = await timed(run, 'select', () => gatherEach(waiting))
    for (const [depth, group] of byDepth(deeper, window)) {
      const asked = group.map(({ hunt, query }) => ({ question: hunt.question.question, vector: query! }))
      const hits = await timed(run, 'search', () => retrieve(asked, depth, engines, background))
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

function byDepth(hunts: Started[], { maxRank, deepest }: RankWindow): Map<number, Started[]> {
  const groups = new Map<number, Started[]>()
  for (const each of hunts) {
    const now = each.hunt.ranked!.depth
    const depth = Math.min(now < maxRank ? maxRank : deepest, now * DEEPEN)
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
  if (!scorer) return standardScores(waiting, run)
  const pairs = waiting.flatMap(({ hunt }) =>
    hunt.pending.map(({ chunk }) => pairOf(hunt.question, chunk.text)),
  )
  const logits = await timed(run, 'score', () => scorer.score(pairs))
  const { centre } = run.counts.calibration!
  return Float64Array.from(logits, (logit) => probability(logit, centre))
}

async function standardScores(waiting: Started[], run: Run): Promise<Float64Array> {
  const background = await run.background!()
  const scores: number[] = []
  for (const { hunt, query, zeros } of waiting) {
    for (const candidate of hunt.pending) {
      // retrieval has not scored what was drawn
      candidate.score ??= Math.fround(dot(query!, await run.vectors!.read(candidate.position), 0))
      const zero = zeros!.get(groupOfChunk(candidate.chunk, background))!
      scores.push(standardScore(candidate.score, zero, run.counts.scale!))
    }
  }
  return Float64Array.from(scores)
}

const pairOf = ({ question }: { question: string }, passage: string): TextPair => ({ question, passage })
