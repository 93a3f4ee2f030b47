/**
 * Reading order: a page is cut along the gutters between its columns, and across where something spans them, as recursive X-Y cuts
 * do (Nagy, Seth and Viswanathan 1992); but gutters come first, as lines of columns side by side have gaps between them, too.
 */
import type { Box } from './page.js'

/** What is put in order: a segment of text, or a table or picture as one. */
export interface Item extends Box {
  /** Characters; what is no text counts as lines full of them. */
  letters: number
  size: number
  /** A picture: its frame is wider than what is seen, so that it may reach over a gutter a bit. */
  loose?: boolean
}

const DEEPEST = 20
/** Ems of a picture's height that count: no page is longer, unless to do harm. */
const TALLEST = 500
/** Across a page; more are not told apart. */
const MOST_PLACES = 600
/** Share of lines that may reach into a gutter, but not across it: punctuation that hangs, a word too long. */
const MOST_REACHING = 0.08

/** Groups in the order in which they are read; each is one column, or the width of the page. */
export function inColumns<T extends Item>(items: readonly T[], rightToLeft: boolean, depth = 0): T[][] {
  if (items.length === 0) return []
  const gutter = items.length < 4 || depth > DEEPEST ? undefined : bestGutter(items)
  if (!gutter) return [[...items]]
  const parts: T[][] = [[], [], [], []]
  for (const item of items) parts[partOf(item, gutter)]!.push(item)
  const [above, left, right, below] = parts as [T[], T[], T[], T[]]
  const sides = rightToLeft ? [right, left] : [left, right]
  return [above, ...sides, below].flatMap((part) => inColumns(part, rightToLeft, depth + 1))
}

/** Free of everything between `x0` and `x1`, from `top` to `bottom`. */
interface Gutter {
  x0: number
  x1: number
  top: number
  bottom: number
  score: number
}

function partOf(item: Item, { x0, x1, top, bottom }: Gutter): 0 | 1 | 2 | 3 {
  const middle = (item.y0 + item.y1) / 2
  if (middle < top) return 0
  if (middle > bottom) return 3
  return (item.x0 + item.x1) / 2 < (x0 + x1) / 2 ? 1 : 2
}

function bestGutter(items: readonly Item[]): Gutter | undefined {
  const byTop = [...items].sort((a, b) => a.y0 - b.y0)
  const sizes = items.map(({ size }) => size).sort((a, b) => a - b)
  const em = sizes[Math.floor(sizes.length / 2)]!
  const least = Math.max(5, 0.7 * em)
  const edges = items.map(({ x1 }) => x1)
  const step = Math.max(1, (Math.max(...edges) - Math.min(...edges)) / MOST_PLACES)
  let best: Gutter | undefined
  for (const place of new Set(edges.map((x1) => Math.ceil(x1 / step)))) {
    const x = place * step
    for (const gutter of guttersAt(byTop, x, x + least, em, best?.score ?? 0)) best = gutter
  }
  return best
}

/** What a gutter of three ems and more counts more than none. */
const WIDEST = 1.3

/** Between what crosses a strip, from top to bottom; each better than the one before. */
function guttersAt(byTop: readonly Item[], x0: number, x1: number, em: number, toBeat: number): Gutter[] {
  const gutters: Gutter[] = []
  let [left, right, top] = [[] as Item[], [] as Item[], Number.NEGATIVE_INFINITY]
  let reaching = 0
  const end = (bottom: number) => {
    const tooMany = reaching > MOST_REACHING * (left.length + right.length)
    if (!tooMany && WIDEST * lettersOf(left, right) > toBeat) {
      const score = scoreOf(left, right, em)
      if (score > toBeat) {
        gutters.push({ x0, x1, top, bottom, score })
        toBeat = score
      }
    }
    ;[left, right, reaching] = [[], [], 0]
  }
  for (const item of byTop) {
    const height = item.y1 - item.y0
    const slack = item.loose ? 0.2 * (item.x1 - item.x0) : 0.5
    if (item.x1 <= x0 + slack) left.push(item)
    else if (item.x0 >= x1 - slack) right.push(item)
    else if (item.x0 < x0 && item.x1 < x1) reaching += left.push(item) && 1
    else if (item.x0 > x0 && item.x1 > x1) reaching += right.push(item) && 1
    else {
      end(item.y0 + 0.2 * height)
      // What ends below this one's top is beside it or part of it, not of the columns below.
      top = Math.max(top, item.y1 - 0.2 * height)
      left = left.filter(({ y1 }) => y1 > top)
    }
  }
  end(Number.POSITIVE_INFINITY)
  return gutters
}

interface Side {
  lines: Set<number>
  letters: number
  top: number
  bottom: number
}

/** 0 if these are no columns of text, but cells of a table, or numbers before what they count. */
function scoreOf(left: readonly Item[], right: readonly Item[], em: number): number {
  if (left.length < 2 || right.length < 2) return 0
  const [a, b] = [sideOf(left, em), sideOf(right, em)]
  const overlap = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  const shorter = Math.min(a.bottom - a.top, b.bottom - b.top)
  if (overlap < 0.3 * shorter) return 0
  const lines = Math.min(a.lines.size, b.lines.size)
  const perLine = Math.min(a.letters / a.lines.size, b.letters / b.lines.size)
  const edge = (side: readonly Item[]) => side.filter(({ loose }) => !loose)
  const width = Math.min(...edge(right).map(({ x0 }) => x0)) - Math.max(...edge(left).map(({ x1 }) => x1))
  const aligned = alignment(a.lines, b.lines)
  if (lines < (width > 1.5 * em ? 3 : 6)) return 0
  if (perLine < 6 || (perLine < 20 && aligned > 0.6)) return 0
  return lettersOf(left, right) * Math.min(1 + width / (10 * em), WIDEST)
}

/** Mostly of the side that has fewer. */
function lettersOf(left: readonly Item[], right: readonly Item[]): number {
  const [a, b] = [left, right].map((side) => side.reduce((sum, { letters }) => sum + letters, 0)) as [
    number,
    number,
  ]
  return Math.min(a, b) + Math.max(a, b) / 4
}

function sideOf(items: readonly Item[], em: number): Side {
  const lines = new Set<number>()
  let letters = 0
  for (const item of items) {
    letters += item.letters
    for (let y = item.y1; y > Math.max(item.y0, item.y1 - TALLEST * em); y -= 1.2 * em)
      lines.add(Math.round(y / 2))
  }
  return {
    lines,
    letters,
    top: Math.min(...items.map(({ y0 }) => y0)),
    bottom: Math.max(...items.map(({ y1 }) => y1)),
  }
}

/** Share of the lines of the side with fewer that stand level with one of the other. */
function alignment(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const [fewer, more] = a.size < b.size ? [a, b] : [b, a]
  let level = 0
  for (const line of fewer) if (more.has(line) || more.has(line - 1) || more.has(line + 1)) level++
  return level / fewer.size
}
