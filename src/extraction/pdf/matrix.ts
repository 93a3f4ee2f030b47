/** Affine transforms as PDF writes them: [a b c d e f] takes (x, y) to (ax + cy + e, bx + dy + f). */

export type Matrix = readonly [number, number, number, number, number, number]

export const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0]

/** First `inner`, then `outer`. */
export function times(outer: Matrix, inner: Matrix): Matrix {
  const [a, b, c, d, e, f] = outer
  const [g, h, i, j, k, l] = inner
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f]
}

export function apply([a, b, c, d, e, f]: Matrix, x: number, y: number): [number, number] {
  return [a * x + c * y + e, b * x + d * y + f]
}

/** Six finite numbers of whatever kind of list; undefined for anything else, as files are not to be trusted. */
export function matrixOf(values: ArrayLike<number> | null | undefined): Matrix | undefined {
  if (!values || values.length < 6) return undefined
  const matrix = Array.from({ length: 6 }, (_, i) => values[i]!)
  return matrix.every(Number.isFinite) ? (matrix as unknown as Matrix) : undefined
}
