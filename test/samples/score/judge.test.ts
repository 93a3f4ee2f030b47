import { describe, expect, test } from 'vitest'
import { type JudgeOptions, judgeRow, type RowScores } from '#clara/samples/score/judge.js'

const POSITIVE = 'The old bridge over the river was built in 1874 and carried trains until the flood of 1913.'
const STATING =
  'Trains ran for years. Then came the flood of 1913, and all was over for the company and its men.'
const row = {
  line: 7,
  id: null,
  question: 'What ended the trains?',
  answer: 'the flood of 1913',
  docs: [
    'Bread rises because yeast turns sugar into gas, and warm dough rises faster than cold.',
    POSITIVE,
    'Puffins nest in burrows that they dig with beak and feet in the turf above a cliff.',
    'Gannets dive from thirty metres, their wings folded back just before they meet the water.',
  ],
  positives: [1],
}

function judge(
  changes: Partial<typeof row> = {},
  scores: Partial<RowScores> = {},
  options: JudgeOptions = {},
) {
  const given = { embedder: [0.3, 0.8, 0.5, 0.1], reranker: undefined, nearness: () => 0.6, random: 0.05 }
  const embedder = scores.embedder ?? given.embedder
  return judgeRow(
    { ...row, ...changes },
    { ...given, standard: embedder, unrelated: undefined, ...scores },
    options,
  )
}

const findingsOf = (judged: ReturnType<typeof judge>) =>
  judged.docs.map(({ findings }) => findings.map(({ kind, reason }) => `${kind}: ${reason}`))

describe('ranks', () => {
  test('are from 1, best first; equal scores share the better one', () => {
    const { docs, positiveRank } = judge({}, { embedder: [0.3, 0.8, 0.9, 0.3] })
    expect(docs.map(({ embedder }) => embedder.rank)).toEqual([3, 2, 1, 3])
    expect(positiveRank).toEqual({ embedder: 2, reranker: undefined })
  })

  test('of the best of several positives, by each model', () => {
    const { positiveRank, docs } = judge({ positives: [1, 3] }, { reranker: [0.9, 0.2, 0.3, 0.8] })
    expect(positiveRank).toEqual({ embedder: 1, reranker: 2 })
    expect(docs.map(({ reranker }) => reranker)).toEqual([
      { score: 0.9, rank: 1 },
      { score: 0.2, rank: 4 },
      { score: 0.3, rank: 3 },
      { score: 0.8, rank: 2 },
    ])
    expect(docs.map(({ isPositive }) => isPositive)).toEqual([false, true, false, true])
  })
})

describe('suspects by score', () => {
  test('are those near the positive or above it', () => {
    const judged = judge({}, { embedder: [0.77, 0.8, 0.9, 0.75] })
    const near = ['suspect: score near the positive']
    expect(findingsOf(judged)).toEqual([near, [], near, []])
    expect(judged.limits).toMatchObject({ positive: 0.8, least: 0.05 })
    expect(judged.limits.most).toBeCloseTo(0.76)
  })

  test.each<[string, NonNullable<JudgeOptions['thresholds']>, string[]]>([
    ['a share', { maxPercentOfPositive: 0.6 }, ['suspect: score near the positive']],
    ['a margin', { margin: 0.35 }, ['suspect: score within the margin']],
    ['a limit', { maxScore: 0.4 }, ['suspect: score over --max-score']],
  ])('by %s that is asked for', (_, thresholds, expected) => {
    expect(findingsOf(judge({}, {}, { thresholds }))).toEqual([[], [], expected, []])
  })

  test('are judged by the least of the positives', () => {
    expect(findingsOf(judge({ positives: [1, 3] }))).toEqual([
      ['suspect: score near the positive'],
      [],
      ['suspect: score near the positive'],
      [],
    ])
  })

  test('by the reranker where there is one', () => {
    const judged = judge({}, { embedder: [0.9, 0.8, 0.9, 0.9], reranker: [0.2, 0.9, 0.89, 0.3] })
    expect(findingsOf(judged)).toEqual([[], [], ['suspect: score near the positive'], []])
  })
})

describe('suspects by what they say', () => {
  const replaced = (text: string) => ({ docs: row.docs.with(2, text) })

  test.each([
    ['the answer', STATING, 'contains the answer'],
    ['the same text', `${POSITIVE.toUpperCase()} `, 'same text as a positive'],
    [
      'the same words',
      'Built in 1874, the old bridge over the river carried trains until the flood of 1913.',
      'near-duplicate of a positive',
    ],
  ])('%s', (_, text, reason) => {
    expect(findingsOf(judge(replaced(text)))).toEqual([[], [], [`suspect: ${reason}`], []])
  })

  test('and by their vector', () => {
    const judged = judge({}, { nearness: (position) => (position === 0 ? 0.97 : 0.2) })
    expect(findingsOf(judged)[0]).toEqual(['suspect: near-duplicate of a positive'])
  })

  test('not where that is turned off, and not by no answer', () => {
    const stating = replaced(STATING)
    expect(findingsOf(judge(stating, {}, { truth: { excludeAnswers: false } }))[2]).toEqual([])
    expect(findingsOf(judge({ ...stating, answer: '' }))[2]).toEqual([])
  })

  test('with both reasons, and never too easy at once', () => {
    const stating = replaced(STATING)
    expect(findingsOf(judge(stating, { embedder: [0.3, 0.8, 0.9, 0.1] }))[2]).toEqual([
      'suspect: contains the answer',
      'suspect: score near the positive',
    ])
    expect(findingsOf(judge(stating, { embedder: [0.3, 0.8, 0.01, 0.1] }))[2]).toEqual([
      'suspect: contains the answer',
    ])
  })
})

describe('too easy', () => {
  test('is what scores less than random passages do', () => {
    expect(findingsOf(judge({}, { random: 0.2 }))[3]).toEqual([
      'too-easy: score under that of random passages',
    ])
    expect(findingsOf(judge({}, { random: 0.1 }))[3]).toEqual([])
  })

  test('is what scores less than is asked for', () => {
    const judged = judge({}, { random: 0.2 }, { thresholds: { minScore: 0.4 } })
    expect(findingsOf(judged)).toEqual([
      ['too-easy: score under --min-score'],
      [],
      [],
      ['too-easy: score under --min-score'],
    ])
  })

  test('is nothing where neither is known', () => {
    const judged = judge({}, { random: undefined, embedder: [-1, 0.8, -1, -1] })
    expect(findingsOf(judged).flat()).toEqual([])
  })
})

test('a positive has no findings', () => {
  expect(findingsOf(judge({}, { embedder: [0.1, 0.01, 0.1, 0.1] }))[1]).toEqual([])
})
