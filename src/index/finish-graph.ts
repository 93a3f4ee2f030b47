/** What is still to be found out when a graph is whole and its manifest is not yet written. */
import type { GraphFiles, GraphShape } from './graph.js'
import type { RecallRecord } from './manifest.js'
import { tuneFiles } from './recall.js'

export const DEFAULT_RECALL = 0.99
/** Of fewer rows all are read, whatever a graph may find: see planSearch. */
const TUNED_ROWS = 10_000
const SEED = 42

interface FinishedGraph extends GraphFiles {
  shape: GraphShape & { rows: number }
  /** Ascending. */
  removed: Uint32Array
  threads: number
  /** Asked for: then a small graph is tuned as well. */
  recall: number | undefined
}

/** Every build, add and compact comes through here, between its graph and its manifest. */
export async function finishGraph({
  graph,
  vectors,
  shape,
  removed,
  threads,
  recall,
}: FinishedGraph): Promise<RecallRecord | null> {
  if (recall === undefined && shape.rows - removed.length < TUNED_ROWS) return null
  const target = recall ?? DEFAULT_RECALL
  return tuneFiles({ graph, vectors }, shape, { removed, threads, target, seed: SEED })
}
