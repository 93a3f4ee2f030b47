/** What a graph is given, checked before it reaches native code. */
import type { Exclusions, GraphSearch } from './graph.js'

/** @throws RangeError unless they are whole rows of finite numbers. */
export function requireVectors(vectors: Float32Array, dims: number): void {
  if (vectors.length % dims !== 0) {
    throw new RangeError(`${vectors.length} values are no whole number of rows of ${dims}`)
  }
  // A NaN is nearer than everything else in comparisons that ask for "not farther".
  for (let i = 0; i < vectors.length; i++) {
    if (Number.isFinite(vectors[i])) continue
    throw new RangeError(`row ${Math.floor(i / dims)} has a value that is not finite`)
  }
}

/** @returns the number of queries. */
export function requireSearch({ queries, k, expansion }: GraphSearch, dims: number): number {
  requireVectors(queries, dims)
  for (const [name, value] of Object.entries({ k, expansion })) {
    if (Number.isSafeInteger(value) && value > 0) continue
    throw new RangeError(`${name} is ${value}, expected a whole number from 1 up`)
  }
  return queries.length / dims
}

/** @throws RangeError unless there is a range for each query, and each row is one of the index. */
export function requireExclusions({ offsets, rows }: Exclusions, queries: number, count: number): void {
  const ascending = offsets.every((offset, i) => offset >= (i === 0 ? 0 : offsets[i - 1]!))
  if (offsets.length !== queries + 1 || !ascending || offsets[queries]! > rows.length) {
    throw new RangeError(`the offsets of the exclusions are no ${queries} ranges of ${rows.length} rows`)
  }
  const beyond = rows.find((row) => row >= count)
  if (beyond !== undefined) throw new RangeError(`row ${beyond} is excluded, the index has ${count}`)
}
