/** Whether counts are what equal chances give: Pearson's chi-square test. */

export interface Uniformity {
  rows: number
  /** Positions, of which each should have the same number of rows. */
  positions: number
  chiSquare: number
  /** Of a deviation at least as large by chance; three digits. */
  p: number
}

/** The usual rule: below that, the approximation by the continuous distribution is poor. */
const LEAST_EXPECTED = 5

/** @returns `null` of too few rows to tell. */
export function uniformityOf(counts: number[]): Uniformity | null {
  const rows = counts.reduce((sum, count) => sum + count, 0)
  const expected = rows / counts.length
  if (counts.length < 2 || expected < LEAST_EXPECTED) return null
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  const p = upperGamma((counts.length - 1) / 2, chiSquare / 2)
  return {
    rows,
    positions: counts.length,
    chiSquare: Number(chiSquare.toFixed(2)),
    p: Number(p.toPrecision(3)),
  }
}

const MOST_STEPS = 10_000
const PRECISION = 1e-14
/** In place of a zero denominator: Lentz's method. */
const TINY = 1e-300

/**
 * The regularised incomplete gamma function Q(a, x): by its series where x is small, else by its
 * continued fraction (Abramowitz and Stegun 6.5.29, 6.5.31).
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1
  const front = Math.exp(a * Math.log(x) - x - logGamma(a))
  return x < a + 1 ? 1 - front * series(a, x) : front * fraction(a, x)
}

function series(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < MOST_STEPS && term > sum * PRECISION; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum
}

function fraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = 1 / TINY
  let d = 1 / b
  let value = d
  for (let n = 1; n < MOST_STEPS; n++) {
    const numerator = -n * (n - a)
    b += 2
    d = 1 / (numerator * d + b || TINY)
    c = b + numerator / c || TINY
    value *= c * d
    if (Math.abs(c * d - 1) < PRECISION) break
  }
  return value
}

/** Stirling's series after shifting the argument up. */
function logGamma(x: number): number {
  let shift = 0
  let at = x
  for (; at < 15; at++) shift += Math.log(at)
  const inverse = 1 / (at * at)
  const tail = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / at
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + tail - shift
}
