/** How much of the true nearest rows a search finds. */
import type { Ranked } from '../index/rank.js'

/**
 * @param truth the true nearest rows of each query, row-major [queries, depth], best first.
 * @returns the share of the first k of `truth` that is among the first k found.
 */
export function recallAt(k: number, found: Ranked, truth: Int32Array, depth: number): number {
  const queries = truth.length / depth
  let hits = 0
  for (let q = 0; q < queries; q++) {
    const expected = new Set(truth.subarray(q * depth, q * depth + k))
    for (const id of found.ids.subarray(q * found.k, q * found.k + k)) if (expected.has(id)) hits++
  }
  return hits / (queries * k)
}

/** Scores that differ by less may be in either order: float32 sums depend on how they are summed. */
const SCORE_TOLERANCE = 1e-5

/**
 * The share of `found` that is among the k best by double-precision inner product over all rows:
 * slow, and like no engine, so it checks what the others are measured by.
 */
export async function checkedRecall(
  k: number,
  found: Int32Array,
  queries: Float32Array,
  dims: number,
  blocks: AsyncIterable<Float32Array>,
): Promise<number> {
  const count = queries.length / dims
  const scores: number[][] = Array.from({ length: count }, () => [])
  for await (const block of blocks) {
    for (let row = 0; row < block.length; row += dims) {
      for (let q = 0; q < count; q++) {
        let sum = 0
        for (let i = 0; i < dims; i++) sum += queries[q * dims + i]! * block[row + i]!
        scores[q]!.push(sum)
      }
    }
  }
  let hits = 0
  scores.forEach((all, q) => {
    const least = Float64Array.from(all).sort().at(-k)! - SCORE_TOLERANCE
    for (const id of found.subarray(q * k, (q + 1) * k)) if (all[id]! >= least) hits++
  })
  return hits / (count * k)
}
