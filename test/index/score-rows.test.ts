/** Scores of several rows at once are those of one at a time, to the last bit. */
import { describe, expect, test } from 'vitest'
import { type ScoreRows, scoreRows } from '#clara/index/exact/score-rows.js'
import { nativeAddon } from '#clara/index/graph/native-addon.js'
import { dot } from '#clara/index/rank.js'
import { cancelling } from '../support/graphs.js'

const ROWS = 50
const found = nativeAddon()
const WAYS: [string, ScoreRows][] = [['JavaScript', scoreRows]]
if ('addon' in found) WAYS.push(['native code', found.addon.scoreRows])

describe.each(WAYS)('%s', (_, score) => {
  test.each([1, 7, 8, 37, 384])('of %i dimensions', (dims) => {
    const { query, vectors } = cancelling(ROWS, dims)
    const places = Int32Array.from({ length: 64 }, (_, i) => (i * 17) % ROWS)
    const expected = Array.from(places, (row) => dot(query, vectors, row * dims))
    for (let count = 0; count <= places.length; count++) {
      const scores = new Float32Array(places.length).fill(7)
      score(query, vectors, places, count, scores)
      expect(Array.from(scores)).toEqual(expected.map((each, i) => (i < count ? each : 7)))
    }
  })
})

test.runIf('addon' in found)('native code reads nothing but what it was given', () => {
  if (!('addon' in found)) return
  const { scoreRows: score } = found.addon
  const [query, vectors, scores] = [new Float32Array(8), new Float32Array(80), new Float32Array(4)]
  expect(() => score(query, vectors, Int32Array.of(0, 10), 2, scores)).toThrow('places of rows')
  expect(() => score(query, vectors, Int32Array.of(-1), 1, scores)).toThrow('places of rows')
  expect(() => score(query, vectors, Int32Array.of(1), 2, scores)).toThrow('as many')
  expect(() => score(query, vectors, new Int32Array(5), 5, scores)).toThrow('as many')
  expect(() => score(new Float32Array(), vectors, Int32Array.of(0), 1, scores)).toThrow('places of rows')
})
