/** Some of the queries of a search, with what is excluded for them. */
import type { Exclusions } from './graph.js'

interface Queries {
  /** Row-major [queries, dims]. */
  queries: Float32Array
  exclude?: Exclusions
}

/** Queries `first` … `end` - 1. */
export function queryRange<T extends Queries>(
  all: T,
  dims: number,
  first: number,
  end: number,
): T & { queries: Float32Array<ArrayBuffer> } {
  const queries = all.queries.slice(first * dims, end * dims) // a view would take the whole buffer to a thread
  return all.exclude
    ? { ...all, queries, exclude: exclusionRange(all.exclude, first, end) }
    : { ...all, queries }
}

/** The queries at these places. */
export function pickQueries<T extends Queries>(all: T, dims: number, places: number[]): T {
  const queries = new Float32Array(places.length * dims)
  for (const [i, q] of places.entries()) queries.set(all.queries.subarray(q * dims, (q + 1) * dims), i * dims)
  return all.exclude ? { ...all, queries, exclude: pickExclusions(all.exclude, places) } : { ...all, queries }
}

function pickExclusions({ offsets, rows }: Exclusions, places: number[]): Exclusions {
  const lists = places.map((q) => Array.from(rows.subarray(offsets[q]!, offsets[q + 1]!)))
  const ends = [0]
  for (const list of lists) ends.push(ends.at(-1)! + list.length)
  return { offsets: Uint32Array.from(ends), rows: Uint32Array.from(lists.flat()) }
}

function exclusionRange({ offsets, rows }: Exclusions, first: number, end: number): Exclusions {
  const [from, to] = [offsets[first]!, offsets[end]!]
  return { offsets: offsets.slice(first, end + 1).map((offset) => offset - from), rows: rows.slice(from, to) }
}
