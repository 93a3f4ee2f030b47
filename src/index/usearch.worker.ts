/**
 * The thread that owns a USearch index: every call of its binding blocks. Vectors come in whole
 * and stay beside the graph, so that what the graph finds is ranked by full-precision scores.
 */
import { open } from 'node:fs/promises'
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
const VALUE_BYTES: Record<Precision, number> = { f32: 4, bf16: 2, i8: 1 }

let graph: UsearchIndex
let vectors: Float32Array
let dims: number
let count = 0

function createGraph(options: { dims: number; precision: Precision }): void {
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
  create: createGraph,
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
    createGraph(args)
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
    await requireShape(args.graph.path, args.precision)
    graph.load(args.graph.path)
  },
  /** The k nearest of each query row, best first, ties by key. */
  search(args: { queries: Float32Array; k: number; exact: boolean }): Moved<Ranked> {
    const { queries, exact } = args
    const k = Math.min(args.k, count)
    const rows = queries.length / dims
    const ranked: Ranked = { k, ids: new Int32Array(rows * k), scores: new Float32Array(rows * k) }
    for (let row = 0; row < rows; row++) {
      const query = queries.slice(row * dims, (row + 1) * dims)
      const near = exact || k >= count * EXACT_SHARE ? undefined : fromGraph(query, k)
      const best = near ? rescore(query, vectors, near, k) : exactTop(query, vectors, k)
      ranked.ids.set(best.ids, row * k)
      ranked.scores.set(best.scores, row * k)
    }
    return new Moved(ranked, [ranked.ids.buffer, ranked.scores.buffer] as ArrayBuffer[])
  },
}

/** Chunks near the query, or undefined where the graph reaches fewer than k, as among equal vectors. */
function fromGraph(query: Float32Array, k: number): ArrayLike<number> | undefined {
  const { keys } = graph.search(query, Math.min(k * OVERFETCH, count), 1)
  return keys.length < k ? undefined : Int32Array.from(keys, Number)
}

/** A graph file begins with its vectors: their number and the bytes of one, 32 bits each. */
async function requireShape(path: string, precision: Precision): Promise<void> {
  const head = new DataView(new ArrayBuffer(8))
  const file = await open(path)
  try {
    await file.read(head, 0, 8, 0)
  } finally {
    await file.close()
  }
  const found = { count: head.getUint32(0, true), width: head.getUint32(4, true) }
  const width = dims * VALUE_BYTES[precision]
  if (found.count === count && found.width === width) return
  throw new ClaraError(
    'index',
    `${path}: holds ${found.count} vectors of ${found.width} bytes, the manifest says ${count} of ${width}`,
  )
}

serve(methods)

export type UsearchMethods = typeof methods
