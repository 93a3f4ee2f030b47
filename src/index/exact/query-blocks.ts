/** Queries, a block at a time, laid out as the graphs take them. */
import { boundsOf, codeQueries, type QueryCodes } from './codes.js'

export const BLOCK_QUERIES = 256
export const DEVICE_BLOCK_QUERIES = 1024

export interface QueryBlock {
  /** Of the first one. */
  first: number
  count: number
  /** [count, dims] */
  vectors: Float32Array
  /** Of each query, at least its length. */
  lengths: Float64Array
  /** [dims, count] */
  columns(): Float32Array
  codes(): QueryCodes
}

/**
 * @param queries [n, dims]
 * @param most of a block.
 */
export function cutQueries(queries: Float32Array, dims: number, most: number): QueryBlock[] {
  const count = queries.length / dims
  const blocks: QueryBlock[] = []
  for (let first = 0; first < count; first += most) {
    const end = Math.min(count, first + most)
    blocks.push(blockOf(queries.subarray(first * dims, end * dims), dims, first))
  }
  return blocks
}

function blockOf(vectors: Float32Array, dims: number, first: number): QueryBlock {
  const count = vectors.length / dims
  let columns: Float32Array | undefined
  let codes: QueryCodes | undefined
  const lengths = Float64Array.from(
    { length: count },
    (_, q) => boundsOf(vectors.subarray(q * dims, (q + 1) * dims), dims).mostLength,
  )
  return {
    first,
    count,
    vectors,
    lengths,
    columns() {
      columns ??= transpose(vectors, dims)
      return columns
    },
    codes() {
      codes ??= codeQueries(vectors, dims)
      return codes
    },
  }
}

function transpose(rows: Float32Array, dims: number): Float32Array {
  const count = rows.length / dims
  const columns = new Float32Array(rows.length)
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < dims; i++) columns[i * count + row] = rows[row * dims + i]!
  }
  return columns
}
