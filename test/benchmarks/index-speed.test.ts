import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkedRecall, recallAt } from '#clara/benchmarks/index-recall.js'
import { CLUSTER_ROWS, clusteredRows, fileRows, writeVectors } from '#clara/benchmarks/index-vectors.js'
import { rateAtRecall, spread } from '../../bench/index-curves.mjs'
import { plot } from '../../bench/plot.mjs'
import { clara } from '../cli/clara.js'
import { useDirectory } from '../support/directory.js'
import { cosine } from '../support/vectors.js'

const directory = useDirectory()

describe('synthetic vectors', () => {
  const size = { rows: 1000, dims: 384, queries: 10 }
  const rowsOf = (vectors: Float32Array, dims: number) =>
    Array.from({ length: vectors.length / dims }, (_, i) => vectors.subarray(i * dims, (i + 1) * dims))

  test('are the same for a seed, however they are cut, and others for another', () => {
    const whole = clusteredRows(size, 7)(50)
    const next = clusteredRows(size, 7)
    expect([...next(20), ...next(30)]).toEqual([...whole])
    expect([...clusteredRows(size, 8)(50)]).not.toEqual([...whole])
  })

  test('of one centre have a cosine of 0.6 to 0.7, of others of about 0', () => {
    const one = rowsOf(clusteredRows({ ...size, rows: CLUSTER_ROWS }, 1)(60), 384)
    const pairs = one.flatMap((a, i) => one.slice(i + 1).map((b) => cosine(a, b)))
    const mean = pairs.reduce((sum, value) => sum + value, 0) / pairs.length
    expect(mean).toBeGreaterThan(0.62)
    expect(mean).toBeLessThan(0.68)
    expect(Math.min(...pairs)).toBeGreaterThan(0.5)

    const many = rowsOf(clusteredRows(size, 1)(200), 384)
    const cosines = many.flatMap((a, i) => many.slice(i + 1).map((b) => cosine(a, b)))
    const near = cosines.filter((value) => value > 0.5).length / cosines.length
    expect(near).toBeGreaterThan(0.05) // ten centres
    expect(near).toBeLessThan(0.2)
    expect(cosines.every((value) => value > 0.5 || Math.abs(value) < 0.3)).toBe(true)
  })

  test('are of unit length, and the queries are not in the corpus', async () => {
    const paths = { vectors: join(directory.path, 'v'), queries: join(directory.path, 'q') }
    await writeVectors(clusteredRows(size, 3), size, paths)
    const read = async (path: string) => {
      const data = await readFile(path)
      return rowsOf(new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length)), 384)
    }
    const [rows, queries] = [await read(paths.vectors), await read(paths.queries)]
    expect([rows.length, queries.length]).toEqual([1000, 10])
    for (const row of [...rows, ...queries]) expect(Math.hypot(...row)).toBeCloseTo(1, 5)
    const nearest = queries.map((query) => Math.max(...rows.map((row) => cosine(query, row))))
    for (const value of nearest) expect(value).toBeLessThan(0.9)
    for (const value of nearest) expect(value).toBeGreaterThan(0.6)
  })
})

describe('recall', () => {
  const found = { k: 2, ids: Int32Array.of(3, 1, 5, -1), scores: new Float32Array(4) }

  test('is the share of the true rows that are found', () => {
    const truth = Int32Array.of(1, 3, 9, 4, 5, 6)
    expect(recallAt(2, found, truth, 3)).toBe(0.75)
    expect(recallAt(1, found, truth, 3)).toBe(0)
  })

  test('by plain double precision takes rows of equal score for one another', async () => {
    const vectors = Float32Array.of(1, 0, 0, 1, 1, 0, 0.5, 0)
    const blocks = async function* () {
      yield vectors.subarray(0, 4)
      yield vectors.subarray(4)
    }
    const query = Float32Array.of(1, 0)
    expect(await checkedRecall(1, Int32Array.of(2), query, 2, blocks())).toBe(1)
    expect(await checkedRecall(2, Int32Array.of(2, 3), query, 2, blocks())).toBe(0.5)
  })

  test('0.99 lies between two expansions, on a straight line of logarithms', () => {
    const points = [
      { k: 10, expansion: 64, recall: 0.98, queries_per_second: 1000 },
      { k: 10, expansion: 128, recall: 1, queries_per_second: 10 },
      { k: 100, expansion: 128, recall: 0.995, queries_per_second: 5 },
    ]
    expect(rateAtRecall(points, 10, 0.99)).toBeCloseTo(100, 6)
    expect(rateAtRecall(points, 10, 0.5)).toBe(1000)
    expect(rateAtRecall(points, 100, 0.99)).toBe(5)
    expect(rateAtRecall(points, 100, 0.999)).toBeNull()
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
  })
})

describe('the plot', () => {
  const line = (name: string, exact: boolean, ...points: [number, number][]) => ({
    name,
    exact,
    points: points.map(([recall, perSecond]) => ({ recall, perSecond })),
  })

  test('is XML with a line for each engine and no number that is none', () => {
    const svg = plot({
      title: 'A & B <of> "c"',
      panels: [
        {
          title: 'small',
          lines: [line('graph', false, [0.2, 20_000], [0.97, 900], [1, 3]), line('exact', true, [1, 40])],
        },
        { title: 'large', lines: [line('graph', false, [1, 10])] },
      ],
    })
    expect(unclosed(svg)).toEqual([])
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(svg.match(/<polyline/g)).toHaveLength(3 + 2) // and the legend
    for (const label of ['small', 'large', 'graph', 'exact', 'recall@10', 'queries a second', '10,000']) {
      expect(svg).toContain(`>${label}</text>`)
    }
    expect(svg).toContain('A &#38; B &#60;of&#62; &#34;c&#34;')
  })
})

/** Elements that are not closed, or closed and not open. */
function unclosed(xml: string): string[] {
  const open: string[] = []
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/gi,
    (_, end, name, _attributes, empty) => {
      if (end && open.at(-1) === name) open.pop()
      else if (!empty) open.push(end + name)
      return ''
    },
  )
  return rest.includes('<') || /&(?!#\d+;)/.test(rest) ? [...open, 'markup that is none'] : open
}

describe('clara bench index', () => {
  const bench = (...args: string[]) => clara(['bench', 'index', ...args, '--quiet'])
  const small = [
    '--rows',
    '2000',
    '--dims',
    '32',
    '--queries',
    '50',
    '--repeat',
    '1',
    '--expansions',
    '16,128',
  ]

  test('measures exact search and the graph', async () => {
    const { code, stdout, stderr } = await bench(...small, '--precision', 'i8', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { exact, graph, ...facts } = JSON.parse(stdout)
    expect(facts).toMatchObject({
      data: 'synthetic, seed 42',
      rows: 2000,
      dims: 32,
      queries: 50,
      precision: 'i8',
      engine: expect.stringMatching(/^(native|npm)$/),
      graph_bytes: expect.any(Number),
    })
    // The seconds are rounded to thousandths, of which there are few.
    const seconds = 2000 / facts.vectors_per_second
    expect(Math.abs(seconds - facts.build_seconds)).toBeLessThan(0.001)
    expect(exact.points.map(({ k, recall }: Point) => [k, recall])).toEqual([
      [10, 1],
      [100, 1],
    ])
    expect(graph.points.map(({ k, expansion }: Point) => [k, expansion])).toEqual([
      [10, 16],
      [10, 128],
      [100, 128],
    ])
    expect(graph.points[1].recall).toBeGreaterThan(0.95)
    for (const { open_ms, first_answer_ms, memory, points } of [exact, graph]) {
      expect(first_answer_ms).toBeGreaterThan(open_ms)
      for (const { queries_per_second } of points) expect(queries_per_second).toBeGreaterThan(1)
      if (process.platform !== 'linux') expect(memory).toBeNull()
      else expect(memory.anonymous_mib).toBeLessThan(memory.resident_mib)
    }
  })

  test('takes vectors of a file, whatever their lengths', async () => {
    const path = join(directory.path, 'v.f32')
    const rows = clusteredRows({ rows: 550, dims: 16, queries: 0 }, 5)(550).map((value) => value * 3)
    await writeFile(path, new Uint8Array(rows.buffer))
    const args = ['--vectors', path, '--rows', '0', '--dims', '16', '--queries', '50', '--repeat', '1']
    const { code, stdout } = await bench(...args, '--json')
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ data: path, rows: 500 })
    expect(result.exact.points.map(({ recall }: Point) => recall)).toEqual([1, 1])
  })

  test.each([
    ['vectors that are not there', ['--vectors', 'absent.f32'], 'absent.f32'],
    ['a precision that is none', ['--precision', 'f64'], 'f64'],
    ['no rows', ['--queries', '0'], 'whole number'],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await bench(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  test('refuses a file of too few vectors', async () => {
    const path = join(directory.path, 'few.f32')
    await writeFile(path, new Uint8Array(16 * 4 * 60))
    const few = (rows: string, queries: string) =>
      bench('--vectors', path, '--rows', rows, '--dims', '16', '--queries', queries)
    expect(await few('0', '60')).toMatchObject({ code: 2, stderr: expect.stringContaining(path) })
    expect(await few('40', '30')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('30 rows beside'),
    })
    expect(await few('0', '10')).toMatchObject({ code: 2, stderr: expect.stringContaining('length 0') })
  })
})

interface Point {
  k: number
  expansion?: number
  recall: number
}

test('rows of a file come one after the other, and end with it', async () => {
  const path = join(directory.path, 'v')
  await writeFile(path, new Uint8Array(Float32Array.of(3, 4, 0, 2).buffer))
  const file = await open(path)
  const next = fileRows(file, 2)
  expect([...(await next(1))]).toEqual([Math.fround(0.6), Math.fround(0.8)])
  expect([...(await next(1))]).toEqual([0, 1])
  await expect(next(1)).rejects.toThrow('ended early')
  await file.close()
})
