import { expect, test } from 'vitest'
import { fillBatch, planBatches, TOKEN_BUDGET } from '#clara/inference/batches.js'
import type { Encodings } from '#clara/inference/encoding.js'
import { randomFor } from '#clara/negatives/random.js'

function encodingsOf(lengths: number[]): Encodings {
  const starts = new Int32Array(lengths.length + 1)
  lengths.forEach((length, i) => {
    starts[i + 1] = starts[i]! + length
  })
  const ids = Int32Array.from({ length: starts.at(-1)! }, (_, i) => i + 1)
  return { ids, starts, truncated: 0, tokens: ids.length, unknown: 0 }
}

const random = randomFor('lengths')
const mixed = (count: number) => Array.from({ length: count }, () => 2 + random(255))

test.each([
  ['nothing', []],
  ['one text', [7]],
  ['one of each length', Array.from({ length: 256 }, (_, i) => i + 1)],
  ['equal lengths', Array(100).fill(31)],
  ['texts over the budget', [600, 700, 2]],
  ...[2, 50, 999].map((count) => [`${count} of mixed lengths`, mixed(count)] as [string, number[]]),
])('planBatches of %s', (_, lengths: number[]) => {
  const encodings = encodingsOf(lengths)
  const batches = planBatches(encodings)
  const planned = batches.flat()
  expect([...planned].sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i))
  for (const batch of batches) {
    const padded = batch.length * Math.max(...batch.map((i) => lengths[i]!))
    expect(padded <= TOKEN_BUDGET || batch.length === 1).toBe(true)
  }
  for (const [i, index] of planned.slice(1).entries()) {
    expect(lengths[index]).toBeLessThanOrEqual(lengths[planned[i]!]!) // the longest first
  }
  expect(planBatches(encodingsOf(lengths))).toEqual(batches)
})

test('planBatches wastes little on padding', () => {
  const lengths = mixed(1000)
  const padded = planBatches(encodingsOf(lengths)).reduce((sum, b) => sum + b.length * lengths[b[0]!]!, 0)
  expect(padded / lengths.reduce((a, b) => a + b)).toBeLessThan(1.02)
})

test('fillBatch pads on the right with zeros', () => {
  const batch = fillBatch(encodingsOf([2, 3, 1]), [1, 0, 2])
  expect(batch).toEqual({
    ids: Int32Array.from([3, 4, 5, 1, 2, 0, 6, 0, 0]),
    lengths: Int32Array.from([3, 2, 1]),
    width: 3,
  })
})
