/**
 * Vectors in one byte a value, and how far a product of such codes can be from the true one:
 * with v = scale * code + rest, Cauchy and Schwarz bound what the rests add to a product.
 */
import { ZERO_CODE } from './graphs.js'

const MOST = 127
/** Lengths are rounded up by more than their sums' own rounding. */
const UP = 1 + 2 ** -30

/** Of a block of rows. */
export interface RowCodes {
  /** [rows, dims], zero at ZERO_CODE. */
  codes: Uint8Array
  scale: number
  /** No row lacks more in its code than a vector of this length. */
  mostRest: number
  /** No row's code stands for a longer vector. */
  mostLength: number
}

export interface RowBounds {
  mostValue: number
  /** At least the length of the longest row. */
  mostLength: number
}

/** @throws RangeError at a row that is not finite. */
export function boundsOf(rows: Float32Array, dims: number): RowBounds {
  let [mostValue, mostSquare] = [0, 0]
  for (let start = 0; start < rows.length; start += dims) {
    let square = 0
    for (let i = start; i < start + dims; i++) {
      const value = Math.abs(rows[i]!)
      square += value * value
      if (value > mostValue) mostValue = value
    }
    if (square > mostSquare) mostSquare = square
    if (!Number.isFinite(square)) throw new RangeError(`row ${start / dims} is not finite`)
  }
  return { mostValue, mostLength: Math.sqrt(mostSquare) * UP }
}

/** One scale for all rows, so that the codes' products of one query are in the order of their scores. */
export function codeRows(rows: Float32Array, dims: number, { mostValue }: RowBounds): RowCodes {
  const scale = mostValue / MOST || 1
  const perUnit = 1 / scale
  const codes = new Uint8Array(rows.length)
  let [mostRest, mostSquare] = [0, 0]
  for (let start = 0; start < rows.length; start += dims) {
    let [rest, square] = [0, 0]
    for (let i = start; i < start + dims; i++) {
      const value = rows[i]!
      const code = (value * perUnit + (ZERO_CODE + 0.5)) | 0
      codes[i] = code
      const coded = (code - ZERO_CODE) * scale
      rest += (value - coded) * (value - coded)
      square += coded * coded
    }
    if (rest > mostRest) mostRest = rest
    if (square > mostSquare) mostSquare = square
  }
  return { codes, scale, mostRest: Math.sqrt(mostRest) * UP, mostLength: Math.sqrt(mostSquare) * UP }
}

/** Of a block of queries. */
export interface QueryCodes {
  /** [dims, queries] */
  codes: Int8Array
  scale: Float64Array
  rest: Float64Array
}

/** Each query has a scale of its own. */
export function codeQueries(queries: Float32Array, dims: number): QueryCodes {
  const count = queries.length / dims
  const coded = {
    codes: new Int8Array(queries.length),
    scale: new Float64Array(count),
    rest: new Float64Array(count),
  }
  for (let q = 0; q < count; q++) {
    const query = queries.subarray(q * dims, (q + 1) * dims)
    const scale = boundsOf(query, dims).mostValue / MOST || 1
    const perUnit = 1 / scale
    let restSquare = 0
    for (let i = 0; i < dims; i++) {
      const code = ((query[i]! * perUnit + (ZERO_CODE + 0.5)) | 0) - ZERO_CODE
      coded.codes[i * count + q] = code
      restSquare += (query[i]! - code * scale) ** 2
    }
    coded.scale[q] = scale
    coded.rest[q] = Math.sqrt(restSquare) * UP
  }
  return coded
}
