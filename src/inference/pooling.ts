/** Token vectors -> one vector a text, as sentence-transformers' Pooling and Normalize do it. */
import type { Pooling } from '../models/card.js'
import { rowStart } from './batches.js'

export interface TokenVectors {
  /** Row-major [rows, width, size]. */
  values: Float32Array
  width: number
  size: number
  /** Tokens of each row. */
  lengths: Int32Array
  /** Padding comes before the tokens, not after them. */
  padLeft: boolean
}

/** @returns row-major [rows, size]. */
export function pool(tokens: TokenVectors, pooling: Exclude<Pooling, 'none'>): Float32Array {
  const { lengths, size } = tokens
  const pooled = new Float32Array(lengths.length * size)
  lengths.forEach((length, row) => {
    const first = rowStart(tokens, row, length)
    const out = pooled.subarray(row * size, (row + 1) * size)
    if (pooling === 'mean') mean(tokens.values, first, length, out)
    else {
      const at = (pooling === 'cls' ? first : first + length - 1) * size
      out.set(tokens.values.subarray(at, at + size))
    }
  })
  return pooled
}

function mean(values: Float32Array, first: number, length: number, out: Float32Array): void {
  const size = out.length
  const sum = new Float64Array(size)
  for (let token = first; token < first + length; token++) {
    const at = token * size
    for (let i = 0; i < size; i++) sum[i]! += values[at + i]!
  }
  for (let i = 0; i < size; i++) out[i] = sum[i]! / length
}

/** The first `dims` of each row (Matryoshka, arXiv 2205.13147). */
export function truncate(rows: Float32Array, size: number, dims: number): Float32Array {
  if (size === dims) return rows
  const cut = new Float32Array((rows.length / size) * dims)
  for (let row = 0; row * size < rows.length; row++) {
    cut.set(rows.subarray(row * size, row * size + dims), row * dims)
  }
  return cut
}

/** Scales each row to unit length, in place. A row of zeros stays one. */
export function normalise(rows: Float32Array, dims: number): void {
  for (let start = 0; start < rows.length; start += dims) {
    let squares = 0
    for (let i = start; i < start + dims; i++) squares += rows[i]! * rows[i]!
    if (squares === 0) continue
    const scale = 1 / Math.sqrt(squares)
    for (let i = start; i < start + dims; i++) rows[i]! *= scale
  }
}
