/** Exact search against a plain loop in float64, with the eight sums of which a score is made. */
import { open as openFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { hashBlocks } from '#clara/index/blocks.js'
import { BLOCK_BYTES, type CheckedFile } from '#clara/index/checked-file.js'
import { type ExactOptions, openExact } from '#clara/index/exact.js'
import type { Exclusions } from '#clara/index/graph.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { randomVectors } from '../support/graphs.js'
import { seeded } from '../support/seeded.js'

const directory = useDirectory()
/** No multiple of anything that vector instructions have. */
const DIMS = 37
/** Three blocks of rows, the last of them short. */
const ROWS = 5003

type Vectors = Float32Array

/** Values of one row, from a random number in [-1, 1) each. */
function rowsOf(rows: number, make: (row: number, value: () => number) => number[], seed = 5): Vectors {
  const random = seeded(seed)
  const vectors = new Float32Array(rows * DIMS)
  for (let row = 0; row < rows; row++)
    vectors.set(
      make(row, () => random.next() * 2 - 1),
      row * DIMS,
    )
  return vectors
}

const fill = (value: (i: number) => number) => Array.from({ length: DIMS }, (_, i) => value(i))
const centres = randomVectors(3, 12, DIMS)
const centre = (row: number, i: number) => centres[(row % 12) * DIMS + i]!

const DATA: Record<string, (rows: number, seed?: number) => Vectors> = {
  'unit vectors': (rows, seed = 1) => randomVectors(seed, rows, DIMS),
  'vectors of any length': (rows, seed = 2) =>
    rowsOf(rows, (_, value) => [10 ** (value() * 3)].flatMap((size) => fill(() => size * value())), seed),
  'twelve rows, each many times': (rows, seed) => rowsOf(rows, (row) => fill((i) => centre(row, i)), seed),
  'clusters of rows that differ by less than float32 products tell': (rows, seed) =>
    rowsOf(rows, (row, value) => fill((i) => centre(row, i) + 2e-7 * value()), seed),
  'clusters that bytes cannot tell apart': (rows, seed) =>
    rowsOf(rows, (row, value) => fill((i) => centre(row, i) + 2e-3 * value()), seed),
  'mostly zeros': (rows, seed) =>
    rowsOf(rows, (row, value) => fill(() => (row % 50 === 7 ? value() : 0)), seed),
  'one value far above all others': (rows, seed) =>
    rowsOf(rows, (row, value) => fill((i) => (row === 4000 && i === 3 ? 1e4 : value())), seed),
  'products that float32 cannot hold': (rows, seed) =>
    rowsOf(rows, (_, value) => fill(() => 1e25 * value()), seed),
  'values too small to be normal': (rows, seed) =>
    rowsOf(rows, (_, value) => fill(() => 1e-39 * value()), seed),
}

/** All rows, best first. */
interface Sorted {
  ids: Int32Array
  scores: Float32Array
}

/** By data, by the memory of the queries, and by where in it a query begins. */
const sorted = new WeakMap<Vectors, WeakMap<ArrayBufferLike, Map<number, Sorted>>>()

function sortRows(vectors: Vectors, query: Vectors): Sorted {
  const ofData = sorted.get(vectors) ?? new WeakMap<ArrayBufferLike, Map<number, Sorted>>()
  sorted.set(vectors, ofData)
  const ofQueries = ofData.get(query.buffer) ?? new Map<number, Sorted>()
  ofData.set(query.buffer, ofQueries)
  const known = ofQueries.get(query.byteOffset)
  if (known) return known
  const scores = new Float32Array(vectors.length / DIMS)
  for (let row = 0; row < scores.length; row++) {
    const sums = [0, 0, 0, 0, 0, 0, 0, 0] as [number, number, number, number, number, number, number, number]
    for (let i = 0; i < DIMS; i++) sums[i % 8]! += query[i]! * vectors[row * DIMS + i]!
    const [a, b, c, d, e, f, g, h] = sums
    scores[row] = a + e + (c + g) + (b + f + (d + h))
  }
  const byScore = (a: number, b: number) => (scores[a] === scores[b] ? a - b : scores[b]! - scores[a]!)
  const ids = Int32Array.from(scores.keys()).sort(byScore)
  const result = { ids, scores: Float32Array.from(ids, (id) => scores[id]!) }
  ofQueries.set(query.byteOffset, result)
  return result
}

function bruteForce(vectors: Vectors, query: Vectors, k: number, isOut: (row: number) => boolean) {
  const { ids, scores } = sortRows(vectors, query)
  const places = Array.from(ids.keys()).filter((i) => !isOut(ids[i]!))
  const best = Array.from({ length: k }, (_, i) => places[i])
  return {
    ids: best.map((i) => (i === undefined ? -1 : ids[i]!)),
    scores: best.map((i) => (i === undefined ? Number.NEGATIVE_INFINITY : scores[i]!)),
  }
}

async function openOn(vectors: Vectors, options: Partial<ExactOptions> = {}) {
  const path = join(directory.path, 'vectors.f32')
  await writeFile(path, new Uint8Array(vectors.buffer))
  return openPath(await hashBlocks(path), vectors.length / DIMS, options)
}

async function openPath(file: CheckedFile, rows: number, options: Partial<ExactOptions> = {}) {
  const exact = await openExact(file, { dims: DIMS, rows, metric: 'ip' }, { threads: 1, ...options })
  onTestFinished(() => exact.close())
  return exact
}

interface Asked {
  k?: number
  exclude?: Exclusions
  isOut?: (row: number, q: number) => boolean
}

async function expectExact(
  exact: Awaited<ReturnType<typeof openOn>>,
  vectors: Vectors,
  queries: Vectors,
  { k = 10, exclude, isOut = () => false }: Asked = {},
) {
  const found = await exact.search({ queries, k, ...(exclude && { exclude }) })
  expect(found.k).toBe(k)
  expect(found.ids).toHaveLength((queries.length / DIMS) * k)
  for (let q = 0; q < queries.length / DIMS; q++) {
    const query = queries.subarray(q * DIMS, (q + 1) * DIMS)
    const expected = bruteForce(vectors, query, k, (row) => isOut(row, q))
    expect(Array.from(found.ids.subarray(q * k, (q + 1) * k))).toEqual(expected.ids)
    expect(Array.from(found.scores.subarray(q * k, (q + 1) * k))).toEqual(expected.scores)
  }
}

describe.each(Object.entries(DATA))('%s', (_, make) => {
  const vectors = make(ROWS)
  // Rows of the data themselves, other data of the kind, zero.
  const few = make(3, 77)
  const many = new Float32Array(70 * DIMS)
  many.set(vectors.subarray(4990 * DIMS))
  many.set(make(50, 78), 20 * DIMS)
  many.fill(0, 19 * DIMS, 20 * DIMS)

  test.each([1, 2, 3])('%i threads', async (threads) => {
    const exact = await openOn(vectors, { threads })
    await expectExact(exact, vectors, few) // in float32
    await expectExact(exact, vectors, many) // in bytes first
    await expectExact(exact, vectors, few, { k: 3 }) // of rows that are in bytes
  })

  test.each([0, 1 << 30])('the way of a GPU, with %i bytes to keep rows in', async (residentBytes) => {
    const exact = await openOn(vectors, { asOnGpu: true, residentBytes })
    await expectExact(exact, vectors, few)
    await expectExact(exact, vectors, many)
  })

  test('without native code', async () => {
    vi.stubEnv('CLARA_INDEX_ENGINE', 'npm')
    onTestFinished(() => void vi.unstubAllEnvs())
    const exact = await openOn(vectors, { threads: 2 })
    await expectExact(exact, vectors, many)
  })

  test('rows read at each search', async () => {
    const exact = await openOn(vectors, { threads: 2, residentBytes: 0 })
    await expectExact(exact, vectors, many)
    await expectExact(exact, vectors, few)
  })
})

describe('of unit vectors', () => {
  const vectors = DATA['unit vectors']!(ROWS)
  const queries = DATA['unit vectors']!(80, 9)

  test.each([1, 15, 16, 17, 2048, 2049])('%i rows', async (rows) => {
    const some = vectors.slice(0, rows * DIMS)
    await expectExact(await openOn(some, { threads: 3 }), some, queries)
  })

  test.each([1, 129, 313, 2047, ROWS - 1, ROWS, ROWS + 5])('k = %i', async (k) => {
    const exact = await openOn(vectors, { threads: 2 })
    await expectExact(exact, vectors, queries.subarray(0, 66 * DIMS), { k })
    await expectExact(exact, vectors, queries.subarray(0, 2 * DIMS), { k })
  })

  test('no queries', async () => {
    const found = await (await openOn(vectors)).search({ queries: new Float32Array(), k: 10 })
    expect(found).toEqual({ k: 10, ids: new Int32Array(), scores: new Float32Array() })
  })

  test('more queries than one pass over the rows takes', async () => {
    const some = vectors.slice(0, 40 * DIMS)
    const exact = await openOn(some, { threads: 2 })
    await expectExact(exact, some, DATA['unit vectors']!(2500, 10), { k: 2 })
  })

  test('removed rows are not found', async () => {
    // A whole block among them, and all but one row of a group.
    const removed = Uint32Array.from({ length: ROWS }, (_, row) => row).filter(
      (row) => (row >= 2048 && row < 4096) || (row >= 17 && row < 32) || row % 7 === 0,
    )
    const gone = new Set(removed)
    for (const residentBytes of [0, 1 << 30]) {
      const exact = await openOn(vectors, { threads: 2, removed, residentBytes })
      await expectExact(exact, vectors, queries, { isOut: (row) => gone.has(row) })
      await expectExact(exact, vectors, queries, { k: ROWS, isOut: (row) => gone.has(row) })
    }
    const exact = await openOn(vectors, { removed, asOnGpu: true })
    await expectExact(exact, vectors, queries, { isOut: (row) => gone.has(row) })
  })

  test('all rows removed', async () => {
    const removed = Uint32Array.from({ length: ROWS }, (_, row) => row)
    await expectExact(await openOn(vectors, { removed }), vectors, queries, { isOut: () => true })
  })

  test('each query has rows of its own left out, in any order', async () => {
    // Of query q, its q best, which is where it would show.
    const exact = await openOn(vectors, { threads: 2 })
    const { ids } = await exact.search({ queries, k: 300 })
    const lists = Array.from({ length: 80 }, (_, q) => ids.slice(q * 300, q * 300 + q * 3).reverse())
    const offsets = Uint32Array.from({ length: 81 }, (_, q) => (3 * q * (q - 1)) / 2)
    const exclude = { offsets, rows: Uint32Array.from(lists.flatMap((list) => Array.from(list))) }
    const isOut = (row: number, q: number) => lists[q]!.includes(row)
    await expectExact(exact, vectors, queries, { exclude, isOut })
    await expectExact(exact, vectors, queries, { k: 200, exclude, isOut })
    await expectExact(await openOn(vectors, { asOnGpu: true }), vectors, queries, { exclude, isOut })
  })

  test('queries that are not finite, and exclusions of no row, are refused', async () => {
    const exact = await openOn(vectors)
    const broken = queries.slice().fill(Number.NaN, 3, 4)
    await expect(exact.search({ queries: broken, k: 1 })).rejects.toThrow('not finite')
    const exclude = { offsets: Uint32Array.of(0, 1), rows: Uint32Array.of(ROWS) }
    await expect(exact.search({ queries: queries.slice(0, DIMS), k: 1, exclude })).rejects.toThrow('excluded')
    await expect(exact.search({ queries, k: 0 })).rejects.toThrow('k is 0')
  })
})

describe('a file that is not what it was', () => {
  const vectors = DATA['unit vectors']!(1000)
  const queries = DATA['unit vectors']!(2, 9)
  let file: CheckedFile
  beforeEach(async () => {
    const path = join(directory.path, 'vectors.f32')
    await writeFile(path, new Uint8Array(vectors.buffer))
    file = await hashBlocks(path)
  })

  async function flip(position: number) {
    const handle = await openFile(file.path, 'r+')
    const byte = new Uint8Array(1)
    await handle.read(byte, 0, 1, position)
    byte[0]! ^= 0x10
    await handle.write(byte, 0, 1, position)
    await handle.close()
  }

  test.each([0, 1 << 30])('a bit of any block, with %i bytes to keep rows in', async (residentBytes) => {
    for (let start = 0; start < file.bytes; start += BLOCK_BYTES) {
      const position = Math.min(file.bytes - 1, start + (start / 7 % BLOCK_BYTES | 0)) // biome-ignore format: short
      await flip(position)
      const exact = await openPath(file, 1000, { threads: 2, residentBytes })
      await expect(exact.search({ queries, k: 1 })).rejects.toMatchObject(claraError('index', file.path))
      await flip(position)
    }
    const exact = await openPath(file, 1000, { residentBytes })
    await expectExact(exact, vectors, queries)
  })

  test('its end is missing', async () => {
    await truncate(file.path, file.bytes - 1)
    await expect(openPath(file, 1000)).rejects.toMatchObject(claraError('index', file.path))
  })

  test('its end goes missing once it is open', async () => {
    const exact = await openPath(file, 1000)
    await truncate(file.path, file.bytes - 1)
    await expect(exact.search({ queries, k: 1 })).rejects.toMatchObject(claraError('index', file.path))
  })

  test('it is of another number of rows, or gone', async () => {
    await expect(openPath(file, 999)).rejects.toMatchObject(claraError('index', 'expected 999 vectors of 37'))
    const gone = { ...file, path: `${file.path}-gone` }
    await expect(openPath(gone, 1000)).rejects.toMatchObject(claraError('index', 'gone'))
  })

  test('a row in it is not finite', async () => {
    const broken = vectors.slice().fill(Number.NaN, 500 * DIMS, 500 * DIMS + 1)
    const exact = await openOn(broken)
    await expect(exact.search({ queries, k: 1 })).rejects.toMatchObject(claraError('index', 'not finite'))
  })
})
