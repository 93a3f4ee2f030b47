/** What a graph found -> the best of it by full precision, without the rows that are left out. */
import { ClaraError } from '../../errors.js'
import { type CheckedFile, CheckedReader } from '../checked-file.js'
import type { Precision } from '../graph.js'
import { type Best, best, dot } from '../rank.js'
import { requireVectorFile } from '../vectors.js'

/** Nearest first by the graph's own precision. */
export interface Candidates {
  rows: ArrayLike<number>
  distances: Float32Array
}

/**
 * So many times k, and SPARE more, are ranked again: the coarser the graph's vectors, the farther
 * behind others it puts some of the nearest. Each costs a read.
 */
const OVERFETCH: Record<Precision, number> = { f32: 1, f16: 1.2, bf16: 1.2, i8: 3 }
const SPARE = 4
/** Numbers of excluded rows are rounded up to it, so that queries can be searched together. */
const STEP = 64

/** @param removed ascending. */
export function ranker(
  vectors: CheckedFile,
  shape: { dims: number; rows: number; precision: Precision },
  removed: Uint32Array,
) {
  const { dims, rows } = shape
  const ranked = (k: number) => Math.ceil(k * OVERFETCH[shape.precision]) + SPARE
  requireVectorFile(vectors, shape)
  const file = new CheckedReader(vectors)
  const isRemoved = new Uint8Array(rows)
  for (const row of removed) isRemoved[row] = 1
  const live = Math.max(1, rows - removed.length) / rows
  const one = new Float32Array(dims)
  const bytes = new Uint8Array(one.buffer)

  function score(query: Float32Array, row: number): number {
    file.read(bytes, row * dims * 4)
    const value = dot(query, one, 0)
    if (!Number.isNaN(value)) return value
    throw new ClaraError('index', `${vectors.path}: row ${row} is not finite: build the index anew`)
  }

  return {
    /** How many candidates are likely to leave enough. */
    wanted(k: number, excluded: number): number {
      return Math.ceil(ranked(k) / live) + Math.ceil(excluded / STEP) * STEP
    },
    /** The k best of the first candidates that are not left out, and of all that are as near as the last. */
    best(query: Float32Array, { rows, distances }: Candidates, excluded: Uint32Array, k: number): Best {
      const isExcluded = new Set(excluded)
      const kept: number[] = []
      for (let i = 0; i < rows.length; i++) {
        if (kept.length >= ranked(k) && distances[i]! > distances[i - 1]!) break
        const row = rows[i]!
        if (isRemoved[row] === 0 && !isExcluded.has(row)) kept.push(row)
      }
      return best(
        kept,
        Float32Array.from(kept, (row) => score(query, row)),
        k,
      )
    },
  }
}
