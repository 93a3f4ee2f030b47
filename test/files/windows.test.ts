import { expect, test } from 'vitest'
import { windows } from '#clara/files/windows.js'
import { collect, stream } from '../support/collect.js'

test('windows grow from the first to the largest', async () => {
  const sizes = (await collect(windows(stream(Array.from({ length: 40 }, (_, i) => i)), 16, 4))).map(
    (w) => w.length,
  )
  expect(sizes).toEqual([4, 8, 16, 12])
})

test.each([
  [0, 3, []],
  [2, 3, [[0, 1]]],
  [3, 3, [[0, 1, 2]]],
  [7, 3, [[0, 1, 2], [3, 4, 5], [6]]], // biome-ignore format: a table
  [2, 1, [[0], [1]]],
])('%i items in windows of %i', async (count, size, expected) => {
  expect(await collect(windows(stream(Array.from({ length: count }, (_, i) => i)), size))).toEqual(expected)
})
