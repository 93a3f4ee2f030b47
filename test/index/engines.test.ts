/** What every engine of graphs does alike. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createGraph, engineName, type GraphOptions, openGraph } from '#clara/index/graph.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { bruteForce, ENGINES, randomVectors, type TestGraph, writeGraph } from '../support/graphs.js'

const directory = useDirectory()
const DIMS = 24
const BF16 = { dims: DIMS, metric: 'cos', precision: 'bf16' } as const

async function open({ files, shape }: TestGraph, options: Partial<GraphOptions> = {}) {
  const graph = await openGraph(files, shape, { threads: 2, ...options })
  onTestFinished(() => graph.close())
  return graph
}

const queriesOf = (count: number, seed = 99) => randomVectors(seed, count, DIMS)
const rowOf = (values: Float32Array, q: number, width = DIMS) => values.subarray(q * width, (q + 1) * width)
const idsOf = ({ ids, k }: { ids: Int32Array; k: number }, q: number) =>
  Array.from(ids.subarray(q * k, (q + 1) * k))

test('the environment chooses the engine', () => {
  process.env.CLARA_INDEX_ENGINE = 'npm'
  expect(engineName()).toEqual({ engine: 'npm', why: 'CLARA_INDEX_ENGINE=npm' })
  process.env.CLARA_INDEX_ENGINE = 'other'
  expect(engineName).toThrow('expected auto, native or npm')
  delete process.env.CLARA_INDEX_ENGINE
  expect(ENGINES).toContain(engineName().engine)
})

test.skipIf(ENGINES.length < 2)('each engine searches and goes on from the graphs of the other', async () => {
  const vectors = randomVectors(8, 1500, DIMS)
  const queries = queriesOf(50)
  for (const [one, other] of [ENGINES, ENGINES.toReversed()]) {
    process.env.CLARA_INDEX_ENGINE = one
    const first = await writeGraph(directory.path, vectors.slice(0, 1000 * DIMS), BF16, {
      name: `${one}-first`,
    })
    process.env.CLARA_INDEX_ENGINE = other
    const made = await writeGraph(directory.path, vectors, BF16, { name: `${one}-both`, from: first })
    process.env.CLARA_INDEX_ENGINE = one
    const found = await (await open(made)).search({ queries, k: 10, expansion: 300 })
    delete process.env.CLARA_INDEX_ENGINE
    const same = Array.from({ length: 50 }, (_, q) => {
      const expected = bruteForce(made, rowOf(queries, q), 10).ids
      return idsOf(found, q).filter((id) => expected.includes(id)).length
    })
    expect(same.reduce((sum, n) => sum + n) / 500).toBeGreaterThan(0.985)
  }
})

describe.each(ENGINES)('%s', (engine) => {
  beforeEach(() => {
    process.env.CLARA_INDEX_ENGINE = engine
  })
  afterEach(() => {
    delete process.env.CLARA_INDEX_ENGINE
  })

  describe.each(['cos', 'ip'] as const)('%s', (metric) => {
    test.each(['bf16', 'f32', 'f16', 'i8'] as const)('%s finds what reading all finds', async (precision) => {
      const shape = { dims: DIMS, metric, precision }
      if (precision === 'i8' && metric === 'ip') {
        // int8 is scaled to unit length, which loses what ip is about: an engine that does so refuses.
        await expect(createGraph(shape, { threads: 1 })).rejects.toMatchObject(claraError('usage', 'lengths'))
        return
      }
      const vectors = randomVectors(1, 3000, DIMS, metric === 'cos' ? 'unit' : 'any')
      const made = await writeGraph(directory.path, vectors, shape)
      const graph = await open(made)
      expect(graph.engine).toBe(engine)
      const queries = queriesOf(100)
      const found = await graph.search({ queries, k: 10, expansion: 300 })
      let same = 0
      for (let q = 0; q < 100; q++) {
        const expected = bruteForce(made, rowOf(queries, q), 10)
        const ids = idsOf(found, q)
        same += ids.filter((id) => expected.ids.includes(id)).length
        // Scores are those of whole precision, whatever the graph is of.
        const exact = bruteForce(made, rowOf(queries, q), 10, (row) => !ids.includes(row))
        expect(ids).toEqual(exact.ids)
        rowOf(found.scores, q, 10).forEach((score, i) => {
          expect(score).toBeCloseTo(exact.scores[i]!, 5)
        })
      }
      expect(same / 1000).toBeGreaterThan(precision === 'i8' ? 0.97 : 0.985)
    })
  })

  describe('of 2,000 rows', () => {
    let made: TestGraph
    beforeEach(async () => {
      made = await writeGraph(directory.path, randomVectors(2, 2000, DIMS), BF16)
    })

    test('a larger expansion finds more', async () => {
      const graph = await open(made)
      const queries = queriesOf(200)
      const recall = async (expansion: number) => {
        const found = await graph.search({ queries, k: 1, expansion })
        return found.ids.filter((id, q) => id === bruteForce(made, rowOf(queries, q), 1).ids[0]).length / 200
      }
      const [few, many] = [await recall(4), await recall(256)]
      expect(few).toBeLessThanOrEqual(many)
      expect(many).toBeGreaterThan(0.98)
    })

    test('rows that are excluded for a query are not found for it, and others take their place', async () => {
      const graph = await open(made)
      const queries = queriesOf(70)
      const out = Array.from({ length: 70 }, (_, q) =>
        q % 3 === 0 ? [] : bruteForce(made, rowOf(queries, q), q * 5).ids,
      )
      const offsets = new Uint32Array(71)
      out.forEach((rows, q) => {
        offsets[q + 1] = offsets[q]! + rows.length
      })
      const exclude = { offsets, rows: Uint32Array.from(out.flat()) }
      const found = await graph.search({ queries, k: 5, expansion: 128, exclude })
      let same = 0
      for (let q = 0; q < 70; q++) {
        const expected = bruteForce(made, rowOf(queries, q), 5, (row) => out[q]!.includes(row))
        expect(idsOf(found, q).some((id) => id < 0 || out[q]!.includes(id))).toBe(false)
        same += idsOf(found, q).filter((id) => expected.ids.includes(id)).length
      }
      expect(same / 350).toBeGreaterThan(0.98)
    })

    test.each([
      ['a tenth', (row: number) => row % 10 === 3],
      ['all but a fiftieth', (row: number) => row % 50 !== 7],
      ['the whole neighbourhood', (row: number) => row < 1900],
    ])('%s of the rows removed', async (_, isOut) => {
      const removed = Uint32Array.from(Array.from({ length: 2000 }, (_, row) => row).filter(isOut))
      const graph = await open(made, { removed })
      const queries = queriesOf(20)
      const found = await graph.search({ queries, k: 10, expansion: 128 })
      let same = 0
      for (let q = 0; q < 20; q++) {
        const expected = bruteForce(made, rowOf(queries, q), 10, isOut)
        expect(idsOf(found, q).some((id) => id < 0 || isOut(id))).toBe(false)
        same += idsOf(found, q).filter((id) => expected.ids.includes(id)).length
      }
      expect(same / 200).toBeGreaterThan(0.97)
    })

    test('where fewer than k are left, the rest is -1 with score -Infinity', async () => {
      const graph = await open(made, { removed: Uint32Array.from({ length: 1990 }, (_, i) => i) })
      const { k, ids, scores } = await graph.search({ queries: queriesOf(1), k: 30, expansion: 64 })
      expect(k).toBe(30)
      expect(Array.from(ids.subarray(0, 10)).sort()).toEqual(Array.from({ length: 10 }, (_, i) => 1990 + i))
      expect(new Set(ids.subarray(10))).toEqual(new Set([-1]))
      expect(new Set(scores.subarray(10))).toEqual(new Set([Number.NEGATIVE_INFINITY]))
      const none = await graph.search({
        queries: queriesOf(1),
        k: 2,
        expansion: 64,
        exclude: {
          offsets: Uint32Array.of(0, 10),
          rows: Uint32Array.from({ length: 10 }, (_, i) => 1990 + i),
        },
      })
      expect(Array.from(none.ids)).toEqual([-1, -1])
    })

    test('k over the number of rows finds all of them', async () => {
      const graph = await open(made)
      const { ids } = await graph.search({ queries: queriesOf(2), k: 2100, expansion: 64 })
      expect(new Set(ids.subarray(0, 1990)).size).toBe(1990) // a graph may miss a few
      expect(ids[2000]).toBe(-1)
      expect(ids[2099]).toBe(-1)
    })

    test('a query finds the same alone, among others, and with any number of threads', async () => {
      const queries = queriesOf(150)
      const [one, two] = [await open(made, { threads: 1 }), await open(made)]
      const all = await one.search({ queries, k: 7, expansion: 50 })
      expect(await two.search({ queries, k: 7, expansion: 50 })).toEqual(all)
      for (const q of [0, 64, 149]) {
        const alone = await one.search({ queries: rowOf(queries, q), k: 7, expansion: 50 })
        expect(Array.from(alone.ids)).toEqual(idsOf(all, q))
      }
    })

    test('searches at the same time do not mix', async () => {
      const graph = await open(made)
      const batches = Array.from({ length: 6 }, (_, i) => queriesOf(100, i))
      const search = (queries: Float32Array) => graph.search({ queries, k: 3, expansion: 40 })
      const together = await Promise.all(batches.map(search))
      for (const [i, queries] of batches.entries()) expect(await search(queries)).toEqual(together[i])
    })

    test('no queries are no results', async () => {
      const { ids } = await (await open(made)).search({ queries: new Float32Array(0), k: 5, expansion: 64 })
      expect(ids.length).toBe(0)
    })

    test.each<[string, object, string]>([
      ['no whole rows', { queries: new Float32Array(DIMS + 1) }, 'no whole number of rows'],
      ['NaN', { queries: new Float32Array(DIMS).fill(Number.NaN) }, 'row 0 has a value that is not finite'],
      ['infinity', { queries: new Float32Array(DIMS * 2).fill(-Infinity, DIMS + 3) }, 'row 1'],
      ['no k', { k: 0 }, 'k is 0'],
      ['half an expansion', { expansion: 1.5 }, 'expansion is 1.5'],
      [
        'ranges of other queries',
        { exclude: { offsets: Uint32Array.of(0), rows: new Uint32Array(0) } },
        'offsets',
      ],
      [
        'ranges that go back',
        { exclude: { offsets: Uint32Array.of(2, 1), rows: new Uint32Array(2) } },
        'offsets',
      ],
      [
        'more than the rows',
        { exclude: { offsets: Uint32Array.of(0, 2), rows: Uint32Array.of(1) } },
        'offsets',
      ],
      [
        'a row that is not there',
        { exclude: { offsets: Uint32Array.of(0, 1), rows: Uint32Array.of(2000) } },
        '2000',
      ],
    ])('a search with %s is refused', async (_, args, message) => {
      const graph = await open(made)
      const queries = new Float32Array(DIMS).fill(1)
      await expect(graph.search({ queries, k: 5, expansion: 64, ...args })).rejects.toThrow(message)
    })

    test.each<[string, object]>([
      ['one row more', { rows: 2001 }],
      ['one row fewer', { rows: 1999 }],
      ['other dimensions', { dims: 12 }],
      ['half the dimensions, twice the rows', { dims: 12, rows: 4000 }],
      ['another metric', { metric: 'ip' }],
      ['another precision', { precision: 'f32' }],
      ['another precision of the same size', { precision: 'f16' }],
    ])('said to be of %s, it is refused', async (_, change) => {
      const shape = { ...made.shape, ...change }
      const vectors = { ...made, shape }
      await expect(open(vectors)).rejects.toMatchObject(claraError('index', directory.path))
    })
  })

  test('equal scores are in the order of the rows', async () => {
    const vectors = new Float32Array(40 * DIMS)
    for (let row = 0; row < 40; row++) vectors[row * DIMS + (row % 4)] = 1
    const graph = await open(await writeGraph(directory.path, vectors, BF16))
    const queries = Float32Array.from({ length: DIMS }, (_, i) => [0, 0.6, 0.8][i] ?? 0)
    const { ids, scores } = await graph.search({ queries, k: 20, expansion: 64 })
    const every4th = (first: number) => Array.from({ length: 10 }, (_, i) => first + i * 4)
    expect(Array.from(ids)).toEqual([...every4th(2), ...every4th(1)])
    expect(Array.from(scores, (score) => score.toFixed(4))).toEqual([
      ...Array(10).fill('0.8000'),
      ...Array(10).fill('0.6000'),
    ])
  })

  test('of thousands of equal rows each is found once at most, and none that is not there', async () => {
    const vectors = new Float32Array(3000 * DIMS)
    for (let row = 0; row < 3000; row++) vectors[row * DIMS] = 1
    const graph = await open(await writeGraph(directory.path, vectors, BF16))
    const { ids, scores } = await graph.search({ queries: vectors.slice(0, DIMS), k: 700, expansion: 700 })
    const found = ids.filter((id) => id >= 0)
    expect(new Set(found).size).toBe(found.length)
    expect(new Set(ids.subarray(found.length))).toEqual(new Set(found.length < 700 ? [-1] : []))
    expect(new Set(scores.subarray(0, found.length))).toEqual(new Set([1]))
    expect(found.length).toBeGreaterThan(0)
  })

  test('one row', async () => {
    const graph = await open(await writeGraph(directory.path, randomVectors(3, 1, DIMS), BF16))
    const { ids } = await graph.search({ queries: queriesOf(2), k: 2, expansion: 64 })
    expect(Array.from(ids)).toEqual([0, -1, 0, -1])
  })

  test('the same rows give the same bytes with any number of threads', async () => {
    const vectors = randomVectors(4, 9000, DIMS)
    const one = await writeGraph(directory.path, vectors, BF16, { threads: 1, name: 'one' })
    const two = await writeGraph(directory.path, vectors, BF16, { threads: 2, name: 'two' })
    expect(two.files.graph.sha256).toBe(one.files.graph.sha256)
  })

  describe('a graph that goes on from another', () => {
    const vectors = randomVectors(5, 3000, DIMS)

    test('finds the rows of both, and is the same each time', async () => {
      const first = await writeGraph(directory.path, vectors.slice(0, 2000 * DIMS), BF16, { name: 'first' })
      const made = await writeGraph(directory.path, vectors, BF16, { name: 'both', from: first })
      const again = await writeGraph(directory.path, vectors, BF16, {
        name: 'again',
        from: first,
        threads: 1,
      })
      expect(again.files.graph.sha256).toBe(made.files.graph.sha256)
      const graph = await open(made)
      const { ids } = await graph.search({ queries: vectors, k: 1, expansion: 64 })
      expect(ids.filter((id, row) => id === row).length).toBeGreaterThan(2990)
    })

    test('draws the levels of its rows as one thread does, whatever the machine', async () => {
      if (engine === 'native') return
      const first = await writeGraph(directory.path, vectors.slice(0, 2000 * DIMS), BF16, { name: 'first' })
      const made = await writeGraph(directory.path, vectors, BF16, { name: 'both', from: first })
      const levels = async (path: string) => {
        const data = await readFile(path)
        const start = 8 + data.readUInt32LE(0) * data.readUInt32LE(4) + 64 + 40
        return Array.from({ length: data.readUInt32LE(0) }, (_, i) => data.readInt16LE(start + i * 2))
      }
      const fresh = await levels(first.files.graph.path)
      const added = (await levels(made.files.graph.path)).slice(2000)
      expect(added.slice(0, 200)).toEqual(fresh.slice(0, 200))
      expect(new Set(added).size).toBeGreaterThan(1)
    })

    test('of another shape or damaged is refused', async () => {
      const first = await writeGraph(directory.path, vectors.slice(0, 500 * DIMS), BF16)
      const goOn = (shape: object, rows: number) =>
        createGraph({ ...BF16, ...shape }, { threads: 1, from: { graph: first.files.graph, rows } })
      for (const [shape, rows] of [
        [{}, 499],
        [{ dims: 12 }, 500],
        [{ precision: 'f32' }, 500],
      ] as const) {
        await expect(goOn(shape, rows)).rejects.toMatchObject(claraError('index', first.files.graph.path))
      }
      await writeFile(first.files.graph.path, (await readFile(first.files.graph.path)).fill(1, 40, 50))
      await expect(goOn({}, 500)).rejects.toMatchObject(claraError('index', first.files.graph.path))
    })
  })

  test.each([
    ['no whole rows', new Float32Array(DIMS + 1), 'no whole number of rows'],
    ['NaN', new Float32Array(DIMS * 3).fill(Number.NaN, 2 * DIMS), 'row 2 has a value that is not finite'],
  ])('rows with %s are refused, and the builder goes on', async (_, vectors, message) => {
    const builder = await createGraph(BF16, { threads: 1 })
    onTestFinished(() => builder.close())
    await expect(builder.add(vectors)).rejects.toThrow(message)
    await builder.add(randomVectors(1, 10, DIMS))
  })

  test.each([
    ['in a folder that is not there', 'absent/g'],
    ['over a file that is there', 'taken'],
  ])('a graph that cannot be saved, %s, is an error that names the file', async (_, name) => {
    const taken = await directory.write('taken', 'precious')
    const builder = await createGraph(BF16, { threads: 1 })
    onTestFinished(() => builder.close())
    await builder.add(randomVectors(1, 10, DIMS))
    const path = join(directory.path, name)
    await expect(builder.save(path)).rejects.toMatchObject(claraError('io', path))
    expect(await readFile(taken, 'utf8')).toBe('precious')
  })

  test('closed while it adds or searches, it ends between two slices and rejects the rest', async () => {
    const made = await writeGraph(directory.path, randomVectors(6, 5000, DIMS), BF16)
    const [builder, graph] = [await createGraph(BF16, { threads: 1 }), await open(made)]
    const adding = builder.add(randomVectors(7, 8192, DIMS)).then(
      () => 'done',
      () => 'rejected',
    )
    const searching = graph.search({ queries: queriesOf(20_000), k: 10, expansion: 500 }).then(
      () => 'done',
      () => 'rejected',
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    const start = performance.now()
    await Promise.all([builder.close(), graph.close()])
    expect(performance.now() - start).toBeLessThan(1500)
    expect(await Promise.all([adding, searching])).toEqual(['rejected', 'rejected'])
    await expect(graph.search({ queries: queriesOf(1), k: 1, expansion: 1 })).rejects.toThrow()
  })
})
