import { describe, expect, test } from 'vitest'
import { type Candidate, drawn, Ranked } from '#clara/negatives/candidates.js'
import { randomFor } from '#clara/negatives/random.js'
import { chiSquare } from '../support/chance.js'

const hits = (...ids: number[]) => ({ ids, scores: ids.map((_, i) => 1 - i / 100) })

function take(ranked: Ranked): (Candidate | 'deeper')[] {
  const out: (Candidate | 'deeper')[] = []
  for (let next = ranked.next(); next !== undefined; next = ranked.next()) {
    out.push(next)
    if (next === 'deeper') break
  }
  return out
}

const positions = (taken: (Candidate | 'deeper')[]) =>
  taken.map((each) => (each === 'deeper' ? each : each.position))

describe('what is ranked', () => {
  test('comes best first with rank and score, then the search must go deeper', () => {
    const ranked = new Ranked(hits(7, 3), { skipTop: 0, maxRank: 4, deepest: 4 })
    expect(take(ranked)).toEqual([
      { position: 7, rank: 1, score: 1 },
      { position: 3, rank: 2, score: 0.99 },
      'deeper',
    ])
    ranked.extend(hits(7, 3, 9, 1, 5))
    expect(take(ranked)).toEqual([
      { position: 9, rank: 3, score: 0.98 },
      { position: 1, rank: 4, score: 0.97 },
    ])
    expect(ranked.next()).toBeUndefined()
  })

  test('goes on after a deeper search that found others on the way', () => {
    const ranked = new Ranked(hits(7, 3), { skipTop: 0, maxRank: 5, deepest: 5 })
    take(ranked)
    ranked.extend(hits(7, 8, 3, 9, 4))
    expect(positions(take(ranked))).toEqual([8, 9, 4])
  })

  test('passes over the first, and keeps them', () => {
    const ranked = new Ranked(hits(7, 3, 9, 1), { skipTop: 2, maxRank: 4, deepest: 4 })
    expect(positions(take(ranked))).toEqual([9, 1])
    expect(positions(ranked.skipped)).toEqual([7, 3])
  })

  test('has no place for what is missing', () => {
    const ranked = new Ranked(hits(7, -1, 3), { skipTop: 0, maxRank: 3, deepest: 3 })
    expect(positions(take(ranked))).toEqual([7, 3])
  })

  test('in random order comes from the whole window, each once, and by the seed', () => {
    const draw = (seed: number) => {
      const ranked = new Ranked(
        hits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
        { skipTop: 2, maxRank: 9, deepest: 9 },
        randomFor(seed),
      )
      return positions(take(ranked))
    }
    expect([...draw(1)].sort()).toEqual([2, 3, 4, 5, 6, 7, 8])
    expect(draw(1)).toEqual(draw(1))
    expect(new Set([1, 2, 3, 4, 5].map((seed) => draw(seed).join())).size).toBeGreaterThan(1)
  })

  test('in random order waits until the window is there', () => {
    const ranked = new Ranked(hits(0, 1), { skipTop: 0, maxRank: 4, deepest: 4 }, randomFor(1))
    expect(ranked.next()).toBe('deeper')
    ranked.extend(hits(0, 1, 2, 3))
    expect([...positions(take(ranked))].sort()).toEqual([0, 1, 2, 3])
  })
})

test('drawing gives every chunk once, in an order of the seed', () => {
  const draw = (seed: number) =>
    Array.from(
      drawn(10, () => randomFor(seed)),
      ({ position }) => position,
    )
  const order = draw(1)
  expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(draw(1)).toEqual(order)
  expect(draw(2)).not.toEqual(order)
  expect([...drawn(0, () => randomFor(1))]).toEqual([])
})

test('every chunk is drawn first, and third, equally often', () => {
  const counts = { first: new Array<number>(6).fill(0), third: new Array<number>(6).fill(0) }
  for (let seed = 0; seed < 6000; seed++) {
    const order = Array.from(
      drawn(6, () => randomFor(seed)),
      ({ position }) => position,
    )
    counts.first[order[0]!]!++
    counts.third[order[2]!]!++
  }
  expect(chiSquare(counts.first)).toBeLessThan(20.52) // p = 0.001 at 5 degrees of freedom
  expect(chiSquare(counts.third)).toBeLessThan(20.52)
})
