/** The same random numbers each time. */
export interface Seeded {
  /** In [0, 1). */
  next(): number
  /** A whole number below `end`. */
  below(end: number): number
  pick<T>(items: readonly T[]): T
}

/** mulberry32 */
export function seeded(seed: number): Seeded {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number) => Math.floor(next() * end)
  return { next, below, pick: (items) => items[below(items.length)]! }
}
