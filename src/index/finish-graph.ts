/** What is still to be found out when a graph is whole and its manifest is not yet written. */
import type { CheckedFile } from './checked-file.js'
import type { GraphShape } from './graph.js'
import type { RecallRecord } from './manifest.js'

export interface FinishedGraph {
  /** Both on disk, not yet under their last names. */
  graph: CheckedFile
  vectors: CheckedFile
  shape: GraphShape & { rows: number }
  /** Ascending. */
  removed: Uint32Array
  threads: number
}

/** Every build, add and compact comes through here, between its graph and its manifest. */
export async function finishGraph(_: FinishedGraph): Promise<RecallRecord | null> {
  return null
}
