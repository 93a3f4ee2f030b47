/** What the C++ addon of native/ has for the index. */
import { type Addon, loadAddon } from '../../runtime/addon.js'
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

/** The addon with its types. */
export function nativeAddon(): { addon: NativeAddon; from: string } | { missing: string } {
  return loadAddon() as { addon: Addon & NativeAddon; from: string } | { missing: string }
}
