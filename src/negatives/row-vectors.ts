/** Vectors of chunks, the latest kept in memory: the same few are candidates again and again. */
import type { Index } from '../index/open.js'

/** 12 MiB of 384 dimensions. */
const KEPT = 8192

export interface RowVectors {
  /** `undefined` where it would have to be read. */
  known(position: number): Float32Array | undefined
  read(position: number): Promise<Float32Array>
}

export function createRowVectors(index: Index): RowVectors {
  const kept = new Map<number, Float32Array>()
  return {
    known: (position) => kept.get(position),
    async read(position) {
      const known = kept.get(position)
      if (known) return known
      const vector = await index.vectors([position])
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value!)
      kept.set(position, vector)
      return vector
    },
  }
}
