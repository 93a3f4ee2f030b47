import { describe, expect, test } from 'vitest'
import type { PairScorer } from '#clara/negatives/scorer.js'
import { measureScale, type VectoredRow } from '#clara/samples/score/scale.js'
import { claraError } from '../../support/collect.js'

/** Row i asks about topic i: its positive says so, its negative is about nothing. */
function rowOf(i: number, positive = `topic ${i}`): VectoredRow {
  const row = {
    line: i + 1,
    id: null,
    question: `${i}`,
    answer: '',
    docs: ['nothing', positive],
    positives: [1],
  }
  // The query's product with the positive of row n is n / 100, with anything of its own 1.
  const vectors = [Float32Array.of(0, 0), Float32Array.of(i / 100, 0)]
  return { row, query: Float32Array.of(1, 0), vectors, logits: Float32Array.of(-9, 4) }
}

function scorerOf(logitOf: (question: string, passage: string) => number) {
  const pairs: string[] = []
  const scorer: PairScorer = {
    name: 'fake',
    counts: { scored: 0, reused: 0 },
    async score(asked) {
      pairs.push(...asked.map(({ question, passage }) => `${question}: ${passage}`))
      return Float32Array.from(asked, ({ question, passage }) => logitOf(question, passage))
    },
  }
  return { scorer, pairs }
}

const many = (count: number) => Array.from({ length: count }, (_, i) => rowOf(i))

describe('random passages', () => {
  test('are positives of other rows, the same for the same seed', async () => {
    const { scorer, pairs } = scorerOf(() => -5)
    await measureScale(many(50), scorer, 1)
    expect(pairs).toHaveLength(50)
    for (const [i, pair] of pairs.entries()) {
      expect(pair).toMatch(new RegExp(`^${i}: topic \\d+$`))
      expect(pair).not.toBe(`${i}: topic ${i}`)
    }
    expect(new Set(pairs.map((pair) => pair.split(': ')[1])).size).toBeGreaterThan(20)
    const again = scorerOf(() => -5)
    await measureScale(many(50), again.scorer, 1)
    expect(again.pairs).toEqual(pairs)
    const other = scorerOf(() => -5)
    await measureScale(many(50), other.scorer, 2)
    expect(other.pairs).not.toEqual(pairs)
  })

  test('are never one of the own positives, whoever else has it', async () => {
    const rows = [...Array.from({ length: 20 }, (_, i) => rowOf(i, i % 2 ? 'SHARED' : 'shared ')), rowOf(20)]
    const { scorer, pairs } = scorerOf(() => -5)
    await measureScale(rows, scorer, 1)
    expect(pairs.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}: topic 20`))
    expect(pairs[20]).toMatch(/^20: shared/i)
  })

  test('of 128 rows are enough', async () => {
    const { scorer, pairs } = scorerOf(() => -5)
    await measureScale(many(256), scorer, 1)
    expect(pairs).toHaveLength(128)
  })

  test('may be none at all', async () => {
    const rows = [rowOf(0, 'shared'), rowOf(1, 'shared')]
    const none = { centre: 0, calibration: undefined, random: undefined }
    expect(await measureScale(rows, scorerOf(() => 0).scorer, 1)).toEqual(none)
    expect(await measureScale([rowOf(0)], undefined, 1)).toEqual(none)
  })
})

describe('the scale', () => {
  test('of the embedder is the median product', async () => {
    const { random, calibration } = await measureScale(many(101), undefined, 1)
    expect(calibration).toBeUndefined()
    expect(random).toBeGreaterThan(0.35)
    expect(random).toBeLessThan(0.65)
  })

  test('of a reranker is calibrated by the least of its positives', async () => {
    const rows = many(20)
    for (const each of rows) {
      each.row.docs = ['nothing', each.row.docs[1]!, 'also']
      each.row.positives = [1, 2]
      each.logits = Float32Array.of(-9, 4, 2)
    }
    const { centre, calibration, random } = await measureScale(rows, scorerOf(() => 0).scorer, 1)
    expect(calibration).toMatchObject({ positive: 2, random: 0, auc: 1, questions: 20 })
    expect(centre).toBe(1)
    expect(random).toBeCloseTo(1 / (1 + Math.E))
  })

  test('of one that is blind is refused', async () => {
    const blind = measureScale(many(20), scorerOf(() => 4).scorer, 1)
    await expect(blind).rejects.toMatchObject(claraError('model', 'fake', '50% of pairs'))
  })
})
