import { expect, test } from 'vitest'
import { randomFor, shuffled } from '#clara/negatives/random.js'
import { chiSquare } from '../support/chance.js'

test('the same parts give the same numbers, other parts others', () => {
  const draw = (...parts: (string | number)[]) => {
    const random = randomFor(...parts)
    return Array.from({ length: 8 }, () => random(1000))
  }
  expect(draw(1, 'a')).toEqual(draw(1, 'a'))
  expect(draw(1, 'a')).not.toEqual(draw(2, 'a'))
  expect(draw('ab', 'c')).not.toEqual(draw('a', 'bc'))
  expect(draw(1)).not.toEqual(draw('1'))
})

test('numbers are whole, below the limit and evenly spread', () => {
  const counts = new Array<number>(7).fill(0)
  const random = randomFor('spread')
  for (let i = 0; i < 70_000; i++) counts[random(7)]!++
  expect(counts.reduce((sum, n) => sum + n)).toBe(70_000)
  expect(chiSquare(counts)).toBeLessThan(22.46) // p = 0.001 at 6 degrees of freedom
  expect(randomFor('one')(1)).toBe(0)
})

test('every item comes to every place equally often, and the input stays', () => {
  const items = ['a', 'b', 'c', 'd', 'e']
  const counts = new Array<number>(25).fill(0)
  for (let seed = 0; seed < 20_000; seed++) {
    shuffled(items, randomFor(seed)).forEach((item, place) => {
      counts[items.indexOf(item) * 5 + place]!++
    })
  }
  expect(items).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(chiSquare(counts)).toBeLessThan(39.25) // p = 0.001 at 16 degrees of freedom
})
