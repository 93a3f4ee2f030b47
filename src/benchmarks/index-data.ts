/** A folder with everything that the trials of the index benchmark read. */
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError } from '../errors.js'
import type { Precision } from '../index/graph.js'
import { hashedFile, keepHashes } from './hashed-file.js'
import { checkedRecall } from './index-recall.js'
import { DEPTHS, runTrial, type TrialData } from './index-trial.js'
import { clusteredRows, fileRows, rowsOfFile, writeVectors } from './index-vectors.js'

/** Queries whose true neighbours are checked by a plain loop over all rows. */
const CHECKED_QUERIES = 10
const CHECK_ROWS = 8192

export interface DataOptions {
  rows: number
  dims: number
  queries: number
  precision: Precision
  threads: number
  seed: number
  /** float32 vectors of real texts: corpus first, then the queries. */
  vectors?: string
}

/** Writes vectors and queries, and which rows are truly nearest to each query. */
export async function prepareData(folder: string, options: DataOptions): Promise<TrialData> {
  const { dims, queries, precision, threads } = options
  const path = (name: string) => join(folder, name)
  const paths = { vectors: path('vectors.f32'), queries: path('queries.f32') }
  const rows = options.vectors ? await rowsToTake(options.vectors, options) : options.rows
  const size = { rows, dims, queries }
  if (options.vectors) {
    const file = await open(options.vectors)
    await writeVectors(fileRows(file, dims), size, paths).finally(() => file.close())
  } else await writeVectors(clusteredRows(size, options.seed), size, paths)
  await keepHashes(paths.vectors)
  const data: TrialData = {
    shape: { dims, metric: 'cos', precision, rows },
    ...paths,
    graph: path(`graph.${precision}`),
    truth: path('truth.i32'),
    depth: Math.min(DEPTHS.at(-1)!, rows),
    threads,
  }
  await runTrial({ ...data, task: 'truth' })
  await requireTruth(data)
  return data
}

async function rowsToTake(path: string, { rows, dims, queries }: DataOptions): Promise<number> {
  const all = await rowsOfFile(path, dims, queries)
  if (rows === 0 || rows === all) return all
  if (rows < all) return rows
  throw new ClaraError('input', `${path}: ${all} rows beside ${queries} queries, ${rows} were asked for`)
}

/** @throws Error where the exact engine has missed one of the nearest rows. */
async function requireTruth({ truth, vectors, queries, shape, depth }: TrialData): Promise<void> {
  const ids = await readFile(truth)
  const asked = await readFile(queries)
  const count = Math.min(CHECKED_QUERIES, asked.length / 4 / shape.dims)
  const first = new Float32Array(
    asked.buffer.slice(asked.byteOffset, asked.byteOffset + count * shape.dims * 4),
  )
  const found = new Int32Array(ids.buffer, ids.byteOffset, count * depth)
  const file = await open(vectors)
  try {
    const recall = await checkedRecall(
      depth,
      found,
      first,
      shape.dims,
      blocksOf(fileRows(file, shape.dims), shape.rows),
    )
    if (recall < 1) throw new Error(`the exact search has only ${recall} of the ${depth} nearest rows`)
  } finally {
    await file.close()
  }
}

async function* blocksOf(next: (count: number) => Promise<Float32Array>, rows: number) {
  for (let done = 0; done < rows; done += CHECK_ROWS) yield await next(Math.min(CHECK_ROWS, rows - done))
}

/** Builds the graph of the data, and keeps what a manifest would say of it. */
export async function buildTrial(data: TrialData, env: Record<string, string> = {}) {
  await rm(data.graph, { force: true }) // of a trial before
  const result = await runTrial({ ...data, task: 'build' }, env)
  await keepHashes(data.graph)
  return { ...result, graph_bytes: (await hashedFile(data.graph)).bytes }
}
