import { describe, expect, test } from 'vitest'
import { type Candidate, Ranked } from '#clara/negatives/candidates.js'
import { Hunt, type HuntOptions } from '#clara/negatives/hunt.js'
import { DEFAULT_THRESHOLDS, limitsFor, type Thresholds } from '#clara/negatives/thresholds.js'
import { textKey } from '#clara/text/same-text.js'
import { corpusOf } from '../support/corpus.js'

const QUESTION = { id: 'q', question: 'Q?', answer: '', docIds: [], passages: [], path: 'qa', line: 1 }
/** The gold chunk is at 0; chunk n has the score given for it. */
interface Setup extends Partial<HuntOptions> {
  scores: number[]
  order?: number[]
  draws?: number[]
  positive?: number
  thresholds?: Partial<Thresholds>
  skipTop?: number
  depth?: number
  uses?: Map<number, number>
  texts?: string[]
}

/** Hunts to the end; @returns what was chosen, as [position, tier], what was scored, and why others were not taken. */
async function hunt({ scores, positive = 0.8, depth, ...setup }: Setup) {
  const texts = setup.texts ?? scores.map((_, i) => `Text number ${i}.`)
  const corpus = await corpusOf({
    gold: [texts[0]!],
    ...Object.fromEntries(texts.slice(1).map((t, i) => [`d${i + 1}`, [t]])),
  })
  const order = setup.order ?? scores.map((_, i) => i)
  const hits = (count: number) => ({ ids: order.slice(0, count), scores: order.map((i) => scores[i]!) })
  const ranked = new Ranked(hits(depth ?? order.length), {
    skipTop: setup.skipTop ?? 0,
    maxRank: order.length,
    deepest: order.length,
  })
  const gold = await corpus.read(0)
  const positives = {
    positives: [{ chunk: gold, text: gold.text, key: textKey(gold.text) }],
    related: new Set<number>(),
  }
  const candidates = (setup.draws ?? []).map(
    (position): Candidate => ({ position, rank: undefined, score: undefined }),
  )
  const uses = setup.uses ?? new Map()
  const subject = new Hunt(
    QUESTION,
    positives,
    {
      corpus,
      ranked,
      drawn: candidates[Symbol.iterator](),
      truth: ({ position }) => (position === 0 ? 'is a positive' : undefined),
      nearness: undefined,
      uses,
    },
    { topK: 3, randomCount: 0, mostDraws: 10, maxUses: undefined, keepFalseNegatives: false, ...setup },
  )
  subject.limits = limitsFor(positive, { ...DEFAULT_THRESHOLDS, ...setup.thresholds })
  const scored: number[] = []
  const deepened: number[] = []
  for (;;) {
    for (let now = subject.gather(); now !== 'ready'; now = subject.gather()) {
      if (now === 'unread') {
        await subject.read()
        continue
      }
      deepened.push(ranked.depth * 2)
      ranked.extend(hits(ranked.depth * 2))
    }
    if (subject.pending.length === 0) break
    scored.push(...subject.pending.map(({ position }) => position))
    subject.settle(subject.pending.map(({ position }) => scores[position]!))
  }
  return {
    chosen: subject.chosen.map(({ position, tier }) => [position, tier]),
    excluded: subject.excluded.map(({ position, reason }) => [position, reason]),
    positives: subject.positives.positives.map(({ text }) => text),
    isDone: subject.isDone,
    scored,
    deepened,
  }
}

describe('hard negatives', () => {
  test('are the best ranked that pass, and no more are scored than are wanted', async () => {
    expect(await hunt({ scores: [0.8, 0.7, 0.6, 0.5, 0.4] })).toMatchObject({
      chosen: [
        [1, 'hard'],
        [2, 'hard'],
      ],
      scored: [1, 2],
      excluded: [[0, 'is a positive']],
    })
  })

  test('that score like the positive make room for the next', async () => {
    expect(await hunt({ scores: [0.8, 0.9, 0.77, 0.6, 0.5, 0.4] })).toMatchObject({
      chosen: [
        [3, 'hard'],
        [4, 'hard'],
      ],
      scored: [1, 2, 3, 4],
      excluded: [
        [0, 'is a positive'],
        [1, 'score near the positive'],
        [2, 'score near the positive'],
      ],
    })
  })

  test('are looked for deeper only when they run out', async () => {
    const scores = [0.8, 0.9, 0.9, 0.9, 0.5, 0.4, 0.3, 0.2]
    expect(await hunt({ scores, depth: 2 })).toMatchObject({
      deepened: [4, 8],
      chosen: [
        [4, 'hard'],
        [5, 'hard'],
      ],
    })
    expect((await hunt({ scores: [0.8, 0.5, 0.4, 0.3], depth: 3 })).deepened).toEqual([])
  })

  test('of one text are one', async () => {
    const texts = ['Gold.', 'Same text.', 'same  TEXT.', 'Other.']
    expect(await hunt({ scores: [0.8, 0.5, 0.5, 0.4], texts })).toMatchObject({
      chosen: [
        [1, 'hard'],
        [3, 'hard'],
      ],
      excluded: [
        [0, 'is a positive'],
        [2, 'same text as a candidate before it'],
      ],
    })
  })
})

describe('where hard ones run out', () => {
  test('the skipped ranks are next', async () => {
    expect(await hunt({ scores: [0.8, 0.5, 0.4, 0.3], skipTop: 3 })).toMatchObject({
      chosen: [
        [3, 'hard'],
        [1, 'top'],
      ],
    })
  })

  test('those that are too easy are next, best ranked first', async () => {
    expect(
      await hunt({ scores: [0.8, 0.5, 0.2, 0.1], thresholds: { minScore: 0.3 }, draws: [3] }),
    ).toMatchObject({
      chosen: [
        [1, 'hard'],
        [2, 'easy'],
      ],
    })
  })

  test('chunks are drawn, and scored as all others are', async () => {
    expect(
      await hunt({ scores: [0.8, 0.9, 0.5, 0.99, 0.1], order: [0, 1, 2], draws: [2, 1, 3, 4] }),
    ).toMatchObject({
      chosen: [
        [2, 'hard'],
        [4, 'random'],
      ],
      excluded: [
        [0, 'is a positive'],
        [1, 'score near the positive'],
        [3, 'score near the positive'],
      ],
    })
  })

  test('not too many are drawn; then what is least like an answer is taken', async () => {
    const scores = [0.1, 0.9, 0.5, 0.99, 0.7, 0.8]
    expect(
      await hunt({ scores, positive: 0.1, order: [0, 1, 2], draws: [3, 4, 5], mostDraws: 2 }),
    ).toMatchObject({
      chosen: [
        [2, 'suspect'],
        [4, 'suspect'],
      ],
      scored: [1, 2, 3, 4],
      excluded: [
        [0, 'is a positive'],
        [1, 'score near the positive'],
        [3, 'score near the positive'],
      ],
    })
  })

  test('and nothing is left, it says so', async () => {
    expect(await hunt({ scores: [0.8, 0.5] })).toMatchObject({ chosen: [[1, 'hard']], isDone: false })
  })
})

describe('a random share', () => {
  test('is drawn, the rest is hard', async () => {
    expect(await hunt({ scores: [0.8, 0.5, 0.4, 0.3], randomCount: 1, draws: [3] })).toMatchObject({
      chosen: [
        [1, 'hard'],
        [3, 'random'],
      ],
    })
  })

  test('does not take the place of a hard one that fell out', async () => {
    const result = await hunt({ scores: [0.8, 0.9, 0.4, 0.3, 0.2], randomCount: 1, draws: [3, 4] })
    expect(result.chosen).toEqual(
      expect.arrayContaining([
        [2, 'hard'],
        [3, 'random'],
      ]),
    )
    expect(result.chosen).toHaveLength(2)
  })
})

test('a share that cannot be drawn is filled by what is too easy', async () => {
  const thresholds = { minScore: 0.45 }
  expect(await hunt({ scores: [0.8, 0.5, 0.4, 0.3], randomCount: 1, draws: [3], thresholds })).toMatchObject({
    chosen: [
      [1, 'hard'],
      [3, 'easy'],
    ],
    isDone: true,
  })
})

test('a chunk is used so often and no more', async () => {
  const uses = new Map([[1, 2]])
  const result = await hunt({ scores: [0.8, 0.5, 0.4, 0.3], maxUses: 2, uses })
  expect(result).toMatchObject({
    chosen: [
      [2, 'hard'],
      [3, 'hard'],
    ],
    excluded: [
      [0, 'is a positive'],
      [1, 'used often enough'],
    ],
  })
  expect(uses).toEqual(
    new Map([
      [1, 2],
      [2, 1],
      [3, 1],
    ]),
  )
})

describe('false negatives that are kept', () => {
  test('are those that score no less than the positive, and take a place', async () => {
    expect(await hunt({ scores: [0.8, 0.85, 0.79, 0.5, 0.4], keepFalseNegatives: true })).toMatchObject({
      positives: ['Text number 0.', 'Text number 1.'],
      chosen: [[3, 'hard']],
    })
  })

  test('leave one place for a negative', async () => {
    const { positives, chosen } = await hunt({ scores: [0.8, 0.9, 0.9, 0.9, 0.4], keepFalseNegatives: true })
    expect(positives).toHaveLength(2)
    expect(chosen).toEqual([[4, 'hard']])
  })
})
