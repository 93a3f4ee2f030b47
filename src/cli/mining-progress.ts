/** A line for both counts of mining: pairs that were scored, samples that are ready. */
import type { Talk } from './talk.js'
import { timeLeft } from './time-left.js'

/** @param total samples that there may be, where that is known. */
export function miningProgress(
  talk: Talk,
  total?: number,
): {
  onScored(pairs: number): void
  onSample(samples: number): void
} {
  const start = performance.now()
  const show = talk.progress()
  let [pairs, samples] = [0, 0]
  const line = () => {
    const rate = (count: number) => (count / (performance.now() - start)) * 1000
    const scored = pairs > 0 ? `, ${pairs} pairs scored, ${rate(pairs).toFixed(0)}/s` : ''
    const ready = total === undefined ? `${samples} samples` : `${samples} of ${total} samples`
    const left = total === undefined ? '' : timeLeft(total - samples, rate(samples))
    return `${ready}, ${rate(samples).toFixed(0)}/s${scored}${left}`
  }
  return {
    onScored(count) {
      pairs += count
      show(line)
    },
    onSample(count) {
      samples = count
      show(line)
    },
  }
}
