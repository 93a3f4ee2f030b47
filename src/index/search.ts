/** One search for two ways of searching: every row, or the graph. */

import type { Device } from '../inference/device.js'
import { compareSeconds, exactSeconds, graphSeconds } from './cost.js'
import { type Exact, type ExactSearch, openExact } from './exact.js'
import type { Exclusions, Graph, GraphFiles, GraphShape } from './graph.js'
import type { RecallRecord } from './manifest.js'
import { pickQueries } from './query-range.js'
import { copyRanked, emptyRanked, type Ranked, rankedOf } from './rank.js'
import { expansionFor } from './recall.js'

export const METHODS = ['auto', 'exact', 'graph'] as const
export type Method = (typeof METHODS)[number]

/** As long as exact search takes no longer, it is preferred: nothing escapes it. */
const EXACT_SECONDS = 2
/** A query that wants this share of the index, or more, is answered by reading all of it. */
const EXACT_SHARE = 0.25

interface Plan {
  method: 'exact' | 'graph'
  /** Predicted, on the machine of cost.ts. */
  seconds: number
  why: string
}

export interface Found extends Ranked {
  method: 'exact' | 'graph'
  plan: Plan
}

export interface SearchOptions {
  method?: Method
  exclude?: Exclusions
}

interface Planned {
  /** Without those that are removed. */
  rows: number
  dims: number
  queries: number
  k: number
  recall: RecallRecord | null
}

/** Depends on nothing but the index and the request, so that every run takes the same way. */
export function planSearch(request: Planned, method: Method): Plan {
  const exact = exactSeconds(request)
  const graph = graphSeconds({ ...request, expansion: expansionFor(request.recall, request.k) })
  const plan = (chosen: 'exact' | 'graph', why: string): Plan => ({
    method: chosen,
    seconds: chosen === 'exact' ? exact : graph,
    why,
  })
  if (method !== 'auto') return plan(method, 'asked for')
  if (request.k >= request.rows * EXACT_SHARE) return plan('exact', 'a large share of the index is wanted')
  if (exact <= EXACT_SECONDS) return plan('exact', 'it is fast enough')
  return exact <= graph
    ? plan('exact', 'it is no slower')
    : plan('graph', 'comparing with all rows would take longer')
}

interface SearchedIndex {
  files: GraphFiles
  shape: GraphShape & { rows: number }
  /** Ascending. */
  removed: Uint32Array
  graph: Graph
  recall: RecallRecord | null
  threads: number
  /** Of exact search. */
  device?: Device | undefined
}

interface Searcher {
  /**
   * The k nearest rows of each query, best first, ties by row; fewer where the index is smaller,
   * id -1 and score -Infinity where what is excluded leaves fewer.
   */
  search(queries: Float32Array, k: number, options?: SearchOptions): Promise<Found>
  /** The graph's, too. */
  close(): Promise<void>
}

/** Exact search is opened when it is first needed: its threads and rows cost memory. */
export function createSearcher({
  files,
  shape,
  removed,
  graph,
  recall,
  threads,
  device,
}: SearchedIndex): Searcher {
  const { dims } = shape
  const rows = shape.rows - removed.length
  let opening: Promise<Exact> | undefined
  const exact = () => {
    opening ??= openExact(files.vectors, shape, { threads, removed, ...(device && { device }) })
    return opening
  }
  /** Two ways to the same results, to the last bit; the second is for many rows, or few results. */
  const compare = async (request: ExactSearch, count: number) => {
    const { k } = request
    const isNear = (device?.provider ?? 'cpu') === 'cpu'
    const all =
      compareSeconds({ ...shape, queries: count, k }) <= exactSeconds({ ...shape, queries: count, k })
    return graph.searchAll && isNear && all ? graph.searchAll(request) : (await exact()).search(request)
  }
  return {
    async search(queries, wanted, { method = 'auto', exclude } = {}) {
      const k = Math.min(wanted, rows)
      const count = queries.length / dims
      const plan = planSearch({ rows, dims, queries: count, k, recall }, method)
      if (k === 0) return { ...emptyRanked(count, 0), method: plan.method, plan }
      const request = { queries, k, ...(exclude && { exclude }) }
      if (plan.method === 'exact') return { ...(await compare(request, count)), method: 'exact', plan }
      const found = await graph.search({
        ...request,
        expansion: Math.min(shape.rows, expansionFor(recall, k)),
      })
      const short = shortOf(found)
      if (short.length > 0) {
        const whole = await (await exact()).search(pickQueries(request, dims, short))
        for (const [i, q] of short.entries()) copyRanked(rankedOf(whole, i), found, q)
      }
      return { ...found, method: 'graph', plan }
    },
    async close() {
      const opened = await opening?.catch(() => undefined)
      await Promise.all([graph.close(), opened?.close()])
    },
  }
}

/** Queries for which the graph reached fewer rows than were wanted. */
function shortOf({ ids, k }: Ranked): number[] {
  const queries = Array.from({ length: ids.length / k }, (_, q) => q)
  return queries.filter((q) => ids[(q + 1) * k - 1] === -1)
}
