/**
 * The thread that owns a USearch index: every call of its binding blocks. Vectors come in whole
 * and stay beside the graph, so that what the graph finds is ranked by full-precision scores.
 */
import { type MetricKind, type ScalarKind, Index as UsearchIndex } from 'usearch'
import { ClaraError, messageOf } from '../errors.js'
import { Moved, serve } from '../files/worker-thread.js'
import { checkIndexFile, type IndexFilePath, readIndexFile } from './index-files.js'
import type { Precision } from './manifest.js'
import { exactTop, type Ranked, rescore } from './rank.js'

const CONNECTIVITY = 16
const EXPANSION_ADD = 128
/** The graph is asked for so many times k, and the best k by full precision are kept. */
const OVERFETCH = 2
const EXPANSION_SEARCH = 256
/** A query that wants this share of the index, or more, is answered by reading all of it. */
const EXACT_SHARE = 0.25

let graph: UsearchIndex
let vectors: Float32Array
let dims: number
let count = 0

function open(options: { dims: number; precision: Precision }): void {
  dims = options.dims
  graph = new UsearchIndex({
    dimensions: dims,
    metric: 'cos' as MetricKind,
    quantization: options.precision as ScalarKind,
    connectivity: CONNECTIVITY,
    expansion_add: EXPANSION_ADD,
    expansion_search: EXPANSION_SEARCH,
    multi: false,
  })
}

const methods = {
  create: open,
  /** Adds rows [rows, dims] under the next keys. One thread: two would build another graph each time. */
  add(rows: Float32Array): void {
    const keys = BigUint64Array.from({ length: rows.length / dims }, (_, i) => BigInt(count + i))
    graph.add(keys, rows, 1)
    count += keys.length
  },
  /** Writes the graph. The binding neither syncs nor hashes: the caller does. */
  save(path: string): void {
    try {
      graph.save(path)
    } catch (error) {
      throw new ClaraError('io', `${path}: cannot be written: ${messageOf(error)}`, { cause: error })
    }
  },
  /** Reads graph and vectors, each only once its hash is right: the binding crashes on damaged files. */
  async load(args: {
    dims: number
    precision: Precision
    count: number
    graph: IndexFilePath
    vectors: IndexFilePath
  }): Promise<void> {
    open(args)
    count = args.count
    const data = await readIndexFile(args.vectors)
    if (data.byteLength !== count * dims * 4) {
      throw new ClaraError(
        'index',
        `${args.vectors.path}: ${data.byteLength} bytes, expected ${count} vectors of ${dims}`,
      )
    }
    vectors = new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))
    await checkIndexFile(args.graph)
    graph.load(args.graph.path)
    if (graph.size() !== count) {
      throw new ClaraError(
        'index',
        `${args.graph.path}: holds ${graph.size()} vectors, the manifest says ${count}`,
      )
    }
  },
  /** The k nearest of each query row, best first, ties by key. */
  search(args: { queries: Float32Array; k: number; exact: boolean }): Moved<Ranked> {
    const { queries, exact } = args
    const k = Math.min(args.k, count)
    const rows = queries.length / dims
    const ranked: Ranked = { k, ids: new Int32Array(rows * k), scores: new Float32Array(rows * k) }
    for (let row = 0; row < rows; row++) {
      const query = queries.slice(row * dims, (row + 1) * dims)
      const best =
        exact || k >= count * EXACT_SHARE
          ? exactTop(query, vectors, k)
          : rescore(query, vectors, fromGraph(query, k * OVERFETCH), k)
      ranked.ids.set(best.ids, row * k)
      ranked.scores.set(best.scores, row * k)
    }
    return new Moved(ranked, [ranked.ids.buffer, ranked.scores.buffer] as ArrayBuffer[])
  },
}

function fromGraph(query: Float32Array, k: number): ArrayLike<number> {
  const { keys } = graph.search(query, Math.min(k, count), 1)
  return Int32Array.from(keys, Number)
}

serve(methods)

export type UsearchMethods = typeof methods
