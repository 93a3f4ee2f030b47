import { expect, test } from 'vitest'
import { uniformityOf, upperGamma } from '#clara/samples/validate/uniform.js'

// Q(df/2, x/2) by scipy.special.gammaincc 1.17.
test.each([
  [0.5, 1.9207294103470494, 0.05],
  [2, 4.743864518, 0.05],
  [2, 9.2334138, 0.001],
  [4.5, 8.459, 0.05],
  [1, 100, 3.720075976020836e-44],
  [49.5, 61.613, 0.05],
  [500, 500, 0.49405284],
  [500, 400, 0.99999938],
  [2, 0, 1],
])('Q(%d, %d) is %d', (a, x, q) => {
  expect(upperGamma(a, x) / q).toBeCloseTo(1, 3)
})

test('Q(1, x) is e^-x, Q(2, x) is (1 + x) e^-x, to twelve digits', () => {
  for (const x of [0.01, 0.5, 1, 1.9, 2.1, 3, 10, 50, 300]) {
    expect(upperGamma(1, x) / Math.exp(-x)).toBeCloseTo(1, 11)
    expect(upperGamma(2, x) / ((1 + x) * Math.exp(-x))).toBeCloseTo(1, 11)
  }
})

test('counts', () => {
  expect(uniformityOf([20, 20, 20])).toEqual({ rows: 60, positions: 3, chiSquare: 0, p: 1 })
  expect(uniformityOf([30, 20, 10])).toEqual({ rows: 60, positions: 3, chiSquare: 10, p: 0.00674 })
  expect(uniformityOf([4, 5])).toBeNull()
  expect(uniformityOf([100])).toBeNull()
})
