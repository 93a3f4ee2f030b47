/** Tables of slides. A merged cell's text stands in each of the cells that it covers. */
import { markdownTable } from '../markdown-table.js'
import { paragraphText } from './text.js'
import { at, childrenOf, numberOf, type XmlNode } from './xml.js'

export function slideTable(table: XmlNode): string {
  const rows: string[][] = []
  for (const row of childrenOf(table, 'tr'))
    rows.push(childrenOf(row, 'tc').map((cell, column) => cellText(cell, rows.at(-1) ?? [], column)))
  for (const [index, row] of childrenOf(table, 'tr').entries()) spread(rows[index]!, childrenOf(row, 'tc'))
  return markdownTable(rows)
}

/** A cell that goes on from above has the text of that. */
function cellText(cell: XmlNode, above: readonly string[], column: number): string {
  if (/^(1|true)$/.test(cell.attributes.get('vMerge') ?? '')) return above[column] ?? ''
  return childrenOf(at(cell, 'txBody'), 'p').map(paragraphText).filter(Boolean).join(' ')
}

function spread(texts: string[], cells: readonly XmlNode[]): void {
  for (const [column, cell] of cells.entries())
    for (let next = 1; next < numberOf(cell, 'gridSpan') && column + next < texts.length; next++)
      texts[column + next] = texts[column]!
}
