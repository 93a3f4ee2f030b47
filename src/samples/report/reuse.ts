/** How often each chunk is a negative. Exact up to 65,536 chunks, of a sample of them beyond. */
import { hash } from 'node:crypto'
import { createHistogram } from './histogram.js'
import { type Spread, spreadsOf } from './spread.js'

export interface Reuse {
  /** Distinct chunks that are negatives; an estimate where `counted` is below 1. */
  chunks: number
  /** Share of the chunks that was counted. */
  counted: number
  /** Uses of a chunk. */
  uses: Spread
  /** The most used of those counted. */
  most: { chunk: string; uses: number }[]
}

const MOST_COUNTED = 1 << 16
const MOST_NAMED = 10
const MOST_NAME = 200

interface ReuseCounter {
  /** @param drawn `drawOf(id)`, where it is known. */
  add(id: string, drawn?: number): void
  finish(): Reuse | undefined
}

/**
 * Chunks are drawn by their hash, so that those counted are counted in all samples, and a share of
 * them stands for all (adaptive sampling: Flajolet 1990).
 */
export function createReuseCounter(most = MOST_COUNTED): ReuseCounter {
  const counts = new Map<number, { chunk: string; uses: number }>()
  let below = 1
  return {
    add(id, drawn = drawOf(id)) {
      if (drawn >= below) return
      const known = counts.get(drawn)
      if (known) known.uses++
      else counts.set(drawn, { chunk: id.slice(0, MOST_NAME), uses: 1 })
      while (counts.size > most) {
        below /= 2
        for (const each of counts.keys()) if (each >= below) counts.delete(each)
      }
    },
    finish() {
      const all = [...counts.values()]
      const uses = createHistogram(1)
      for (const each of all) uses.add(each.uses)
      const spread = spreadsOf({ uses }, { until: 0.999 }).uses
      if (!spread) return undefined
      const byUse = all.sort((a, b) => b.uses - a.uses || (a.chunk < b.chunk ? -1 : 1))
      const named = byUse.slice(0, MOST_NAMED).map(({ chunk, uses }) => ({ chunk, uses }))
      return { chunks: Math.round(all.length / below), counted: below, uses: spread, most: named }
    },
  }
}

/** From 0 to below 1, the same for the same id. */
export function drawOf(id: string): number {
  return Number.parseInt(hash('sha256', id, 'hex').slice(0, 12), 16) / 2 ** 48
}
