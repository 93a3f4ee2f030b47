/** Rows of vectors.f32, block by block, without those that are removed. */
import { ClaraError, messageOf } from '../../errors.js'
import { type CheckedFile, CheckedReader } from '../checked-file.js'
import { firstNotBelow } from './ascending.js'
import { boundsOf, codeRows, type RowBounds, type RowCodes } from './codes.js'
import { GROUP } from './graphs.js'
import type { Store } from './query-search.js'

/** A block's scores for BLOCK_QUERIES queries stay in a core's cache; larger ones were no faster. */
export const BLOCK_ROWS = 2048
/** A GPU is filled by larger ones. */
export const DEVICE_BLOCK_ROWS = 32_768

export interface RowSource {
  file: CheckedFile
  dims: number
  /** Of rows `first` … `end` - 1. */
  first: number
  end: number
  /** Row numbers, ascending. */
  removed: Uint32Array
  /** Keep in memory what was read. */
  resident: boolean
  /** Of a block; a multiple of GROUP. */
  blockRows: number
}

export interface RowBlock {
  /** [count, dims], then rows of zeros up to a multiple of GROUP. */
  vectors: Float32Array
  /** Row numbers, ascending. */
  ids: Int32Array
  /** Of its first row in the store. */
  slot: number
  bounds: RowBounds
  /** Made when they are first asked for. */
  codes(): RowCodes
  hasCodes(): boolean
}

export interface RowBlocks {
  /** What the blocks are parts of. */
  store: Store
  /** Each is valid until the next is asked for, unless they are resident. */
  all(): Generator<RowBlock>
}

/** @throws ClaraError `index` where the file is missing or of another size; reading may throw it, too. */
export function openRowBlocks(source: RowSource): RowBlocks {
  const { file, dims, first, end, resident, blockRows } = source
  const reader = new CheckedReader(file) // closed with the thread
  const room = Math.ceil((resident ? end - first : Math.min(blockRows, end - first)) / GROUP) * GROUP
  const store = { vectors: new Float32Array(room * dims), ids: new Int32Array(room) }
  const kept: RowBlock[] = []
  const bounds: RowBounds[] = []
  return {
    store,
    *all() {
      for (let start = first, i = 0; start < end; start += blockRows, i++) {
        const slot = resident ? start - first : 0
        const block = kept[i] ?? readBlock(source, reader, store, { start, slot }, bounds[i])
        bounds[i] = block.bounds
        if (resident) kept[i] = block
        if (block.ids.length > 0) yield block
      }
    },
  }
}

function readBlock(
  { file, dims, end, removed, blockRows }: RowSource,
  reader: CheckedReader,
  store: Store,
  { start, slot }: { start: number; slot: number },
  known: RowBounds | undefined,
): RowBlock {
  const rows = Math.min(blockRows, end - start)
  const space = store.vectors.subarray(slot * dims, (slot + Math.ceil(rows / GROUP) * GROUP) * dims)
  reader.read(new Uint8Array(space.buffer, space.byteOffset, rows * dims * 4), start * dims * 4)
  const ids = keepLive(space, dims, { start, rows }, removed)
  store.ids.set(ids, slot)
  const vectors = space.subarray(0, Math.ceil(ids.length / GROUP) * GROUP * dims).fill(0, ids.length * dims)
  const bounds = known ?? finiteBounds(vectors, dims, file.path)
  let codes: RowCodes | undefined
  return {
    vectors,
    ids,
    slot,
    bounds,
    codes() {
      codes ??= codeRows(vectors, dims, bounds)
      return codes
    },
    hasCodes: () => codes !== undefined,
  }
}

function finiteBounds(vectors: Float32Array, dims: number, path: string): RowBounds {
  try {
    return boundsOf(vectors, dims)
  } catch (error) {
    throw new ClaraError('index', `${path}: a ${messageOf(error)}: build the index anew`)
  }
}

/** Moves them together. @returns their row numbers. */
function keepLive(
  vectors: Float32Array,
  dims: number,
  { start, rows }: { start: number; rows: number },
  removed: Uint32Array,
): Int32Array {
  const ids = new Int32Array(rows)
  let next = firstNotBelow(removed, start)
  let live = 0
  for (let row = 0; row < rows; row++) {
    if (removed[next] === start + row) {
      next++
      continue
    }
    if (live !== row) vectors.copyWithin(live * dims, row * dims, (row + 1) * dims)
    ids[live++] = start + row
  }
  return ids.subarray(0, live)
}
