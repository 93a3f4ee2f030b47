/** Where the positives stand. A model that finds them always in one place learns the place. */
import type { Findings } from './findings.js'
import { type Uniformity, uniformityOf } from './uniform.js'

/** Of ten thousand files whose order is random, one is called skewed. */
const LEAST_P = 1e-4

export class Positions {
  /** Rows by the position of their first positive. */
  #first = new Map<number, number>()
  /** Rows with one positive: number of docs -> position -> rows. */
  #single = new Map<number, Map<number, number>>()

  add(positives: number[], docs: number): void {
    increment(
      this.#first,
      positives.reduce((low, next) => Math.min(low, next)),
    )
    if (positives.length !== 1) return
    let counts = this.#single.get(docs)
    if (counts === undefined) {
      counts = new Map()
      this.#single.set(docs, counts)
    }
    increment(counts, positives[0]!)
  }

  list(): { position: number; rows: number }[] {
    return [...this.#first].sort(([a], [b]) => a - b).map(([position, rows]) => ({ position, rows }))
  }

  /** Of the rows with `docs` docs and one positive. */
  test(docs: number, findings: Findings): Uniformity | null {
    const counts = this.#single.get(docs)
    if (counts === undefined) return null
    const uniformity = uniformityOf(Array.from({ length: docs }, (_, position) => counts.get(position) ?? 0))
    if (uniformity !== null && uniformity.p < LEAST_P) {
      const [position, rows] = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))
      const reason =
        `positives are not spread evenly over the ${docs} positions: ${rows} of ${uniformity.rows} are at ${position} ` +
        `(chi-square ${uniformity.chiSquare}, p ${uniformity.p})`
      findings.addFile('skewed-positions', reason)
    }
    return uniformity
  }
}

function increment(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
