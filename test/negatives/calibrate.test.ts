import { describe, expect, test } from 'vitest'
import { calibrate, probability } from '#clara/negatives/calibrate.js'
import { randomFor } from '#clara/negatives/random.js'
import { claraError } from '../support/collect.js'

const logits = (mean: number, count = 64, seed = 1) => {
  const random = randomFor(seed, mean)
  return Float32Array.from({ length: count }, () => mean + (random(2001) - 1000) / 500)
}

describe('a reranker', () => {
  test('whose sign tells positives from others is taken as it is', () => {
    const found = calibrate('r', logits(4), logits(-6))
    expect(found).toMatchObject({ centre: 0, auc: 1, questions: 64 })
    expect(probability(0, found.centre)).toBe(0.5)
  })

  test.each([
    ['negative', -3, -11],
    ['positive', 12, 5],
  ])('whose logits are all %s is centred between them', (_, positive, random) => {
    const found = calibrate('r', logits(positive), logits(random))
    expect(found.centre).toBeCloseTo((found.positive + found.random) / 2, 6)
    expect(probability(found.positive, found.centre)).toBeGreaterThan(0.9)
    expect(probability(found.random, found.centre)).toBeLessThan(0.1)
  })

  test('that cannot tell is refused', () => {
    expect(() => calibrate('blind', logits(1), logits(1, 64, 2))).toThrow(
      expect.objectContaining(claraError('model', 'blind', '--reranker none')),
    )
    expect(() => calibrate('upside-down', logits(-4), logits(4))).toThrow('0% of pairs')
  })

  test('is not judged by a few questions', () => {
    expect(calibrate('r', logits(1, 7), logits(2, 7)).auc).toBeLessThan(0.75)
  })
})

test('equal scores count as half', () => {
  expect(calibrate('r', Float32Array.of(1, 1), Float32Array.of(1, 1)).auc).toBe(0.5)
  expect(calibrate('r', Float32Array.of(2, 0), Float32Array.of(1, 1)).auc).toBe(0.5)
  expect(calibrate('r', Float32Array.of(2, 1), Float32Array.of(1, 0)).auc).toBe(0.875)
})

test('a probability rises with the logit and stays between 0 and 1', () => {
  const values = [-1000, -5, 0, 5, 1000].map((logit) => probability(logit, 1))
  expect(values).toEqual([...values].sort((a, b) => a - b))
  expect(values[0]).toBe(0)
  expect(values.at(-1)).toBe(1)
})
