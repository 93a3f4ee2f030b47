/** Histograms of several groups -> plain data in bins that they share, so that they can be laid side by side. */
import type { Bin, Histogram } from './histogram.js'

export interface Spread {
  count: number
  mean: number
  min: number
  max: number
  p5: number
  p25: number
  p50: number
  p75: number
  p95: number
  /** Ascending; those without a number are left out. */
  bins: Bin[]
  /** Numbers beyond the last bin: the longest ones, where they would leave the others no room. */
  beyond: number
}

/** So many bins fit into a drawing. */
const MOST_SHOWN = 40

export type Spreads<Name extends string> = Partial<Record<Name, Spread>>

/**
 * Groups without numbers are left out.
 * @param until share of each group that must be within its bins; what is above all of them is `beyond`.
 */
export function spreadsOf<Name extends string>(
  groups: Record<Name, Histogram>,
  { until = 1 }: { until?: number } = {},
): Spreads<Name> {
  const named = Object.entries(groups) as [Name, Histogram][]
  const filled = named.filter(([, histogram]) => histogram.count > 0)
  const ranges = filled.map(([, histogram]) => histogram.range()!)
  const low = Math.min(...ranges.map(({ min }) => min))
  const high = Math.max(
    ...filled.map(([, histogram]) => (until < 1 ? histogram.quantile(until) : histogram.range()!.max)),
  )
  let width = Math.max(...ranges.map(({ width }) => width))
  while (Math.floor(high / width) - Math.floor(low / width) >= MOST_SHOWN) width *= 2
  const end = (Math.floor(high / width) + 1) * width
  return Object.fromEntries(
    filled.map(([name, histogram]) => [name, spreadOf(histogram, width, end)]),
  ) as Spreads<Name>
}

function spreadOf(histogram: Histogram, width: number, end: number): Spread {
  const { min, max } = histogram.range()!
  const all = histogram.bins(width)
  const bins = all.filter(({ from }) => from < end)
  const quantile = (share: number) => digits(histogram.quantile(share))
  return {
    count: histogram.count,
    mean: digits(histogram.mean()),
    min,
    max,
    p5: quantile(0.05),
    p25: quantile(0.25),
    p50: quantile(0.5),
    p75: quantile(0.75),
    p95: quantile(0.95),
    bins,
    beyond: all.slice(bins.length).reduce((sum, { count }) => sum + count, 0),
  }
}

/** Six digits, as scores have. */
function digits(value: number): number {
  return Number(value.toFixed(6))
}
