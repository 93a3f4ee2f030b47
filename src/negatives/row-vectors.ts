/** Vectors of chunks, the latest kept in memory: the same few are candidates again and again. */
import type { Index } from '../index/open.js'

/** 12 MiB of 384 dimensions. */
const KEPT = 8192

export type RowVectors = (position: number) => Promise<Float32Array>

export function createRowVectors(index: Index): RowVectors {
  const kept = new Map<number, Float32Array>()
  return async (position) => {
    const known = kept.get(position)
    if (known) return known
    const vector = await index.vectors([position])
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value!)
    kept.set(position, vector)
    return vector
  }
}
