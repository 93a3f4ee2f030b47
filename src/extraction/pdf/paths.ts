/** Straight lines of drawn paths: borders of tables are strokes, or fills as thin as strokes. */
import { apply, type Matrix } from './matrix.js'
import type { Rule } from './page.js'

/** pdf.js's codes in path data, with the numbers that follow each. */
const [MOVE, LINE, CURVE, QUADRATIC, CLOSE] = [0, 1, 2, 3, 4]

/** Points: what is filled and no thicker looks like a line. */
const THIN = 3
/** Points: what is shorter is a tick or part of a sign. */
const SHORT = 4
/** Of one path: drawings have more, tables do not. */
const MOST = 5000

/** pdf.js's numbers for operators, by name. */
export type Operators = Readonly<Record<string, number>>

type Point = [number, number]

export function rulesOfPath(
  operator: number,
  data: ArrayLike<number>,
  matrix: Matrix,
  ops: Operators,
): Rule[] {
  const is = (...names: string[]) => names.some((name) => ops[name] === operator)
  const stroked = is(
    'stroke',
    'closeStroke',
    'fillStroke',
    'eoFillStroke',
    'closeFillStroke',
    'closeEOFillStroke',
  )
  const filled = is('fill', 'eoFill')
  if ((!stroked && !filled) || data.length > MOST) return []
  return subpaths(data, matrix).flatMap((points) => (stroked ? strokes(points) : thinFill(points)))
}

/** Corners of each part; parts with curves are left out. */
function subpaths(data: ArrayLike<number>, matrix: Matrix): Point[][] {
  const parts: Point[][] = []
  let [points, curved] = [[] as Point[], false]
  const end = () => {
    if (points.length > 1 && !curved) parts.push(points)
    ;[points, curved] = [[], false]
  }
  for (let i = 0; i < data.length; ) {
    const code = data[i++]
    if (code === MOVE || code === LINE) {
      if (code === MOVE) end()
      points.push(apply(matrix, data[i]!, data[i + 1]!))
      i += 2
    } else if (code === CURVE || code === QUADRATIC) {
      curved = true
      i += code === CURVE ? 6 : 4
    } else if (code === CLOSE) {
      if (points.length > 1) points.push(points[0]!)
    } else break
  }
  end()
  return parts
}

function strokes(points: readonly Point[]): Rule[] {
  return points.slice(1).flatMap((to, i) => ruleBetween(points[i]!, to))
}

function thinFill(points: readonly Point[]): Rule[] {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  if (Math.min(x1 - x0, y1 - y0) > THIN) return []
  return x1 - x0 > y1 - y0
    ? ruleBetween([x0, (y0 + y1) / 2], [x1, (y0 + y1) / 2])
    : ruleBetween([(x0 + x1) / 2, y0], [(x0 + x1) / 2, y1])
}

function ruleBetween([x0, y0]: Point, [x1, y1]: Point): Rule[] {
  const [dx, dy] = [Math.abs(x1 - x0), Math.abs(y1 - y0)]
  if (!Number.isFinite(dx + dy) || Math.max(dx, dy) < SHORT) return []
  if (dy < 0.7) return [{ horizontal: true, at: (y0 + y1) / 2, from: Math.min(x0, x1), to: Math.max(x0, x1) }]
  if (dx < 0.7)
    return [{ horizontal: false, at: (x0 + x1) / 2, from: Math.min(y0, y1), to: Math.max(y0, y1) }]
  return []
}
