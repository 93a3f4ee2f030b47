/** The native engine's comparison with every row gives what exact search gives, to the last bit. */
import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { openExact } from '#clara/index/exact.js'
import { type GraphSearch, openGraph } from '#clara/index/graph.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import {
  cancelling,
  ENGINES,
  randomVectors,
  type TestGraph,
  withEngine,
  writeGraph,
} from '../support/graphs.js'

const directory = useDirectory()
const isNative = ENGINES.includes('native')

type Asked = Omit<GraphSearch, 'expansion'>

async function open({ files, shape }: TestGraph, removed?: Uint32Array) {
  return withEngine('native', () => openGraph(files, shape, { threads: 2, ...(removed && { removed }) }))
}

/** Searches both ways; the results must be the same arrays. */
async function expectSame(made: TestGraph, asked: Asked, removed?: Uint32Array) {
  const graph = await open(made, removed)
  const exact = await openExact(made.files.vectors, made.shape, { threads: 2, ...(removed && { removed }) })
  try {
    const found = await graph.searchAll!(asked)
    expect(found).toEqual(await exact.search(asked))
    return found
  } finally {
    await Promise.all([graph.close(), exact.close()])
  }
}

describe.runIf(isNative)('comparing with every row', () => {
  test.each([
    [1003, 48, 10],
    [64, 7, 64],
    [5, 33, 9],
    [1, 8, 1],
    [700, 400, 100],
  ])('of %i rows of %i finds the %i that exact search finds', async (rows, dims, k) => {
    const vectors = randomVectors(1, rows, dims)
    const made = await writeGraph(directory.path, vectors, { dims, metric: 'cos', precision: 'i8' })
    await expectSame(made, { queries: randomVectors(2, 37, dims), k })
  })

  test('ranks equal rows by number, and leaves out what is removed or excluded', async () => {
    const dims = 24
    const vectors = randomVectors(3, 300, dims)
    for (let row = 100; row < 150; row++) vectors.copyWithin(row * dims, 0, dims) // 50 times the first
    const made = await writeGraph(directory.path, vectors, { dims, metric: 'cos', precision: 'bf16' })
    const queries = new Float32Array(20 * dims)
    for (let q = 0; q < 20; q++) queries.set(vectors.subarray(0, dims), q * dims)
    const lists = Array.from({ length: 20 }, (_, q) => [149 - q, 100 + q, 0].slice(0, q % 4))
    const offsets = Uint32Array.from({ length: 21 }, (_, q) => lists.slice(0, q).flat().length)
    const exclude = { offsets, rows: Uint32Array.from(lists.flat()) }
    const removed = Uint32Array.of(103, 110, 299)
    const { ids, k } = await expectSame(made, { queries, k: 60, exclude }, removed)
    for (const [q, list] of lists.entries()) {
      const found = Array.from(ids.subarray(q * k, (q + 1) * k))
      for (const row of [...list, ...removed]) expect(found).not.toContain(row)
      expect(found[0]).toBe(list.includes(0) ? 100 + (list.includes(100) ? 1 : 0) : 0)
    }
  })

  test('makes the same additions in the same order', async () => {
    const dims = 384
    const { vectors, query: queries } = cancelling(600, dims)
    const made = await writeGraph(directory.path, vectors, { dims, metric: 'ip', precision: 'f32' })
    const { scores } = await expectSame(made, { queries, k: 600 })
    expect(scores.every((score) => Math.abs(score) < 100)).toBe(true)
  })

  test('tells rows apart that differ in their last bits', async () => {
    const dims = 100
    const vectors = randomVectors(11, 600, dims)
    const queries = randomVectors(12, 8, dims)
    for (let row = 0; row < 600; row++) {
      vectors.copyWithin(row * dims, 0, dims)
      vectors[row * dims + (row % dims)]! *= 1 + ((row * 7919) % 13) * 2 ** -23
    }
    const made = await writeGraph(directory.path, vectors, { dims, metric: 'cos', precision: 'f32' })
    const { scores } = await expectSame(made, { queries, k: 5 })
    expect(new Set(scores).size).toBeGreaterThan(8) // no query has one score for all rows
  })

  test('of very long, very short and zero vectors', async () => {
    const dims = 40
    const vectors = randomVectors(13, 400, dims, 'any')
    for (let row = 0; row < 400; row++) {
      const scale = [1e18, 1e-18, 0, 1][row % 4]!
      for (let i = row * dims; i < (row + 1) * dims; i++) vectors[i]! *= scale
    }
    const made = await writeGraph(directory.path, vectors, { dims, metric: 'ip', precision: 'f32' })
    const queries = randomVectors(14, 8, dims)
    for (let i = 0; i < dims; i++) queries[i]! *= 1e-25
    await expectSame(made, { queries, k: 150 })
  })

  test('by inner product takes lengths into account', async () => {
    const vectors = randomVectors(4, 500, 20, 'any')
    const made = await writeGraph(directory.path, vectors, { dims: 20, metric: 'ip', precision: 'bf16' })
    await expectSame(made, { queries: randomVectors(5, 9, 20), k: 12 })
  })

  test('finds damage anywhere, as it reads everything', async () => {
    const vectors = randomVectors(6, 4000, 24)
    const made = await writeGraph(directory.path, vectors, { dims: 24, metric: 'cos', precision: 'i8' })
    const bytes = await readFile(made.files.vectors.path)
    bytes[bytes.length - 100]! ^= 1
    await writeFile(made.files.vectors.path, bytes)
    const graph = await open(made)
    const asked = { queries: randomVectors(7, 2, 24), k: 3 }
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(graph.searchAll!(asked)).rejects.toMatchObject(
        claraError('index', made.files.vectors.path),
      )
    }
    await graph.close()
  })

  test('refuses what is no query', async () => {
    const made = await writeGraph(directory.path, randomVectors(8, 50, 12), {
      dims: 12,
      metric: 'cos',
      precision: 'i8',
    })
    const graph = await open(made)
    const queries = randomVectors(9, 2, 12)
    await expect(graph.searchAll!({ queries: queries.subarray(1), k: 3 })).rejects.toThrow(RangeError)
    await expect(graph.searchAll!({ queries, k: 0 })).rejects.toThrow(RangeError)
    await graph.close()
  })
})

test('the npm engine has no such thing', async () => {
  const made = await writeGraph(directory.path, randomVectors(8, 50, 12), {
    dims: 12,
    metric: 'cos',
    precision: 'i8',
  })
  const graph = await withEngine('npm', () => openGraph(made.files, made.shape, { threads: 1 }))
  expect(graph.searchAll).toBeUndefined()
  await graph.close()
})
