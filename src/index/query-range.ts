/** Some of the queries of a search, with what is excluded for them. */
import type { Exclusions } from './graph.js'

export interface Queries {
  /** Row-major [queries, dims]. */
  queries: Float32Array
  exclude?: Exclusions
}

/** Queries `first` … `end` - 1. */
export function queryRange<T extends Queries>(all: T, dims: number, first: number, end: number): T {
  const queries = all.queries.slice(first * dims, end * dims) // a view would take the whole buffer to a thread
  return all.exclude
    ? { ...all, queries, exclude: exclusionRange(all.exclude, first, end) }
    : { ...all, queries }
}

function exclusionRange({ offsets, rows }: Exclusions, first: number, end: number): Exclusions {
  const [from, to] = [offsets[first]!, offsets[end]!]
  return { offsets: offsets.slice(first, end + 1).map((offset) => offset - from), rows: rows.slice(from, to) }
}
