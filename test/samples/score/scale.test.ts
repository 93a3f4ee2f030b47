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
    const none = { calibration: undefined, random: undefined, unrelated: undefined }
    expect(await measureScale(rows, scorerOf(() => 0).scorer, 1)).toMatchObject(none)
    expect(await measureScale([rowOf(0)], undefined, 1)).toMatchObject(none)
  })
})

describe('the scale', () => {
  test('of the embedder stands between the average passage and the typical positive', async () => {
    const rows = many(101)
    for (const { vectors } of rows) vectors[1]![1] = 1 // of its own question each positive says one more
    const asked = rows.map((each) => ({ ...each, query: Float32Array.of(0, 1) }))
    const { random, calibration, embedder, background } = await measureScale(rows, undefined, 1)
    expect(calibration).toBeUndefined()
    expect(random).toBe(0)
    expect(background.zero(Float32Array.of(1, 0), 'all')).toBeCloseTo(0.5, 6)
    expect(embedder).toMatchObject({ positive: 0.5, questions: 101 })
    expect(embedder.random).toBeCloseTo(0.5, 1)
    const flat = await measureScale(asked, undefined, 1)
    expect(flat.embedder).toMatchObject({ auc: 0.5, unit: 1 }) // all the same: nothing to divide by
  })

  test('of a reranker is calibrated by the least of its positives', async () => {
    const rows = many(20)
    for (const each of rows) {
      each.row.docs = ['nothing', each.row.docs[1]!, 'also']
      each.row.positives = [1, 2]
      each.logits = Float32Array.of(-9, 4, 2)
      each.vectors.push(Float32Array.of(0, 0))
    }
    const { calibration, random } = await measureScale(rows, scorerOf(() => 0).scorer, 1)
    expect(calibration).toMatchObject({ positive: 2, random: 0, auc: 1, questions: 20 })
    expect(calibration!.centre).toBe(1)
    expect(random).toBeCloseTo(1 / (1 + Math.E))
  })

  test('of one that is blind is refused', async () => {
    const blind = measureScale(many(20), scorerOf(() => 4).scorer, 1)
    await expect(blind).rejects.toMatchObject(claraError('model', 'fake', '50% of pairs'))
  })
})
