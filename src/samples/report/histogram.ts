/** Counts by size, in memory that does not grow with them, whatever the numbers are. */

export interface Bin {
  from: number
  to: number
  count: number
}

export interface Histogram {
  /** @param times how often. A number that is not finite is not counted. */
  add(value: number, times?: number): void
  readonly count: number
  /** Lowest and highest, and what the bins are wide; `undefined` of no numbers. */
  range(): { min: number; max: number; width: number } | undefined
  quantile(share: number): number
  mean(): number
  /** @param width a doubling of the width of its own bins. Empty bins are left out. */
  bins(width: number): Bin[]
}

const MOST_BINS = 4096

/**
 * Bins double in width where numbers spread wider than 4,096 of them. How wide they are at the end depends on
 * the numbers alone, not on their order.
 * @param finest width of a bin to begin with: a power of 2, so that no edge is rounded.
 */
export function createHistogram(finest: number): Histogram {
  let width = finest
  let counts = new Map<number, number>()
  let [count, sum] = [0, 0]
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const place = (value: number) => Math.floor(value / width)
  const widen = () => {
    while (place(max) - place(min) >= MOST_BINS) {
      width *= 2
      counts = merged(counts, 2)
    }
  }
  return {
    add(value, times = 1) {
      if (!Number.isFinite(value)) return
      count += times
      sum += value * times
      if (value < min) min = value
      if (value > max) max = value
      widen()
      const at = place(value)
      counts.set(at, (counts.get(at) ?? 0) + times)
    },
    get count() {
      return count
    },
    range: () => (count === 0 ? undefined : { min, max, width }),
    mean: () => sum / count,
    quantile(share) {
      let left = Math.ceil(share * count)
      for (const [at, here] of inOrder(counts)) {
        left -= here
        // Of whole numbers in bins of one each, the number itself; else the middle of the bin.
        if (left <= 0)
          return Math.min(max, Math.max(min, at * width + (finest === 1 && width === 1 ? 0 : width / 2)))
      }
      return max
    },
    bins(wanted) {
      return inOrder(merged(counts, wanted / width)).map(([at, here]) => ({
        from: at * wanted,
        to: (at + 1) * wanted,
        count: here,
      }))
    },
  }
}

function merged(counts: Map<number, number>, by: number): Map<number, number> {
  const out = new Map<number, number>()
  for (const [at, count] of counts) {
    const into = Math.floor(at / by)
    out.set(into, (out.get(into) ?? 0) + count)
  }
  return out
}

function inOrder(counts: Map<number, number>): [number, number][] {
  return [...counts].sort(([a], [b]) => a - b)
}
