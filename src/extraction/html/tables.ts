/** Tables -> Markdown tables: a cell that spans several is repeated in each, so that every row can be read alone. */
import { markdownTable } from '../markdown-table.js'
import type { Element } from './dom.js'

/** Cells of one table; a span that would make more counts as one cell. */
const MAX_CELLS = 1_000_000
const MAX_SPAN = 1000

/**
 * @param textOf a cell's Markdown, which may be of several lines.
 * @returns undefined for what is no table but a frame around its content: of one cell, or said to be for looks.
 */
export function tableMarkdown(table: Element, textOf: (cell: Element) => string): string | undefined {
  const rows = rowsOf(table)
  const cells = rows.flatMap(cellsOf)
  if (cells.length <= 1 || /^(?:presentation|none)$/.test(table.getAttribute('role') ?? '')) return undefined
  const grid = gridOf(rows, (cell) => withoutTables(textOf(cell)))
  return markdownTable(grid.map((row) => Array.from(row, (cell) => cell ?? '')))
}

/** Not those of tables inside. */
export function rowsOf(table: Element): Element[] {
  return [...table.children].flatMap((child) => {
    if (child.tagName === 'TR') return [child]
    return /^T(?:HEAD|BODY|FOOT)$/.test(child.tagName)
      ? [...child.children].filter(({ tagName }) => tagName === 'TR')
      : []
  })
}

export function cellsOf(row: Element): Element[] {
  return [...row.children].filter(({ tagName }) => tagName === 'TD' || tagName === 'TH')
}

function gridOf(rows: Element[], textOf: (cell: Element) => string): string[][] {
  const grid: string[][] = rows.map(() => [])
  let left = MAX_CELLS
  for (const [y, row] of rows.entries()) {
    let x = 0
    for (const cell of cellsOf(row)) {
      while (grid[y]![x] !== undefined) x++
      let across = spanOf(cell, 'colspan')
      let down = Math.min(spanOf(cell, 'rowspan'), rows.length - y)
      if (across * down > left) across = down = 1
      left -= across * down
      const text = textOf(cell)
      for (let dy = 0; dy < down; dy++) {
        for (let dx = 0; dx < across; dx++) grid[y + dy]![x + dx] ??= text
      }
      x += across
    }
  }
  return grid
}

/** 0 is to the end of the table for rows; nobody means that. */
function spanOf(cell: Element, name: string): number {
  const span = Number.parseInt(cell.getAttribute(name) ?? '1', 10)
  return Math.min(Math.max(Number.isNaN(span) ? 1 : span, 1), MAX_SPAN)
}

/** Of a table inside, the words. */
function withoutTables(markdown: string): string {
  return markdown
    .replace(/^\s*```.*$/gm, '')
    .replace(/^\s*\|(?: -+ \|)+$/gm, '')
    .replace(/^\s*\| (.*) \|$/gm, (_, row: string) => row.replaceAll(' | ', ' '))
    .replaceAll('\\|', '|')
}
