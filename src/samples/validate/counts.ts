/** How many docs the rows have. The odd ones out are known only once the file has been read. */
import type { Findings } from './findings.js'
import { docCount } from './wrong-type.js'

interface DocCount {
  rows: number
  /** Rows without an error. */
  clean: number
  /** The first few lines, all that a finding names: memory must not grow with the file unless all are to be named. */
  lines: number[]
}

/** Number of docs -> the rows that have so many. */
export type DocCounts = Map<number, DocCount>

export function countRow(
  counts: DocCounts,
  { docs, line, clean, told }: { docs: number; line: number; clean: boolean; told: number },
): void {
  let entry = counts.get(docs)
  if (entry === undefined) {
    entry = { rows: 0, clean: 0, lines: [] }
    counts.set(docs, entry)
  }
  entry.rows += 1
  if (clean) entry.clean += 1
  if (entry.lines.length < told) entry.lines.push(line)
}

/** The count that most rows have; of equals the expected one, else the one that came first. */
export function mostCommonCount(counts: DocCounts, expectedTopK: number | undefined): number | null {
  let best: number | null = null
  let rows = 0
  for (const [docs, entry] of counts) {
    if (entry.rows > rows || (entry.rows === rows && docs === expectedTopK)) {
      best = docs
      rows = entry.rows
    }
  }
  return best
}

/** Adds the finding `mixed-top-k`; returns how many rows it is the only error of. */
export function findMixedCounts(counts: DocCounts, mostCommon: number, findings: Findings): number {
  const named: { line: number; docs: number }[] = []
  let rows = 0
  let onlyThis = 0
  for (const [docs, entry] of counts) {
    if (docs === mostCommon) continue
    rows += entry.rows
    onlyThis += entry.clean
    for (const line of entry.lines) named.push({ line, docs })
  }
  named.sort((a, b) => a.line - b.line)
  const told = named.slice(0, findings.told)
  for (const { line, docs } of told) {
    findings.add('mixed-top-k', line, `${docCount(docs)}, most rows have ${mostCommon}`)
  }
  findings.addUnnamed('mixed-top-k', rows - told.length)
  return onlyThis
}

export function differingRows(counts: DocCounts, mostCommon: number | null): number {
  let rows = 0
  for (const [docs, entry] of counts) if (docs !== mostCommon) rows += entry.rows
  return rows
}
