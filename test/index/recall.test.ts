/** Tuning on a real graph. */
import { beforeEach, describe, expect, test } from 'vitest'
import { openExact } from '#clara/index/exact.js'
import { type Exclusions, openGraph } from '#clara/index/graph.js'
import { expansionFor, shortfallOf, tuneFiles, tuneRecall } from '#clara/index/recall.js'
import { useDirectory } from '../support/directory.js'
import { randomVectors, type TestGraph, writeGraph } from '../support/graphs.js'

const directory = useDirectory()
const DIMS = 96
const SHAPE = { dims: DIMS, metric: 'cos', precision: 'i8' } as const
const OPTIONS = { removed: new Uint32Array(), threads: 2, seed: 1 }

describe('of 3,000 rows', () => {
  let made: TestGraph
  beforeEach(async () => {
    made = await writeGraph(directory.path, randomVectors(1, 3000, DIMS), SHAPE)
  })

  test('the same record each time, and a wider search for a higher target', async () => {
    const low = await tuneFiles(made.files, made.shape, { ...OPTIONS, target: 0.5 })
    const high = await tuneFiles(made.files, made.shape, { ...OPTIONS, target: 0.9999 })
    const again = await tuneFiles(made.files, made.shape, { ...OPTIONS, threads: 1, target: 0.9999 })
    expect(again).toEqual(high)
    expect(high).toMatchObject({ target: 0.9999, sample: 256 })
    for (const at of ['at10', 'at100'] as const) {
      expect(high[at].recall).toBeGreaterThanOrEqual(0.9999)
      expect(low[at].recall).toBeLessThan(high[at].recall)
      expect(low[at].expansion).toBeLessThan(high[at].expansion)
    }
    expect(shortfallOf(high)).toBeUndefined()
  })

  test('what it found holds for other rows', async () => {
    const record = await tuneFiles(made.files, made.shape, { ...OPTIONS, target: 0.95 })
    const rows = Uint32Array.from({ length: 200 }, (_, i) => 7 * i)
    const queries = new Float32Array(200 * DIMS)
    for (const [i, row] of rows.entries()) {
      queries.set(made.vectors.subarray(row * DIMS, (row + 1) * DIMS), i * DIMS)
    }
    const exclude = { offsets: Uint32Array.from({ length: 201 }, (_, i) => i), rows }
    const graph = await openGraph(made.files, made.shape, { threads: 2 })
    const exact = await openExact(made.files.vectors, made.shape, { threads: 2 })
    const found = await graph.search({ queries, k: 10, expansion: expansionFor(record, 10), exclude })
    const nearest = await exact.search({ queries, k: 10, exclude })
    await Promise.all([graph.close(), exact.close()])
    let hits = 0
    for (let i = 0; i < 2000; i++) {
      const start = i - (i % 10)
      if (found.ids.subarray(start, start + 10).includes(nearest.ids[i]!)) hits++
    }
    expect(Math.abs(hits / 2000 - record.at10.recall)).toBeLessThan(0.03)
  })

  test('each row of the sample is searched for among the others', async () => {
    const { files, shape, vectors } = made
    const graph = await openGraph(files, shape, { threads: 2 })
    const exact = await openExact(files.vectors, shape, { threads: 2 })
    const asked: { queries: Float32Array; exclude?: Exclusions }[] = []
    const noting = <A extends (typeof asked)[number], R>(search: (args: A) => R) => ({
      search: (args: A) => {
        asked.push(args)
        return search(args)
      },
    })
    const read = (rows: Uint32Array) =>
      Float32Array.from(
        { length: rows.length * DIMS },
        (_, i) => vectors[rows[Math.floor(i / DIMS)]! * DIMS + (i % DIMS)]!,
      )
    const tuning = { graph: noting(graph.search), exact: noting(exact.search), read, rows: 3000, ...OPTIONS }
    await tuneRecall({ ...tuning, target: 0.9 })
    await Promise.all([graph.close(), exact.close()])
    for (const { queries, exclude } of asked) {
      expect(Array.from(exclude!.offsets)).toEqual(Array.from({ length: 257 }, (_, i) => i))
      expect(queries).toEqual(read(exclude!.rows))
    }
  })

  test('a target out of reach: it says what the widest search finds', async () => {
    const record = await tuneFiles(made.files, made.shape, { ...OPTIONS, target: 1.1 })
    expect(record.at10.expansion).toBe(3072) // the first that is no less than all rows
    expect(shortfallOf(record)).toMatch(
      /recall 1\.1 is not reached: the graph finds [01]\.\d+ of the 10 nearest/,
    )
  })

  test('removed rows are neither searched for nor expected', async () => {
    const removed = Uint32Array.from({ length: 2900 }, (_, i) => i)
    const record = await tuneFiles(made.files, made.shape, { ...OPTIONS, removed, target: 0.9 })
    expect(record.sample).toBe(100)
    expect(record.at100.recall).toBeGreaterThanOrEqual(0.9)
  })
})

test.each([1, 2, 5])('%i rows', async (rows) => {
  const made = await writeGraph(directory.path, randomVectors(1, rows, DIMS), SHAPE)
  const record = await tuneFiles(made.files, made.shape, { ...OPTIONS, target: 1 })
  expect(record).toMatchObject({ sample: rows, at10: { recall: 1 }, at100: { recall: 1 } })
})

test('equal rows: any of them will do', async () => {
  const vectors = randomVectors(1, 400, DIMS)
  for (let row = 1; row < 40; row++) vectors.copyWithin(row * DIMS, 0, DIMS)
  const made = await writeGraph(directory.path, vectors, SHAPE)
  const record = await tuneFiles(made.files, made.shape, { ...OPTIONS, target: 0.9 })
  expect(record.at10.recall).toBeGreaterThanOrEqual(0.9)
})

test('the expansion grows with k, and is k at least', () => {
  const record = {
    target: 0.99,
    sample: 256,
    at10: { expansion: 48, recall: 1 },
    at100: { expansion: 192, recall: 1 },
  }
  expect(expansionFor(record, 1)).toBe(48)
  expect(expansionFor(record, 10)).toBe(48)
  expect(expansionFor(record, 55)).toBe(120)
  expect(expansionFor(record, 100)).toBe(192)
  expect(expansionFor(record, 1000)).toBe(1920)
  for (const each of [record, { ...record, at100: { expansion: 16, recall: 1 } }, null]) {
    for (let k = 1; k < 3000; k++) {
      expect(expansionFor(each, k)).toBeGreaterThanOrEqual(Math.max(k, k > 1 ? expansionFor(each, k - 1) : 0))
    }
  }
})
