import { expect, test } from 'vitest'
import { oneAhead, windows } from '#clara/files/windows.js'
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

test('the next item is begun while one is used, and no more than that', async () => {
  const begun: number[] = []
  async function* items() {
    for (let i = 0; i < 4; i++) {
      begun.push(i)
      yield i
    }
  }
  const seen: [number, number][] = []
  for await (const item of oneAhead(items())) {
    await new Promise((resolve) => setImmediate(resolve))
    seen.push([item, begun.length])
  }
  expect(seen).toEqual([
    [0, 2],
    [1, 3],
    [2, 4],
    [3, 4],
  ])
})

test('what fails ahead is thrown once what came before it is used', async () => {
  async function* items() {
    yield 1
    throw new Error('the second')
  }
  const seen: number[] = []
  const all = (async () => {
    for await (const item of oneAhead(items())) {
      await new Promise((resolve) => setImmediate(resolve))
      seen.push(item)
    }
  })()
  await expect(all).rejects.toThrow('the second')
  expect(seen).toEqual([1])
})

test('who leaves early waits for what has begun', async () => {
  const ended: string[] = []
  async function* items() {
    try {
      yield 1
      await new Promise((resolve) => setTimeout(resolve, 20))
      ended.push('second')
      yield 2
    } finally {
      ended.push('source')
    }
  }
  for await (const _ of oneAhead(items())) break
  expect(ended).toEqual(['second', 'source'])
})
