/** Scores that are nearly right -> candidates. */
import { GROUP } from './graphs.js'
import type { QuerySearch } from './query-search.js'
import type { RowBlock } from './row-blocks.js'
import { kthLargest } from './select.js'
import { UNKNOWN } from './top.js'

/** Of a block of rows and a block of queries. */
export interface Scored {
  /** [rows, queries] */
  scores: Float32Array | Int32Array
  /** The best of each GROUP rows: [rows / GROUP, queries]. */
  best: Float32Array | Int32Array
  /** The score of query q is `factor[q]` times what stands here, give or take `margin[q]`. */
  factor: Float64Array
  margin: Float64Array
}

/**
 * Adds each row that can be among the best of a query.
 * @param from the group of rows to begin with.
 * @param most how many candidates may be added before it stops.
 * @returns how many were added, and the group that would have been next.
 */
export function gather(
  { ids, slot }: RowBlock,
  scored: Scored,
  searches: QuerySearch[],
  { from, most }: { from: number; most: number },
): { added: number; group: number } {
  const { scores, best, factor, margin } = scored
  const queries = searches.length
  const least = new Float64Array(queries)
  const aim = (q: number) => {
    least[q] = (searches[q]!.bound - margin[q]!) / factor[q]!
  }
  for (let q = 0; q < queries; q++) {
    searches[q]!.catchUp()
    if (searches[q]!.bound === UNKNOWN) raiseBound(scored, q, ids.length, searches[q]!, queries)
    aim(q)
  }
  let added = 0
  let group = from
  for (; group * GROUP < ids.length && added <= most; group++) {
    const end = Math.min(ids.length, (group + 1) * GROUP)
    const at = group * queries
    for (let q = 0; q < queries; q++) {
      if (best[at + q]! < least[q]!) continue
      const search = searches[q]!
      for (let row = group * GROUP; row < end; row++) {
        const score = scores[row * queries + q]!
        if (score < least[q]!) continue // what cannot be compared (NaN) goes on
        search.add(slot + row, score * factor[q]! + margin[q]!, 2 * margin[q]!)
        added++
      }
      aim(q)
    }
  }
  return { added, group }
}

let sorting = new Float64Array(0)

/** Before k rows are known: what is worse than k others is not among the best. */
function raiseBound(
  { best, scores, factor, margin }: Scored,
  q: number,
  rows: number,
  search: QuerySearch,
  queries: number,
): void {
  const rank = search.k + search.excluded.length
  const groups = Math.floor(rows / GROUP) // rows of zeros may fill up the last one
  if (rank > rows) return
  // The best rows of as many groups are such rows, and soon found.
  const [values, count] = rank <= groups ? [best, groups] : [scores, rows]
  if (sorting.length < count) sorting = new Float64Array(count)
  for (let i = 0; i < count; i++) sorting[i] = values[i * queries + q]!
  const kth = kthLargest(sorting.subarray(0, count), rank)
  search.raise(kth * factor[q]! - margin[q]!)
}
