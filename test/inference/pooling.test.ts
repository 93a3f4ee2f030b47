import { expect, test } from 'vitest'
import { normalise, pool, type TokenVectors, truncate } from '#clara/inference/pooling.js'

/** Two numbers a token, 99 where there is padding: rows of 3, 1 and 2 tokens. */
const P = [99, 99]
const right = [[1, 2], [3, 4], [5, 9], [7, 8], P, P, [-1, 0], [3, 1], P]
const left = [[1, 2], [3, 4], [5, 9], P, P, [7, 8], P, [-1, 0], [3, 1]]
const tokens = (padLeft: boolean): TokenVectors => ({
  values: Float32Array.from((padLeft ? left : right).flat()),
  width: 3,
  size: 2,
  lengths: Int32Array.of(3, 1, 2),
  padLeft,
})

test.each([
  ['mean', [3, 5, 7, 8, 1, 0.5]],
  ['cls', [1, 2, 7, 8, -1, 0]],
  ['last-token', [5, 9, 7, 8, 3, 1]],
] as const)('%s leaves padding out on either side', (pooling, expected) => {
  expect([...pool(tokens(false), pooling)]).toEqual(expected)
  expect([...pool(tokens(true), pooling)]).toEqual(expected)
})

test('a mean of many is summed in double precision', () => {
  const length = 100_001
  const values = new Float32Array(length).fill(0.1)
  values[0] = 1e8 // a sum in single precision would lose every one that follows
  const mean = pool(
    { values, width: length, size: 1, lengths: Int32Array.of(length), padLeft: false },
    'mean',
  )
  expect(mean[0]).toBe(Math.fround((1e8 + 1e5 * Math.fround(0.1)) / length))
})

test('what is no number stays in its row', () => {
  const values = Float32Array.of(Number.NaN, 1, 2, Number.POSITIVE_INFINITY, 3, 4)
  const pooled = pool({ values, width: 1, size: 2, lengths: Int32Array.of(1, 1, 1), padLeft: false }, 'mean')
  normalise(pooled, 2)
  expect(Number.isNaN(pooled[0])).toBe(true)
  expect(Number.isNaN(pooled[3])).toBe(true)
  expect([...pooled.subarray(4)]).toEqual([Math.fround(0.6), Math.fround(0.8)])
})

test('normalise makes unit vectors, of the smallest and largest too, and leaves zeros', () => {
  const rows = Float32Array.of(3, 4, 0, 0, 1e-30, 0, 0, -3e38)
  normalise(rows, 2)
  expect([...rows]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0, 1, 0, 0, -1])
})

test('truncate keeps the first numbers of each row', () => {
  const rows = Float32Array.of(1, 2, 3, 4, 5, 6)
  expect([...truncate(rows, 3, 2)]).toEqual([1, 2, 4, 5])
  expect([...truncate(rows, 2, 1)]).toEqual([1, 3, 5])
  expect(truncate(rows, 3, 3)).toBe(rows)
})
