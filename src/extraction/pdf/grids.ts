/** Tables whose cells have borders. */
import { markdownTable } from '../markdown-table.js'
import { isMostlyRtl } from './characters.js'
import { linesOf } from './lines.js'
import type { Box, Rule } from './page.js'
import type { Segment, Word } from './segments.js'

export interface Table extends Box {
  markdown: string
  /** What it was made of. */
  segments: Segment[]
}

/** Points by which lines that should meet may miss each other. */
const NEAR = 3
/** A table has some; a page of a drawing may have any number, and each is compared with each. */
const MOST_RULES = 3000

/** What of the segments a lattice of lines makes a table of. */
export function gridsOf(segments: readonly Segment[], rules: readonly Rule[]): Table[] {
  return latticesOf(rules).flatMap((lattice) => {
    const within = segments.filter((segment) => isWithin(segment, lattice))
    const markdown = tableOf(within, lattice)
    const { xs, ys } = lattice
    return markdown
      ? [{ x0: xs[0]!, x1: xs.at(-1)!, y0: ys[0]!, y1: ys.at(-1)!, markdown, segments: within }]
      : []
  })
}

interface Lattice {
  xs: number[]
  ys: number[]
  rules: Rule[]
}

function latticesOf(rules: readonly Rule[]): Lattice[] {
  return connected(joined(rules).slice(0, MOST_RULES))
    .map((group) => {
      const [flat, upright] = [group.filter((r) => r.horizontal), group.filter((r) => !r.horizontal)]
      return {
        xs: coordinates([...upright.map((r) => r.at), ...ends(flat)]),
        ys: coordinates([...flat.map((r) => r.at), ...ends(upright)]),
        rules: group,
      }
    })
    .filter(({ xs, ys }) => xs.length > 2 && ys.length > 2 && xs.length * ys.length < 5000)
    .sort((a, b) => a.ys[0]! - b.ys[0]!)
}

/** Outer borders are often left out: lines then end where they would be. */
function ends(rules: readonly Rule[]): number[] {
  if (rules.length === 0) return []
  return [Math.min(...rules.map(({ from }) => from)), Math.max(...rules.map(({ to }) => to))]
}

/** Lines drawn in pieces, made whole. */
function joined(rules: readonly Rule[]): Rule[] {
  const done: Rule[] = []
  const order = [...rules].sort(
    (a, b) =>
      Number(a.horizontal) - Number(b.horizontal) || Math.round(a.at) - Math.round(b.at) || a.from - b.from,
  )
  for (const rule of order) {
    const last = done.at(-1)
    const goesOn =
      last &&
      last.horizontal === rule.horizontal &&
      Math.abs(last.at - rule.at) < 1.5 &&
      rule.from <= last.to + NEAR
    if (goesOn) last.to = Math.max(last.to, rule.to)
    else done.push({ ...rule })
  }
  return done
}

function connected(rules: readonly Rule[]): Rule[][] {
  const left = new Set(rules)
  const groups: Rule[][] = []
  for (const first of rules) {
    if (!left.delete(first)) continue
    const group = [first]
    for (let i = 0; i < group.length; i++)
      for (const other of left)
        if (touch(group[i]!, other)) {
          left.delete(other)
          group.push(other)
        }
    groups.push(group)
  }
  return groups
}

function touch(a: Rule, b: Rule): boolean {
  if (a.horizontal === b.horizontal) return false
  return a.at > b.from - NEAR && a.at < b.to + NEAR && b.at > a.from - NEAR && b.at < a.to + NEAR
}

function coordinates(values: number[]): number[] {
  const done: number[] = []
  for (const value of values.sort((a, b) => a - b))
    if (done.length === 0 || value - done.at(-1)! > 4) done.push(value)
  return done
}

function isWithin({ x0, x1, baseline, size }: Segment, { xs, ys }: Lattice): boolean {
  const [x, y] = [(x0 + x1) / 2, baseline - 0.3 * size]
  return x > xs[0]! && x < xs.at(-1)! && y > ys[0]! && y < ys.at(-1)!
}

/** Empty if it is no table: a frame, a drawing, or the page's layout. */
function tableOf(segments: readonly Segment[], lattice: Lattice): string {
  const [columns, rows] = [lattice.xs.length - 1, lattice.ys.length - 1]
  const areas = areasOf(lattice, columns, rows)
  const contents = new Map<number, Segment[]>()
  for (const segment of segments.flatMap((each) => splitAt(each, lattice.xs))) {
    const column = indexIn(lattice.xs, (segment.x0 + segment.x1) / 2)
    const row = indexIn(lattice.ys, segment.baseline - 0.3 * segment.size)
    const area = areas[row * columns + column]
    if (area === undefined) continue
    contents.set(area, [...(contents.get(area) ?? []), segment])
  }
  const texts = new Map(
    [...contents].map(([area, inside]) => [
      area,
      linesOf(inside)
        .map(({ text }) => text)
        .join(' '),
    ]),
  )
  const lengths = [...texts.values()].map((text) => text.length)
  const distinct = new Set(areas).size
  if (distinct < 4 || texts.size < 3 || texts.size * 4 < distinct || Math.max(...lengths) > 1500) return ''
  const cells = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => texts.get(areas[row * columns + column]!) ?? ''),
  )
  const readable = distinctOf(cells, (row, column) => areas[row * columns + column]!)
  const fromRight = cells.flat().join('')
  return markdownTable(isMostlyRtl(fromRight) ? readable.map((row) => row.reverse()) : readable)
}

/** Without the rows and columns between double lines, and those that lines of other rows or columns only seem to part. */
function distinctOf(cells: readonly string[][], areaOf: (row: number, column: number) => number): string[][] {
  const [rows, columns] = [[...cells.keys()], [...cells[0]!.keys()]]
  const usedRows = rows.filter(
    (row) =>
      cells[row]!.some(Boolean) &&
      !(row > 0 && columns.every((column) => areaOf(row, column) === areaOf(row - 1, column))),
  )
  const usedColumns = columns.filter(
    (column) =>
      rows.some((row) => cells[row]![column]) &&
      !(column > 0 && rows.every((row) => areaOf(row, column) === areaOf(row, column - 1))),
  )
  return usedRows.map((row) => usedColumns.map((column) => cells[row]![column]!))
}

/** For each cell the first one of the area that it is part of: cells without a line between them are one. */
function areasOf({ xs, ys, rules }: Lattice, columns: number, rows: number): number[] {
  const parents = Array.from({ length: columns * rows }, (_, i) => i)
  const root = (i: number): number => (parents[i] === i ? i : root(parents[i]!))
  const unite = (a: number, b: number) => {
    const [first, second] = [root(a), root(b)].sort((x, y) => x - y) as [number, number]
    parents[second] = first
  }
  const parted = (horizontal: boolean, at: number, middle: number) =>
    rules.some(
      (rule) =>
        rule.horizontal === horizontal &&
        Math.abs(rule.at - at) <= 4 &&
        rule.from < middle &&
        rule.to > middle,
    )
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const cell = row * columns + column
      const [x, y] = [(xs[column]! + xs[column + 1]!) / 2, (ys[row]! + ys[row + 1]!) / 2]
      if (column + 1 < columns && !parted(false, xs[column + 1]!, y)) unite(cell, cell + 1)
      if (row + 1 < rows && !parted(true, ys[row + 1]!, x)) unite(cell, cell + columns)
    }
  return parents.map((_, i) => root(i))
}

/** The last index whose value is not beyond `value`. */
function indexIn(values: readonly number[], value: number): number {
  return Math.max(
    values.findLastIndex((each) => each <= value),
    0,
  )
}

/** Words of neighbouring cells may stand so close that they look like one text. */
function splitAt(segment: Segment, xs: readonly number[]): Segment[] {
  const parts = new Map<number, Word[]>()
  for (const word of segment.words) {
    const column = indexIn(xs, (word.x0 + word.x1) / 2)
    parts.set(column, [...(parts.get(column) ?? []), word])
  }
  if (parts.size === 1) return [segment]
  return [...parts.values()].map((words) => ({ ...segment, words, x0: words[0]!.x0, x1: words.at(-1)!.x1 }))
}
