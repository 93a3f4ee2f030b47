/** Which texts run together: alike in length, so that hardly a token is padding. */
import { type Encodings, encodedLength } from './encoding.js'
import type { Batch } from './session.worker.js'

/**
 * Padded tokens a run. Small runs stay in the cache: 256 to 512 are equally fast on one thread,
 * 1,024 loses 4% (models/recipe/README.md).
 */
export const TOKEN_BUDGET = 512

/**
 * Indices of the texts of each run, the longest first.
 * The plan depends on the lengths alone.
 */
export function planBatches(encodings: Encodings, budget = TOKEN_BUDGET): number[][] {
  const count = encodings.starts.length - 1
  const order = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => encodedLength(encodings, b) - encodedLength(encodings, a) || a - b,
  )
  const batches: number[][] = []
  for (const index of order) {
    const current = batches.at(-1)
    const width = current ? encodedLength(encodings, current[0]!) : 0
    if (current && width * (current.length + 1) <= budget) current.push(index)
    else batches.push([index])
  }
  return batches
}

export function fillBatch(encodings: Encodings, indices: number[]): Batch {
  const width = encodedLength(encodings, indices[0]!)
  const ids = new Int32Array(indices.length * width)
  const lengths = Int32Array.from(indices, (i) => encodedLength(encodings, i))
  indices.forEach((index, row) => {
    ids.set(encodings.ids.subarray(encodings.starts[index]!, encodings.starts[index + 1]!), row * width)
  })
  return { ids, lengths, width }
}
