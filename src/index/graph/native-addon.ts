/** The C++ addon of native/: the one built here, else the one that was shipped. */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../../errors.js'
import type { Metric, Precision } from '../graph.js'

/** Handles are opaque; arrays that are passed must not change before the promise is settled. */
export interface NativeAddon {
  /** Instructions that distances are computed with. */
  readonly kernels: string
  /** Whole vectors up to this are kept in memory, and can be compared with all at once. */
  readonly residentBytes: number
  createBuilder(dims: number, precision: Precision, metric: Metric, threads: number, expected: number): Handle
  builderResume(builder: Handle, path: string, bytes: number, blocks: Uint8Array, rows: number): Promise<void>
  builderAdd(builder: Handle, vectors: Float32Array, rows: number, dims: number): Promise<void>
  builderSave(builder: Handle, path: string): Promise<void>
  closeBuilder(builder: Handle): void
  openGraph(
    ...args: [
      ...graph: [path: string, bytes: number, blocks: Uint8Array],
      ...vectors: [path: string, bytes: number, blocks: Uint8Array],
      ...shape: [dims: number, precision: Precision, metric: Metric, rows: number],
      threads: number,
      removed: Uint8Array,
    ]
  ): Promise<Handle>
  search(
    ...args: [
      graph: Handle,
      queries: Float32Array,
      dims: number,
      k: number,
      /** 0: every row is compared. */
      expansion: number,
      ...exclude: [offsets: Uint32Array, rows: Uint32Array],
      ...out: [ids: Int32Array, scores: Float32Array],
    ]
  ): Promise<void>
  closeGraph(graph: Handle): void
  /** At once, on this thread: of the rows at the first `count` places of `vectors`, [rows, dims of the query]. */
  scoreRows(
    ...args: [
      query: Float32Array,
      vectors: Float32Array,
      places: Int32Array,
      count: number,
      scores: Float32Array,
    ]
  ): void
}

declare const handle: unique symbol
type Handle = { readonly [handle]: true }

const PLACES = ['build', `prebuilds/${process.platform}-${process.arch}`]

let loaded: { addon: NativeAddon; from: string } | { missing: string } | undefined

/** Looked for once. */
export function nativeAddon(): { addon: NativeAddon; from: string } | { missing: string } {
  loaded ??= load()
  return loaded
}

function load(): { addon: NativeAddon; from: string } | { missing: string } {
  const require = createRequire(import.meta.url)
  const tried: string[] = []
  for (const place of PLACES) {
    const path = fileURLToPath(new URL(`../../../native/${place}/clara-index.node`, import.meta.url))
    try {
      return { addon: current(require(path)), from: `native/${place}` }
    } catch (error) {
      tried.push(`native/${place}: ${reasonOf(error)}`)
    }
  }
  return { missing: `no addon could be loaded (${tried.join('; ')})` }
}

/** One built from a checkout before this has not all that is called. */
function current(addon: NativeAddon): NativeAddon {
  if (typeof addon.scoreRows === 'function') return addon
  throw new Error('built from older sources: npm run build:native')
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return 'not there'
  return messageOf(error).split('\n')[0]!
}
