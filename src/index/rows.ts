/** Rows by number: those that are removed, and the ranges between them. */
import { ClaraError } from '../errors.js'

/** What the file of removed rows holds. */
export function rowsToBytes(rows: Uint32Array): Buffer {
  const bytes = Buffer.alloc(rows.length * 4)
  rows.forEach((row, i) => {
    bytes.writeUInt32LE(row, i * 4)
  })
  return bytes
}

/** @throws ClaraError `index` unless they are whole, ascending and below `end`. */
export function rowsFromBytes(path: string, bytes: Buffer, end: number): Uint32Array {
  if (bytes.byteLength % 4 !== 0)
    throw new ClaraError('index', `${path}: ${bytes.byteLength} bytes are no whole rows`)
  const rows = Uint32Array.from({ length: bytes.byteLength / 4 }, (_, i) => bytes.readUInt32LE(i * 4))
  for (const [i, row] of rows.entries()) {
    if (row >= end || (i > 0 && row <= rows[i - 1]!)) {
      throw new ClaraError('index', `${path}: row ${row} is out of order, or not one of ${end}`)
    }
  }
  return rows
}

/** @param removed ascending. */
export function* liveRanges(rows: number, removed: Uint32Array): Generator<{ start: number; end: number }> {
  let start = 0
  for (const row of removed) {
    if (row > start) yield { start, end: row }
    start = row + 1
  }
  if (start < rows) yield { start, end: rows }
}

/** Both together, ascending. */
export function joinRows(a: Uint32Array, b: Iterable<number>): Uint32Array {
  return Uint32Array.from(new Set([...a, ...b])).sort()
}

/** The rows of a document. */
export function rowsIn({ row, rows }: { row: number; rows: number }): number[] {
  return Array.from({ length: rows }, (_, i) => row + i)
}
