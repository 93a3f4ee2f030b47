/** A line for both counts of mining: pairs that were scored, samples that are ready. */
import type { Talk } from './talk.js'

export function miningProgress(talk: Talk): {
  onScored(pairs: number): void
  onSample(samples: number): void
} {
  const start = performance.now()
  const show = talk.progress()
  let [pairs, samples] = [0, 0]
  const line = () => {
    const rate = (count: number) => ((count / (performance.now() - start)) * 1000).toFixed(0)
    const scored = pairs > 0 ? `, ${pairs} pairs scored, ${rate(pairs)}/s` : ''
    return `${samples} samples, ${rate(samples)}/s${scored}`
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
