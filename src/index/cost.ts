/** What a search takes, as measured once; the same for every run, so that what is chosen by it is, too. */
import { RESIDENT_BYTES } from './exact.js'

/**
 * On two cores of an AMD EPYC (Zen 4); each line says what gives its number. From bench/results/2026-11-23-index.json;
 * `product` and `result` from 2026-11-24-amd-epyc-2-cores.json, there "clara exact, ONNX Runtime".
 */
const COSTS = {
  /** Seconds for each value of a row, once: reading, hashing and coding it. First search of 100,000 x 384. */
  load: 8e-9,
  /** Of a pass over rows that are in memory, and over rows that are not. One query; 1,000 streamed. */
  pass: 3e-10,
  streamedPass: 5e-9,
  /** For each value of a row and each query. 1,000 queries, 100,000 x 384, top 10. */
  product: 7e-12,
  /** For each result. The same, top 100. */
  result: 3.4e-6,
  /** For each value of a row and each query, in native code. 1,000 queries, 1,000 to 100,000 x 384, top 10. */
  compare: 2.6e-11,
  /** For each result. The same, all rows. */
  compareResult: 2e-7,
  /** Of the graph, for each query, unit of its expansion and value of a row. Engine native, 100,000 x 384, bf16. */
  step: 3.5e-9,
} as const

/** Queries of one pass over rows that are not in memory. */
const PASS_QUERIES = 1024
const VALUE_BYTES = 5

interface Request {
  rows: number
  dims: number
  queries: number
  k: number
}

/** Seconds, in a process that has read no rows yet. */
export function exactSeconds({ rows, dims, queries, k }: Request): number {
  const values = rows * dims
  const isResident = values * VALUE_BYTES <= RESIDENT_BYTES
  const passes = Math.ceil(queries / PASS_QUERIES) * (isResident ? COSTS.pass : COSTS.streamedPass)
  return values * (COSTS.load + passes + queries * COSTS.product) + queries * k * COSTS.result
}

/** Seconds of native code that passes over every row, rows read before. */
export function compareSeconds({ rows, dims, queries, k }: Request): number {
  return queries * (rows * dims * COSTS.compare + k * COSTS.compareResult)
}

/** Seconds, once the graph is open. */
export function graphSeconds({ dims, queries, expansion }: Request & { expansion: number }): number {
  return queries * expansion * dims * COSTS.step
}
