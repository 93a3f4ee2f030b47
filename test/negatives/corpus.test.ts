import { describe, expect, test } from 'vitest'
import { corpusOf } from '../support/corpus.js'

test('a chunk is read with its passage, its document and its key', async () => {
  const corpus = await corpusOf({ a: ['One.', 'Two.'], b: ['  ONE. '] })
  expect(corpus.count).toBe(3)
  const [one, two, again] = await Promise.all([corpus.read(0), corpus.read(1), corpus.read(2)])
  expect(two).toMatchObject({ position: 1, chunkId: 'a#1', documentId: 'a', text: 'Two.' })
  expect(again.key).toBe(one.key)
  expect(two.key).not.toBe(one.key)
  expect(await corpus.distinct()).toBe(2)
  await expect(corpus.read(3)).rejects.toThrow(RangeError)
})

describe('find', () => {
  test.each([
    ['a', [0, 1]],
    ['a#0', [0]],
    ['a#1', [1]],
    ['a#2', []],
    ['a#', []],
    ['a#-1', []],
    ['a#0x1', []],
    ['#', []],
    ['', []],
    ['b#c', [2]], // a document whose own id has the mark
    ['b#c#0', [2]],
    ['toString', []],
    ['unknown', []],
  ])('%j is %j', async (id, positions) => {
    const corpus = await corpusOf({ a: ['One.', 'Two.'], 'b#c': ['Three.'] })
    expect(corpus.find(id)).toEqual(positions)
  })
})
