import { expect, test } from 'vitest'
import { fillBatch, planBatches } from '#clara/inference/batches.js'
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

const TOKEN_BUDGET = 512
const all = (lengths: number[]) => lengths.map((_, i) => i)

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
  const batches = planBatches(encodings, all(lengths), TOKEN_BUDGET, 'any')
  const planned = batches.flat()
  expect([...planned].sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i))
  for (const batch of batches) {
    const padded = batch.length * Math.max(...batch.map((i) => lengths[i]!))
    expect(padded <= TOKEN_BUDGET || batch.length === 1).toBe(true)
  }
  for (const [i, index] of planned.slice(1).entries()) {
    expect(lengths[index]).toBeLessThanOrEqual(lengths[planned[i]!]!) // the longest first
  }
  expect(planBatches(encodingsOf(lengths), all(lengths), TOKEN_BUDGET, 'any')).toEqual(batches)
})

test('planBatches wastes little on padding', () => {
  const lengths = mixed(1000)
  const padded = planBatches(encodingsOf(lengths), all(lengths), TOKEN_BUDGET, 'any').reduce(
    (sum, b) => sum + b.length * lengths[b[0]!]!,
    0,
  )
  expect(padded / lengths.reduce((a, b) => a + b)).toBeLessThan(1.02)
})

test.each([
  ['any', [[3, 0, 4]]],
  ['equal', [[3], [0, 4]]],
  ['alone', [[0], [3], [4]]],
] as const)('planBatches runs only the rows that it is told, together with %s', (together, batches) => {
  expect(planBatches(encodingsOf([5, 9, 5, 7, 5]), [0, 3, 4], 100, together)).toEqual(batches)
})

test.each([
  ['right', [3, 4, 5, 1, 2, 9, 6, 9, 9], [1, 0, 1, 1, 0, 0, 1, 0, 0]],
  ['left', [3, 4, 5, 9, 1, 2, 9, 9, 6], [1, 0, 1, 0, 1, 0, 0, 0, 1]],
] as const)('fillBatch pads on the %s', (paddingSide, ids, typeIds) => {
  const encodings = { ...encodingsOf([2, 3, 1]), typeIds: Uint8Array.from([1, 0, 1, 0, 1, 1]) }
  expect(fillBatch(encodings, [1, 0, 2], { padId: 9, paddingSide })).toEqual({
    ids: Int32Array.from(ids),
    typeIds: Uint8Array.from(typeIds),
    lengths: Int32Array.from([3, 2, 1]),
    width: 3,
    padLeft: paddingSide === 'left',
  })
})
