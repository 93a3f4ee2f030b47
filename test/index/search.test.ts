/** One search for two ways of searching. */
import { availableParallelism } from 'node:os'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openGraph } from '#clara/index/graph.js'
import { createSearcher, planSearch } from '#clara/index/search.js'
import { useDirectory } from '../support/directory.js'
import { bruteForce, randomVectors, type TestGraph, writeGraph } from '../support/graphs.js'

const directory = useDirectory()
const DIMS = 24
const SHAPE = { dims: DIMS, metric: 'cos', precision: 'bf16' } as const

async function open({ files, shape }: TestGraph, removed = new Uint32Array()) {
  const threads = availableParallelism()
  const graph = await openGraph(files, shape, { threads, removed })
  const searcher = createSearcher({ files, shape, removed, graph, recall: null, threads })
  onTestFinished(() => searcher.close())
  return searcher
}

const firstOf = ({ ids, k }: { ids: Int32Array; k: number }, q: number) =>
  Array.from(ids.subarray(q * k, (q + 1) * k))

describe('the plan', () => {
  const request = { rows: 100_000, dims: 384, queries: 1000, k: 10, recall: null }

  test('is exact where that takes less than two seconds', () => {
    expect(planSearch(request, 'auto')).toMatchObject({ method: 'exact', why: 'it is fast enough' })
    const { seconds } = planSearch(request, 'auto')
    expect(seconds).toBeGreaterThan(0.1)
    expect(seconds).toBeLessThan(2)
  })

  test('is the graph where comparing with all rows takes longer', () => {
    expect(planSearch({ ...request, rows: 10_000_000 }, 'auto').method).toBe('graph')
    expect(planSearch({ ...request, rows: 1_000_000, queries: 1 }, 'auto').method).toBe('graph')
  })

  test('is exact where a quarter of the rows is wanted, however long it takes', () => {
    const large = { ...request, rows: 10_000_000, dims: 8 }
    const plan = planSearch({ ...large, k: 2_500_000 }, 'auto')
    expect(plan).toMatchObject({ method: 'exact', why: 'a large share of the index is wanted' })
    expect(plan.seconds).toBeGreaterThan(100)
    expect(planSearch({ ...large, k: 1000 }, 'auto').method).toBe('graph')
  })

  test('is what was asked for', () => {
    expect(planSearch(request, 'graph')).toMatchObject({ method: 'graph', why: 'asked for' })
    expect(planSearch({ ...request, rows: 1e9 }, 'exact').method).toBe('exact')
  })

  test('takes longer with more of anything', () => {
    for (const method of ['exact', 'graph'] as const) {
      for (const more of [{ queries: 2000 }, { dims: 768 }, { k: 1000 }]) {
        const { seconds } = planSearch({ ...request, ...more }, method)
        expect(seconds).toBeGreaterThan(planSearch(request, method).seconds)
      }
    }
  })
})

describe('of 2,000 rows', () => {
  let made: TestGraph
  const queries = randomVectors(9, 5, DIMS)
  beforeEach(async () => {
    made = await writeGraph(directory.path, randomVectors(2, 2000, DIMS), SHAPE)
  })

  test('both ways say which they are, and give the same scores', async () => {
    const searcher = await open(made)
    const exact = await searcher.search(queries, 10)
    expect(exact.method).toBe('exact')
    for (let q = 0; q < 5; q++) {
      const expected = bruteForce(made, queries.subarray(q * DIMS, (q + 1) * DIMS), 10)
      expect(firstOf(exact, q)).toEqual(expected.ids)
      expect(Array.from(exact.scores.subarray(q * 10, q * 10 + 10))).toEqual(expected.scores)
    }
    const graph = await searcher.search(queries, 10, { method: 'graph' })
    expect(graph.method).toBe('graph')
    expect(graph.ids).toEqual(exact.ids)
    expect(graph.scores).toEqual(exact.scores)
  })

  test('removed and excluded rows are found neither way', async () => {
    const [best, second] = (await (await open(made)).search(queries, 2)).ids
    const searcher = await open(made, Uint32Array.of(best!))
    const exclude = { offsets: Uint32Array.of(0, 1, 1, 1, 1, 1), rows: Uint32Array.of(second!) }
    const [exact, graph] = await Promise.all([
      searcher.search(queries, 3, { method: 'exact', exclude }),
      searcher.search(queries, 3, { method: 'graph', exclude }),
    ])
    expect(graph.ids).toEqual(exact.ids)
    expect(firstOf(exact, 0)).not.toContain(best)
    expect(firstOf(exact, 0)).not.toContain(second)
  })

  test('more than there are: all of them, and no more', async () => {
    const searcher = await open(made, Uint32Array.of(3, 4))
    const found = await searcher.search(queries, 5000)
    expect(found.k).toBe(1998)
    expect(new Set(firstOf(found, 0)).size).toBe(1998)
  })

  test('nothing is left', async () => {
    const searcher = await open(
      made,
      Uint32Array.from({ length: 2000 }, (_, row) => row),
    )
    expect((await searcher.search(queries, 5)).k).toBe(0)
  })
})

test('queries for which the graph reaches too few rows are answered from all rows', async () => {
  const made = await writeGraph(directory.path, randomVectors(4, 1200, DIMS), SHAPE)
  const queries = randomVectors(5, 3, DIMS)
  const nearest = bruteForce(made, queries.subarray(0, DIMS), 1200).ids
  // A graph that reaches the 20 rows nearest to the first query, of which the second query excludes 15.
  const reached = new Set(nearest.slice(0, 20))
  const unreached = Uint32Array.from(nearest.filter((row) => !reached.has(row))).sort()
  const excluded = nearest.slice(0, 15)
  const exclude = { offsets: Uint32Array.of(0, 0, 15, 15), rows: Uint32Array.from(excluded) }
  const { files, shape } = made
  const graph = await openGraph(files, shape, { threads: 1, removed: unreached })
  const removed = new Uint32Array()
  const searcher = createSearcher({ files, shape, removed, graph, recall: null, threads: 2 })
  onTestFinished(() => searcher.close())
  const found = await searcher.search(queries, 10, { method: 'graph', exclude })
  expect(firstOf(found, 0)).toEqual(nearest.slice(0, 10))
  const second = bruteForce(made, queries.subarray(DIMS, 2 * DIMS), 10, (row) => excluded.includes(row))
  expect(firstOf(found, 1)).toEqual(second.ids)
  expect(firstOf(found, 2).every((row) => reached.has(row))).toBe(true)
})
