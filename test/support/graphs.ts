/** Graphs of seeded vectors, through the interface that all engines have. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashBlocks } from '#clara/index/blocks.js'
import {
  ADD_ROWS,
  createGraph,
  type EngineName,
  engineName,
  type GraphFiles,
  type GraphShape,
} from '#clara/index/graph.js'
import { seeded } from './seeded.js'

export interface TestGraph {
  files: GraphFiles
  shape: GraphShape & { rows: number }
  vectors: Float32Array
}

/** Those that this machine can load. */
export const ENGINES = (['npm', 'native'] as const).filter((name) => {
  try {
    return withEngine(name, () => engineName().engine === name)
  } catch {
    return false
  }
})

export function withEngine<T>(name: EngineName, run: () => T): T {
  const before = process.env.CLARA_INDEX_ENGINE
  process.env.CLARA_INDEX_ENGINE = name
  try {
    return run()
  } finally {
    if (before === undefined) delete process.env.CLARA_INDEX_ENGINE
    else process.env.CLARA_INDEX_ENGINE = before
  }
}

/** Rows of unit length, or of lengths from 0.5 to 1.5. */
export function randomVectors(seed: number, rows: number, dims: number, lengths: 'unit' | 'any' = 'unit') {
  const random = seeded(seed)
  const vectors = new Float32Array(rows * dims)
  for (let row = 0; row < rows; row++) {
    const values = Array.from({ length: dims }, () => random.next() - 0.5)
    const length = Math.hypot(...values) / (lengths === 'unit' ? 1 : 0.5 + random.next())
    vectors.set(values.map((value) => value / length), row * dims) // biome-ignore format: short
  }
  return vectors
}

/** Of the products, pairs of large ones take each other back: what is left shows the order of additions. */
export function cancelling(rows: number, dims: number): { query: Float32Array; vectors: Float32Array } {
  const random = seeded(rows + dims)
  const query = new Float32Array(dims)
  for (let i = 0; i < dims; i++) query[i] = i % 4 === 1 ? query[i - 1]! : random.next() - 0.5
  const vectors = new Float32Array(rows * dims)
  for (let at = 0; at < vectors.length; at++) {
    const i = (at % dims) % 4
    vectors[at] = i === 1 ? -vectors[at - 1]! : (random.next() - 0.5) * (i === 0 ? 1e12 : 1)
  }
  return { query, vectors }
}

/** Writes graph and vectors into the folder. `from`: go on from this one; `vectors` are all rows, its own too. */
export async function writeGraph(
  folder: string,
  vectors: Float32Array,
  shape: GraphShape,
  { threads = 2, name = 'g', from }: { threads?: number; name?: string; from?: TestGraph } = {},
): Promise<TestGraph> {
  const { dims } = shape
  const [graph, whole] = [join(folder, `${name}.usearch`), join(folder, `${name}.f32`)]
  const start = from?.shape.rows ?? 0
  const builder = await createGraph(shape, {
    threads,
    ...(from && { from: { graph: from.files.graph, rows: start } }),
  })
  try {
    for (let i = start * dims; i < vectors.length; i += ADD_ROWS * dims) {
      await builder.add(vectors.subarray(i, i + ADD_ROWS * dims))
    }
    await builder.save(graph)
  } finally {
    await builder.close()
  }
  await writeFile(whole, new Uint8Array(vectors.buffer))
  return {
    files: { graph: await hashBlocks(graph), vectors: await hashBlocks(whole) },
    shape: { ...shape, rows: vectors.length / dims },
    vectors,
  }
}

/** The k best of all rows but those left out, equal scores in the order of the rows. */
export function bruteForce(
  { vectors, shape: { dims, rows } }: TestGraph,
  query: Float32Array,
  k: number,
  isOut: (row: number) => boolean = () => false,
): { ids: number[]; scores: number[] } {
  const all = Array.from({ length: rows }, (_, row) => {
    let score = 0
    for (let i = 0; i < dims; i++) score += query[i]! * vectors[row * dims + i]!
    return { row, score: Math.fround(score) }
  })
  const kept = all.filter(({ row }) => !isOut(row))
  const best = kept.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, k)
  return { ids: best.map(({ row }) => row), scores: best.map(({ score }) => score) }
}
