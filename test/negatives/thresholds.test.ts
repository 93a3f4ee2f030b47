import { describe, expect, test } from 'vitest'
import { DEFAULT_THRESHOLDS, limitsFor, refuse } from '#clara/negatives/thresholds.js'

const limits = (positive: number, more = {}) => limitsFor(positive, { ...DEFAULT_THRESHOLDS, ...more })

describe('the share of the positive', () => {
  test('is 95% of a positive score', () => {
    const found = limits(0.8)
    expect(found.most).toBeCloseTo(0.76, 12)
    expect(refuse(0.761, found)).toBe('score near the positive')
    expect(refuse(0.759, found)).toBeUndefined()
  })

  test.each([0.9, 0.1, 0, -0.1, -8])('lets nothing through above the positive of %d', (positive) => {
    const found = limits(positive)
    expect(found.most).toBeLessThanOrEqual(positive)
    expect(refuse(positive + 1e-6, found)).toBe('score near the positive')
    expect(refuse(positive - Math.abs(positive) * 0.06 - 1e-6, found)).toBeUndefined()
  })

  test('of 1 is the positive itself', () => {
    expect(limits(0.8, { maxPercentOfPositive: 1 }).most).toBe(0.8)
  })
})

test('what chunks that have nothing to do with the question reach is no sign of an answer', () => {
  const found = limitsFor(0.1, { ...DEFAULT_THRESHOLDS, margin: 0.05 }, 0.4)
  expect(found).toMatchObject({ most: 0.4, positive: 0.1 })
  expect(limitsFor(0.8, DEFAULT_THRESHOLDS, 0.4).most).toBeCloseTo(0.76, 12)
  expect(limitsFor(0.1, { ...DEFAULT_THRESHOLDS, maxScore: 0.2 }, 0.4).most).toBe(0.2)
})

test('the strictest setting decides, and is named', () => {
  expect(limits(0.8, { margin: 0.3 })).toMatchObject({ most: 0.5, because: 'score within the margin' })
  expect(limits(0.8, { margin: 0.01 }).because).toBe('score near the positive')
  expect(limits(0.8, { maxScore: 0.4 })).toMatchObject({ most: 0.4, because: 'score over --max-score' })
  expect(refuse(0.45, limits(0.8, { maxScore: 0.4 }))).toBe('score over --max-score')
})

test('too low a score is refused only where it is asked for', () => {
  expect(refuse(-5, limits(0.8))).toBeUndefined()
  expect(refuse(0.19, limits(0.8, { minScore: 0.2 }))).toBe('score under --min-score')
  expect(refuse(0.2, limits(0.8, { minScore: 0.2 }))).toBeUndefined()
})
