/** How numbers are spread, in memory that does not grow with them. */

export interface Distribution {
  mean: number
  p5: number
  p25: number
  p50: number
  p75: number
  p95: number
}

/** Scores and their differences lie between these; what does not counts as the end it is beyond. */
const [LOW, HIGH] = [-2, 2]
const STEPS = 4000

interface Spread {
  add(value: number): void
  /** @returns `null` of no numbers. Quantiles to 0.001. */
  distribution(): Distribution | null
}

export function createSpread(): Spread {
  const counts = new Uint32Array(STEPS + 1)
  let count = 0
  let sum = 0
  const quantile = (share: number) => {
    let left = Math.ceil(share * count)
    const step = counts.findIndex((here) => {
      left -= here
      return left <= 0
    })
    return Number((LOW + (step * (HIGH - LOW)) / STEPS).toFixed(3))
  }
  return {
    add(value) {
      const step = Math.round(((value - LOW) / (HIGH - LOW)) * STEPS)
      counts[Math.min(STEPS, Math.max(0, step))]!++
      count++
      sum += value
    },
    distribution: () =>
      count === 0
        ? null
        : {
            mean: Number((sum / count).toFixed(6)),
            p5: quantile(0.05),
            p25: quantile(0.25),
            p50: quantile(0.5),
            p75: quantile(0.75),
            p95: quantile(0.95),
          },
  }
}
