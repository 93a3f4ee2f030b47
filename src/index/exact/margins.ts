/** How far a quick score can be from the true one, whatever the vectors. */
import type { RowCodes } from './codes.js'

/** Half of the distance between 1 and the next float32. */
const UNIT = 2 ** -24
/** Sums of very small numbers may lose them all: of each, less than this. */
const SMALLEST = 2 ** -125
const UNBOUNDED = Number.POSITIVE_INFINITY
/** Products of longer vectors may overflow float32. */
const LONGEST = 1e37

/**
 * Of a sum of `dims` products in float32, in any order, fused or not: dims * UNIT * |q| * |v| to
 * first order (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
 */
export function marginOfFloats(dims: number, queryLength: number, rowLength: number): number {
  const n = (dims + 2) * UNIT
  return (n / (1 - n)) * queryLength * rowLength + slack(dims, queryLength, rowLength)
}

/** On a GPU values may be cut to TF32, ten bits after the point, and sums cut instead of rounded. */
export function marginOfDevice(dims: number, queryLength: number, rowLength: number): number {
  return 2 * marginOfFloats(dims, queryLength, rowLength) + (2 ** -9 + 2 ** -20) * queryLength * rowLength
}

/** |q| * |rest of v| + |rest of q| * |code of v|, by Cauchy and Schwarz. */
export function marginOfCodes(dims: number, query: { length: number; rest: number }, rows: RowCodes): number {
  const apart = query.length * rows.mostRest + query.rest * rows.mostLength
  return apart * (1 + UNIT) + slack(dims, query.length, rows.mostLength + rows.mostRest)
}

/** The final score is rounded to float32, too. */
function slack(dims: number, queryLength: number, rowLength: number): number {
  const product = queryLength * rowLength
  return product < LONGEST ? 4 * UNIT * product + dims * SMALLEST : UNBOUNDED
}
