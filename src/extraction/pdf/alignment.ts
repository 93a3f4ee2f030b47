/** Tables without borders: rows whose cells stand under each other, with the same gaps free in all of them. */
import { markdownTable } from '../markdown-table.js'
import { isMostlyRtl } from './characters.js'
import type { Cell, Line } from './lines.js'
import { LIST_MARK } from './list-marks.js'

/** Either a table of some lines, or a line that is in none. */
type LineOrTable = { table: string; lines: Line[] } | { line: Line }

export function takeAligned(lines: readonly Line[]): LineOrTable[] {
  const done: LineOrTable[] = []
  for (let i = 0; i < lines.length; ) {
    const run = runFrom(lines, i)
    const table = run.length >= 3 ? alignedTable(run) : ''
    if (table) done.push({ table, lines: run })
    else done.push(...run.map((line) => ({ line })))
    i += run.length
  }
  return done
}

/** Lines with several cells that follow each other; a line with one may go on with a cell of the row above it. */
function runFrom(lines: readonly Line[], start: number): Line[] {
  const run = [lines[start]!]
  if (run[0]!.cells.length < 2) return run
  for (let i = start + 1; i < lines.length; i++) {
    const [last, next] = [run.at(-1)!, lines[i]!]
    const distance = next.baseline - last.baseline
    const close =
      distance < 1.5 * next.size && next.cells.length === 1 && (lines[i + 1]?.cells.length ?? 0) > 1
    if (distance > 3 * next.size || (next.cells.length < 2 && !(close && isWithinCell(next, run)))) break
    run.push(next)
  }
  while (run.length > 1 && run.at(-1)!.cells.length < 2) run.pop()
  return run
}

function isWithinCell(line: Line, run: readonly Line[]): boolean {
  return run.some(({ cells }) =>
    cells.some(
      ({ x0, x1 }, i) => line.x0 > x0 - line.size && line.x1 < (cells[i + 1]?.x0 ?? x1 + 5 * line.size),
    ),
  )
}

/** Empty if the lines are none. */
export function alignedTable(run: readonly Line[]): string {
  const rows = run.filter(({ cells }) => cells.length > 1)
  const columns = columnsOf(rows)
  if (columns.length < 2 || rows.length < 3) return ''
  const filled = rows.reduce((sum, { cells }) => sum + cells.length, 0) / (rows.length * columns.length)
  const longest = Math.max(...rows.flatMap(({ cells }) => cells.map(({ text }) => text.length)))
  if (filled < (columns.length === 2 ? 0.9 : 0.55) || longest > 120) return ''
  if (rows.every(({ cells }) => LIST_MARK.test(`${cells[0]!.text} x`))) return ''
  if (columns.length === 2 && rows.every(({ cells }) => /^[\divxlc]+$/i.test(cells.at(-1)!.text))) return ''
  const cells = textsOf(run, columns)
  return markdownTable(isMostlyRtl(cells.flat().join('')) ? cells.map((row) => row.reverse()) : cells)
}

interface Span {
  x0: number
  x1: number
}

function columnsOf(rows: readonly Line[]): Span[] {
  const spans: Span[] = []
  const cells = rows.flatMap((row) => row.cells.map((cell) => ({ ...cell, size: row.size })))
  for (const { x0, x1, size } of cells.sort((a, b) => a.x0 - b.x0)) {
    const last = spans.at(-1)
    if (last && x0 < last.x1 + 0.4 * size) last.x1 = Math.max(last.x1, x1)
    else spans.push({ x0, x1 })
  }
  return spans
}

/** What goes on below a row belongs to its cells. */
function textsOf(run: readonly Line[], columns: readonly Span[]): string[][] {
  const rows: string[][] = []
  for (const { cells } of run) {
    const goesOn = cells.length === 1 && rows.length > 0
    const row = goesOn ? rows.at(-1)! : columns.map(() => '')
    for (const cell of cells) {
      const column = columnOf(cell, columns)
      row[column] = [row[column], cell.text].filter(Boolean).join(' ')
    }
    if (!goesOn) rows.push(row)
  }
  return rows
}

function columnOf(cell: Cell, columns: readonly Span[]): number {
  const middle = (cell.x0 + cell.x1) / 2
  const index = columns.findIndex(({ x1 }) => middle <= x1)
  return index < 0 ? columns.length - 1 : index
}
