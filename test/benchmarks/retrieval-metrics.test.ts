import { describe, expect, test } from 'vitest'
import { meanMetrics, metricsOf, type RetrievalMetrics } from '#clara/benchmarks/retrieval-metrics.js'

/** A ranking of `length` with relevant documents r1, r2, … at the given ranks, from 1. */
function ranking(length: number, ...at: number[]): string[] {
  return Array.from({ length }, (_, i) => (at.includes(i + 1) ? `r${at.indexOf(i + 1) + 1}` : `x${i}`))
}
const relevant = (count: number) => new Set(Array.from({ length: count }, (_, i) => `r${i + 1}`))
const none = { ndcg_at_10: 0, mrr_at_10: 0, recall_at_1: 0, recall_at_10: 0, recall_at_100: 0 }

describe('metricsOf', () => {
  test.each<[string, string[], Set<string>, RetrievalMetrics]>([
    // biome-ignore-start format: a table
    [
      'the only one first',
      ranking(100, 1),
      relevant(1),
      { ndcg_at_10: 1, mrr_at_10: 1, recall_at_1: 1, recall_at_10: 1, recall_at_100: 1 },
    ],
    [
      'third',
      ranking(100, 3),
      relevant(1),
      { ...none, ndcg_at_10: 0.5, mrr_at_10: 1 / 3, recall_at_10: 1, recall_at_100: 1 },
    ],
    [
      'rank 10',
      ranking(100, 10),
      relevant(1),
      { ...none, ndcg_at_10: 0.2890648, mrr_at_10: 0.1, recall_at_10: 1, recall_at_100: 1 },
    ],
    ['rank 11', ranking(100, 11), relevant(1), { ...none, recall_at_100: 1 }],
    ['rank 100', ranking(101, 100), relevant(1), { ...none, recall_at_100: 1 }],
    ['rank 101', ranking(101, 101), relevant(1), none],
    ['none found', ranking(100), relevant(2), none],
    ['no hits at all', [], relevant(1), none],
    [
      'fewer than ten hits',
      ranking(2, 2),
      relevant(1),
      { ...none, ndcg_at_10: 0.6309298, mrr_at_10: 0.5, recall_at_10: 1, recall_at_100: 1 },
    ],
    // DCG 1/log2(3) + 1/log2(6) = 0.630930 + 0.386853, ideal 1 + 0.630930 + 0.5 (of three)
    [
      'ranks 2 and 5 of three',
      ranking(100, 2, 5),
      relevant(3),
      { ndcg_at_10: 0.4776237, mrr_at_10: 0.5, recall_at_1: 0, recall_at_10: 2 / 3, recall_at_100: 2 / 3 },
    ],
    [
      'ranks 1 and 11 of two',
      ranking(100, 1, 11),
      relevant(2),
      { ndcg_at_10: 1 / 1.6309298, mrr_at_10: 1, recall_at_1: 0.5, recall_at_10: 0.5, recall_at_100: 1 },
    ],
    [
      'twelve, the first ten of them',
      ranking(100, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
      relevant(12),
      { ndcg_at_10: 1, mrr_at_10: 1, recall_at_1: 1 / 12, recall_at_10: 10 / 12, recall_at_100: 10 / 12 },
    ],
    // biome-ignore-end format: a table
  ])('%s', (_, ranked, ids, expected) => {
    const metrics = metricsOf(ranked, ids)
    for (const [name, value] of Object.entries(expected)) {
      expect(metrics[name as keyof RetrievalMetrics], name).toBeCloseTo(value, 6)
    }
    expect(Object.keys(metrics)).toEqual(Object.keys(expected))
  })
})

test('meanMetrics is the mean over queries, to six digits', () => {
  const all = [1, 0, 0].map((value) => ({ ...none, mrr_at_10: value, recall_at_1: value / 2 }))
  expect(meanMetrics(all)).toEqual({ ...none, mrr_at_10: 0.333333, recall_at_1: 0.166667 })
})
