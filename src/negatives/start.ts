/** Questions -> hunts: embedded, searched for, their positives looked up. */

import { dot } from '../index/rank.js'
import { cosine } from '../inference/cosine.js'
import type { Question } from '../questions/question.js'
import { textKey } from '../text/same-text.js'
import { type Background, type Group, groupOfChunk } from './background.js'
import { drawn, type Hits, Ranked, type RankWindow } from './candidates.js'
import type { CorpusChunk } from './corpus.js'
import { type EqualRule, equalRule } from './equal-rule.js'
import { Hunt, type Nearness } from './hunt.js'
import { findPositives, type Positive, type Positives, type RankOf } from './positives.js'
import { type Random, randomFor } from './random.js'
import { retrieve } from './retrieve.js'
import { DEFAULT_TRUTH, type TruthRule, truthRule } from './rules.js'
import { DEFAULT_MAX_RANK, type Engines, type Run, timed } from './run.js'
import { standardScore } from './score-scale.js'

/** First search depth for each document of a sample. */
const DEPTH_PER_DOC = 4
/** Where all of the ranks score like an answer, the search goes on so far. */
const DEEPEST = 1 << 14
/** Chunks drawn for one question where each may be refused for its score. */
const MOST_DRAWS = 32

export interface Started {
  hunt: Hunt
  /** All that are known, in their order. */
  positives: RankedPositive[]
  /** The question's vector; `undefined` where nothing is retrieved. */
  query: Float32Array | undefined
  /** What its positives were found to be. */
  found: Positives
  /** Positions of whatever is known to answer it. */
  answers: Set<number>
  /** What the question and a chunk of each group score on average; `undefined` where nothing is retrieved. */
  zeros: Map<Group, number> | undefined
}

export interface RankedPositive extends Positive {
  /** Its place in the question's first search, from 1. */
  rank: number | undefined
  /** The embedder's. */
  score: number | undefined
  /** Which of the background's its text is of. */
  group?: Group | undefined
}

export interface Searched {
  questions: Question[]
  queries: Float32Array[]
  hits: Hits[]
  background: Background
  /** Vectors of positives that are given as text, by their keys. */
  passages: Map<string, Float32Array>
}

/** Needs nothing that mining the questions before these changes. */
export async function searchFor(questions: Question[], run: Run, engines: Engines): Promise<Searched> {
  const { embedder } = engines
  const { dims } = embedder
  const window = rankWindow(run)
  const vectors = await timed(run, 'embed', () =>
    embedder.embed(
      questions.map(({ question }) => question),
      'query',
      (i) => `the question at ${questions[i]!.path}:${questions[i]!.line}`,
    ),
  )
  const depth = run.options.select === 'random' ? window.maxRank : firstDepth(run, window)
  const background = await timed(run, 'search', run.background!)
  const asked = questions.map(({ question }, row) => ({
    question,
    vector: vectors.subarray(row * dims, (row + 1) * dims),
  }))
  const hits = await timed(run, 'search', () => retrieve(asked, depth, engines, background))
  const passages = await embedPassages(questions, run, engines)
  return { questions, queries: asked.map(({ vector }) => vector), hits, background, passages }
}

/** Questions whose positive is not known go to `onProblem`. */
export async function startHunts(
  { questions, queries, background, passages, ...searched }: Searched,
  run: Run,
): Promise<Started[]> {
  const vectors = run.vectors!
  const started = await Promise.all(
    questions.map(async (question, row): Promise<Started[]> => {
      const query = queries[row]!
      const hits = searched.hits[row]!
      const rankOf = rankIn(hits)
      const found = await positivesOf(question, run, rankOf)
      if (!found) return []
      const equal = await equalRuleOf(question, run)
      const own = await Promise.all(
        [...found.positives, ...(equal?.positives ?? [])].map(({ chunk, key }) =>
          chunk ? vectors.read(chunk.position) : passages.get(key),
        ),
      )
      const positives = found.positives.map((positive, i) => ({
        ...positive,
        rank: positive.chunk && rankOf(positive.chunk.position),
        score: Math.fround(dot(query, own[i]!, 0)),
        group: background.groupOf(positive.text),
      }))
      // A passage of another line, given as text, has a vector only where that line is near.
      const answering = [...found.positives, ...(equal?.positives ?? [])]
      const groups = answering.map(({ text }) => background.groupOf(text))
      const nearness = {
        vectors,
        cosine: (chunk: CorpusChunk, vector: Float32Array, i: number) =>
          own[i]
            ? background.scaled(cosine(own[i], vector), groupOfChunk(chunk, background), groups[i]!)
            : Number.NaN,
      }
      const translations = await Promise.all(
        own.map((vector, i) => (vector ? background.translations(vector, groups[i]!) : [])),
      )
      const answers = new Set([...found.related, ...answering.flatMap(({ chunk }) => chunk?.position ?? [])])
      const zeros = new Map(background.groups.map((group) => [group, background.zero(query, group)]))
      const highest = Math.max(...zeros.values())
      const standard = (score: number) => standardScore(score, highest, run.counts.scale!)
      const hunt = newHunt(question, found, run, {
        equal,
        hits,
        nearness,
        standard,
        translations: new Set(translations.flat()),
      })
      return [{ hunt, positives, query, found, answers, zeros }]
    }),
  )
  for (const [each] of started) if (each) await checkAnswer(each, run)
  if (!run.options.force) run.counts.answers.requireMost()
  return started.flat()
}

export async function startDrawing(questions: Question[], run: Run): Promise<Started[]> {
  const started: Started[] = []
  for (const question of questions) {
    const found = await positivesOf(question, run, () => undefined)
    if (!found) continue
    const positives = found.positives.map((each) => ({
      ...each,
      rank: undefined,
      score: undefined,
    }))
    const equal = await equalRuleOf(question, run)
    const each = {
      hunt: newHunt(question, found, run, { equal }),
      positives,
      query: undefined,
      found,
      answers: found.related,
      zeros: undefined,
    }
    started.push(each)
    await checkAnswer(each, run)
  }
  if (!run.options.force) run.counts.answers.requireMost()
  return started
}

/** A reranker would have to read what is deeper. */
export function rankWindow({ corpus, options, judge }: Run): RankWindow {
  const { skipTop = 0, maxRank } = options.ranks ?? {}
  const most = Math.min(Math.max(maxRank ?? DEFAULT_MAX_RANK, skipTop), corpus.count)
  const isOpen = maxRank === undefined && judge === 'embedder'
  return { skipTop, maxRank: most, deepest: isOpen ? Math.max(most, Math.min(DEEPEST, corpus.count)) : most }
}

function firstDepth({ options }: Run, { skipTop, maxRank }: RankWindow): number {
  return Math.min(maxRank, skipTop + options.topK * DEPTH_PER_DOC + 8)
}

async function embedPassages(
  questions: Question[],
  run: Run,
  { embedder }: Engines,
): Promise<Map<string, Float32Array>> {
  const given = questions.flatMap((question) =>
    question.passages.map((text) => ({ question, text: text.trim() })),
  )
  if (given.length === 0) return new Map()
  const vectors = await timed(run, 'embed', () =>
    embedder.embed(
      given.map(({ text }) => text),
      'document',
      (i) => `the positive at ${given[i]!.question.path}:${given[i]!.question.line}`,
    ),
  )
  const { dims } = embedder
  return new Map(given.map(({ text }, i) => [textKey(text), vectors.subarray(i * dims, (i + 1) * dims)]))
}

async function positivesOf(
  question: Question,
  { corpus, options }: Run,
  rankOf: RankOf,
): Promise<Positives | undefined> {
  const found = await findPositives(question, corpus, rankOf)
  if (typeof found !== 'string') return found
  options.onProblem({ path: question.path, line: question.line, reason: found })
  return undefined
}

/** In the order of the lines. */
async function checkAnswer({ hunt, found }: Started, { corpus, counts, options }: Run): Promise<void> {
  if (options.remark || !options.force) await counts.answers.add(hunt.question, found, corpus)
}

function equalRuleOf(question: Question, { corpus, options, verdicts, equal }: Run) {
  const { same } = question
  if (!same) return undefined
  const known = equal.get(same)
  if (known) return known
  const rule = equalRule(same, question, corpus, { ...DEFAULT_TRUTH, ...options.truth }, verdicts)
  equal.set(same, rule)
  return rule
}

interface HuntGrounds {
  equal: EqualRule | undefined
  hits?: Hits
  nearness?: Nearness
  standard?: (score: number) => number
  /** Positions of what may say the same in another language. */
  translations?: Set<number>
}

function newHunt(
  question: Question,
  found: Positives,
  run: Run,
  { equal, hits, nearness, standard, translations }: HuntGrounds,
): Hunt {
  const { corpus, options, uses, verdicts } = run
  const { topK, seed, maxUses, randomShare = 0, keepFalseNegatives = false } = options
  const random = (what: string) => randomFor(seed, what, question.id, question.question)
  const positives = { ...found, positives: found.positives.slice(0, Math.max(1, topK - 1)) }
  const order = options.select === 'random' ? random('ranks') : undefined
  const own = truthRule(question, found, { ...DEFAULT_TRUTH, ...options.truth }, verdicts)
  const truth: TruthRule = (chunk, cosineTo) =>
    own(chunk, cosineTo) ??
    equal?.rule(chunk, cosineTo && ((positive) => cosineTo(found.positives.length + positive))) ??
    (translations?.has(chunk.position) ? 'near-duplicate of a positive' : undefined)
  const grounds = {
    corpus,
    ranked: hits && new Ranked(hits, rankWindow(run), order),
    drawn: drawn(corpus.count, () => random('negatives'), corpus.positionAt),
    truth,
    nearness,
    standard: run.judge === 'embedder' ? standard : undefined,
    uses,
    taken: options.taken?.(question),
  }
  const needed = topK - positives.positives.length
  const randomCount = wholeShare(needed * randomShare, () => random('random share'))
  return new Hunt(question, positives, grounds, {
    topK,
    randomCount,
    mostDraws: MOST_DRAWS,
    maxUses,
    keepFalseNegatives,
  })
}

/** 1.3 is 1, and 2 for three of ten questions. */
function wholeShare(wanted: number, random: () => Random): number {
  const whole = Math.floor(wanted)
  if (whole === wanted) return whole
  return random()(1000) < Math.round((wanted - whole) * 1000) ? whole + 1 : whole
}

function rankIn({ ids }: Hits): RankOf {
  return (position) => {
    for (let i = 0; i < ids.length; i++) if (ids[i] === position) return i + 1
    return undefined
  }
}
