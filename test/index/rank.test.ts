import { describe, expect, test } from 'vitest'
import { best, dot } from '#clara/index/rank.js'
import { randomFor } from '#clara/negatives/random.js'

const DIMS = 16
const COUNT = 500
const random = randomFor('vectors')

/** Unit vectors of few distinct values, so that many scores tie. */
function unitVectors(count: number, levels: number): Float32Array {
  const out = new Float32Array(count * DIMS)
  for (let row = 0; row < count; row++) {
    const values = Array.from({ length: DIMS }, () => random(levels) - levels / 2 + 0.5)
    const norm = Math.hypot(...values)
    out.set(values.map((value) => value / norm), row * DIMS) // biome-ignore format: short
  }
  return out
}

/** The k best of some rows, all of them unless said otherwise. */
function ranked(query: Float32Array, vectors: Float32Array, k: number, rows?: number[]) {
  const ids = rows ?? Array.from({ length: vectors.length / query.length }, (_, row) => row)
  return best(
    ids,
    Float32Array.from(ids, (row) => dot(query, vectors, row * query.length)),
    k,
  )
}

function bruteForce(query: Float32Array, vectors: Float32Array, k: number) {
  const all: { id: number; score: number }[] = []
  for (let id = 0; id < vectors.length / DIMS; id++) {
    let score = 0
    for (let i = 0; i < DIMS; i++) score += query[i]! * vectors[id * DIMS + i]!
    all.push({ id, score: Math.fround(score) })
  }
  return all.sort((a, b) => b.score - a.score || a.id - b.id).slice(0, k)
}

describe.each([
  ['hardly a tie', 1000],
  ['many ties', 2],
])('the best with %s', (_, levels) => {
  const vectors = unitVectors(COUNT, levels)
  const queries = unitVectors(20, levels)
  test.each([0, 1, 10, COUNT - 1, COUNT, COUNT + 5])('k = %i', (k) => {
    for (let q = 0; q < 20; q++) {
      const query = queries.slice(q * DIMS, (q + 1) * DIMS)
      const expected = bruteForce(query, vectors, k)
      const { ids, scores } = ranked(query, vectors, k)
      expect(ids).toEqual(expected.map(({ id }) => id))
      expect(scores).toEqual(expected.map(({ score }) => score))
    }
  })
})

test('equal scores are ordered by id, whatever the order of the candidates', () => {
  const vectors = new Float32Array([1, 0, 0, 1, 1, 0, 1, 0])
  const query = new Float32Array([1, 0])
  expect(ranked(query, vectors, 3)).toEqual({ ids: [0, 2, 3], scores: [1, 1, 1] })
  expect(ranked(query, vectors, 3, [3, 1, 2, 0])).toEqual({ ids: [0, 2, 3], scores: [1, 1, 1] })
})

test('the candidates are ranked and no others', () => {
  const vectors = new Float32Array([1, 0, 0.6, 0.8, 0, 1])
  expect(ranked(new Float32Array([1, 0]), vectors, 5, [2, 1]).ids).toEqual([1, 2])
})
