import { expect, test } from 'vitest'
import { drawn, retrieved } from '#clara/negatives/candidates.js'
import { randomFor } from '#clara/negatives/random.js'
import { chiSquare } from '../support/chance.js'
import { collect } from '../support/collect.js'
import { useExampleIndex } from '../support/example-index.js'

const example = useExampleIndex()

test('retrieval goes on to the whole index, each chunk once, best first', async () => {
  const { index, embedder } = example
  const query = await embedder.embed(['What does dropout do?'], 'query')
  const first = await index.search(query, 3)
  const all = await collect(retrieved(index, query, first))
  const whole = await index.search(query, index.chunks.count, { method: 'exact' })
  expect(all.map(({ position }) => position)).toEqual([...whole.ids])
  expect(all.map(({ rank }) => rank)).toEqual(all.map((_, i) => i + 1))
  expect(all.map(({ score }) => score)).toEqual([...whole.scores])
})

test('no search is made that nobody asked for', async () => {
  const { index, embedder } = example
  const query = await embedder.embed(['What does dropout do?'], 'query')
  const first = await index.search(query, 3)
  const depths: number[] = []
  const watched = {
    ...index,
    search: (queries: Float32Array, k: number) => {
      depths.push(k)
      return index.search(queries, k)
    },
  }
  const candidates = retrieved(watched, query, first)
  for (let i = 0; i < 3; i++) await candidates.next()
  expect(depths).toEqual([])
  await candidates.next()
  expect(depths).toEqual([12])
})

test('drawing gives every chunk once, in an order of the seed', async () => {
  const draw = async (seed: number) =>
    (await collect(drawn(10, randomFor(seed)))).map(({ position }) => position)
  const order = await draw(1)
  expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(await draw(1)).toEqual(order)
  expect(await draw(2)).not.toEqual(order)
  expect(await collect(drawn(0, randomFor(1)))).toEqual([])
})

test('every chunk is drawn first, and third, equally often', async () => {
  const counts = { first: new Array<number>(6).fill(0), third: new Array<number>(6).fill(0) }
  for (let seed = 0; seed < 6000; seed++) {
    const order = await collect(drawn(6, randomFor(seed)))
    counts.first[order[0]!.position]!++
    counts.third[order[2]!.position]!++
  }
  expect(chiSquare(counts.first)).toBeLessThan(20.52) // p = 0.001 at 5 degrees of freedom
  expect(chiSquare(counts.third)).toBeLessThan(20.52)
})
