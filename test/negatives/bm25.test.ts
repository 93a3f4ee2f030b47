import { describe, expect, test } from 'vitest'
import { createBm25 } from '#clara/negatives/bm25.js'
import { randomFor } from '#clara/negatives/random.js'
import { fuseRanks } from '#clara/negatives/retrieve.js'

const of = (...texts: string[]) => {
  const bm25 = createBm25()
  for (const text of texts) bm25.add(text.split(' '))
  return (question: string, k = 10) => [...bm25.search(question.split(' '), k)]
}

describe('BM25', () => {
  test('ranks a rare word above a common one, and a short text above a long one', () => {
    const search = of('a a b', 'a c d', 'a e f g h i j k', 'c l m n o p q r')
    expect(search('b a')[0]).toBe(0)
    expect(search('c')).toEqual([1, 3])
    expect(search('z')).toEqual([])
    expect(search('a c', 2)).toHaveLength(2)
  })

  test('ties go by number, and a question does not change the next', () => {
    const search = of('x y', 'x y', 'x y')
    expect(search('x')).toEqual([0, 1, 2])
    expect(search('y x')).toEqual([0, 1, 2])
    expect(search('x', 1)).toEqual([0])
  })

  test('is the formula, over random texts', () => {
    const random = randomFor('bm25')
    const texts = Array.from({ length: 200 }, () =>
      Array.from({ length: 1 + random(40) }, () => `w${random(60) * random(3)}`),
    )
    const mean = texts.reduce((sum, text) => sum + text.length, 0) / texts.length
    const score = (question: string[], text: string[]) =>
      [...new Set(question)].reduce((sum, word) => {
        const count = text.filter((each) => each === word).length
        const having = texts.filter((each) => each.includes(word)).length
        const rarity = Math.log(1 + (texts.length - having + 0.5) / (having + 0.5))
        return sum + (rarity * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * text.length) / mean))
      }, 0)
    const search = of(...texts.map((text) => text.join(' ')))
    for (let i = 0; i < 20; i++) {
      const question = Array.from({ length: 5 }, () => `w${random(80)}`)
      const scores = texts.map((text) => score(question, text))
      const expected = texts
        .map((_, n) => n)
        .filter((n) => scores[n]! > 0)
        .sort((a, b) => scores[b]! - scores[a]! || a - b)
      const found = search(question.join(' '), 200)
      expect(found.map((n) => scores[n]!.toFixed(9))).toEqual(expected.map((n) => scores[n]!.toFixed(9)))
    }
  })
})

test('fused ranks: what both have comes first, then the first of each', () => {
  expect(
    fuseRanks([
      [1, 2, 3],
      [3, 4],
    ]),
  ).toEqual([3, 1, 2, 4])
  expect(fuseRanks([[1], []])).toEqual([1])
  expect(
    fuseRanks([
      [5, 6],
      [7, 8],
    ]),
  ).toEqual([5, 7, 6, 8])
})
