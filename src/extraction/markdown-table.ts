/** A table as Markdown has it: the first row is the head, each cell one line. */

/** Rows shorter than the longest are filled up. Empty if there is no text at all. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  if (!rows.some((row) => row.some((cell) => cell.trim()))) return ''
  const width = Math.max(...rows.map((row) => row.length))
  const lines = rows.map((row) =>
    line(Array.from({ length: width }, (_, column) => cellOf(row[column] ?? ''))),
  )
  lines.splice(1, 0, line(Array.from({ length: width }, () => '---')))
  return lines.join('\n')
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function cellOf(text: string): string {
  return text.replace(/\s+/g, ' ').trim().replaceAll('|', '\\|')
}
