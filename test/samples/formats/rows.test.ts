import { describe, expect, test } from 'vitest'
import type { MinedQuestion } from '#clara/negatives/mine.js'
import { assembleSample, type Scorers } from '#clara/samples/assemble.js'
import { byRole } from '#clara/samples/formats/by-role.js'
import { flagRows } from '#clara/samples/formats/flagembedding.js'
import { mostKept } from '#clara/samples/formats/n-tuple.js'
import {
  labeledLists,
  labeledPairs,
  triplets,
  tupleColumns,
  tupleRow,
  tuples,
} from '#clara/samples/formats/sentence-transformers.js'
import { handMade, NO_SCORERS, QUESTIONS, SCORERS, UNSCORED } from '../../support/assembled.js'

const [one, several, given] = QUESTIONS as [MinedQuestion, MinedQuestion, MinedQuestion]
const assembled = (mined: MinedQuestion, scorers: Scorers = SCORERS, seed = 42) =>
  assembleSample(mined, seed, scorers)

describe('a sample by role', () => {
  const names = (mined: MinedQuestion, seed: number) => {
    const { positives, negatives } = byRole(assembled(mined, SCORERS, seed))
    return [positives, negatives].map((passages) => passages.map(({ chunkId, text }) => chunkId ?? text))
  }

  test('has the same order however its documents are shuffled', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(names(one, seed)).toEqual([['gold#0'], ['near#0', 'far#1', 'any#0']])
      expect(names(several, seed)).toEqual([
        ['gold#1', 'gold#2'],
        ['near#0', 'top#0'],
      ])
    }
  })

  test('has those that score like answers last, and easy ones before them', () => {
    expect(names(given, 42)).toEqual([['答案在这里。\n"第二行"\t尾'], ['怪 "名#0', 'easy#0', 'suspect#0']])
  })

  test('has the score of what judged', () => {
    const ranked = { ...one, positives: [{ ...one.positives[0]!, score: 0.7 }] }
    expect(byRole(assembled(ranked)).positives[0]?.score).toBe(0.9)
    expect(byRole(assembled(ranked, { embedder: 'a-model', reranker: null })).positives[0]?.score).toBe(0.7)
    expect(byRole(assembled(UNSCORED[0]!, NO_SCORERS)).positives[0]?.score).toBeNull()
  })
})

describe('triplets', () => {
  test('are each positive with each negative', () => {
    const of = (positive: string, negative: string) => ({
      anchor: 'Question several?',
      positive: `Text of ${positive}.`,
      negative: `Text of ${negative}.`,
    })
    expect(triplets(assembled(several))).toEqual([
      of('gold#1', 'near#0'),
      of('gold#1', 'top#0'),
      of('gold#2', 'near#0'),
      of('gold#2', 'top#0'),
    ])
    expect(triplets(assembled(one))).toHaveLength(3)
  })

  test('have their columns in the order that losses read them', () => {
    expect(Object.keys(triplets(assembled(one))[0]!)).toEqual(['anchor', 'positive', 'negative'])
  })
})

describe('n-tuples', () => {
  test('are one for each positive, with all negatives of the sample', () => {
    expect(tuples(assembled(several)).map(({ positive, negatives }) => [positive, ...negatives])).toEqual([
      ['Text of gold#1.', 'Text of near#0.', 'Text of top#0.'],
      ['Text of gold#2.', 'Text of near#0.', 'Text of top#0.'],
    ])
  })

  test('become rows of so many columns as are asked for', () => {
    const [tuple] = tuples(assembled(one))
    expect(Object.entries(tupleRow(tuple!, 2))).toEqual([
      ['anchor', 'Question one?'],
      ['positive', 'Text of gold#0.'],
      ['negative_1', 'Text of near#0.'],
      ['negative_2', 'Text of far#1.'],
    ])
    expect(Object.keys(tupleColumns(2))).toEqual(Object.keys(tupleRow(tuple!, 2)))
  })

  test.each([
    ['a single number', [[4, 10]], 4],
    [
      'few with less: they are left out',
      [
        [4, 95],
        [3, 4],
        [1, 2],
      ],
      4,
    ], // prettier-ignore
    ['all alike with less', [[3, 50]], 3],
    [
      'many with less: the others lose one',
      [
        [4, 10],
        [3, 20],
      ],
      3,
    ], // prettier-ignore
    [
      'as many either way: the larger',
      [
        [4, 3],
        [3, 1],
      ],
      4,
    ], // prettier-ignore
    ['nothing', [], 1],
  ] as [string, [number, number][], number][])('keep most negatives: %s', (_, counts, expected) => {
    expect(mostKept(new Map(counts))).toBe(expected)
    expect(mostKept(new Map(counts.toReversed()))).toBe(expected)
  })
})

describe('labelled samples', () => {
  test('are pairs with 1 for each positive', () => {
    expect(labeledPairs(assembled(several)).map(({ passage, label }) => [passage, label])).toEqual([
      ['Text of gold#1.', 1],
      ['Text of gold#2.', 1],
      ['Text of near#0.', 0],
      ['Text of top#0.', 0],
    ])
  })

  test('are lists, positives first', () => {
    expect(labeledLists(assembled(several))).toEqual([
      {
        anchor: 'Question several?',
        passages: ['Text of gold#1.', 'Text of gold#2.', 'Text of near#0.', 'Text of top#0.'],
        labels: [1, 1, 0, 0],
      },
    ])
  })
})

describe('FlagEmbedding rows', () => {
  test('have a score for each passage', () => {
    expect(flagRows(assembled(several))).toEqual([
      {
        query: 'Question several?',
        pos: ['Text of gold#1.', 'Text of gold#2.'],
        neg: ['Text of near#0.', 'Text of top#0.'],
        pos_scores: [1, 0.8],
        neg_scores: [0.25, 0.5],
      },
    ])
  })

  test('have none at all in a run without a model', () => {
    const [row] = flagRows(assembled(UNSCORED[0]!, NO_SCORERS))
    expect(Object.keys(row!)).toEqual(['query', 'pos', 'neg'])
  })

  test('keep their lists aligned where one score is missing', () => {
    const mined = handMade({
      positives: ['|given'],
      negatives: [
        ['a', 'hard'],
        ['b', 'hard'],
      ], // prettier-ignore
      scores: { b: 0.5 },
    })
    expect(flagRows(assembled(mined))[0]).toMatchObject({ pos_scores: [null], neg_scores: [null, 0.5] })
  })
})
