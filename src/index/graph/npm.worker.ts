/** The thread that owns a USearch index: every call of its binding blocks. */
import { closeSync, openSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { BatchMatches, type MetricKind, type ScalarKind, Index as UsearchIndex } from 'usearch'
import { ClaraError, messageOf } from '../../errors.js'
import { digestFile } from '../../files/durable-file.js'
import { Moved, serve } from '../../files/worker-thread.js'
import type { CheckedFile } from '../checked-file.js'
import type { Exclusions, GraphFiles, GraphSearch, GraphShape } from '../graph.js'
import type { Ranked } from '../rank.js'
import { CONNECTIVITY, checkGraphFile } from './file.js'
import { type Candidates, ranker } from './ranker.js'

type Slice = Omit<GraphSearch, 'exclude'> & { exclude: Exclusions | undefined }

const EXPANSION_ADD = 128
const NO_BLOCKS = new Uint8Array()
/** Of one call of the binding, which gives back that many keys and distances. */
const MOST_RESULTS = 1 << 20

let graph: UsearchIndex
let shapeOf: GraphShape
let dims: number
let rows = 0
let threads = 1
let rank: ReturnType<typeof ranker>

/**
 * The binding sets no expansion after construction, but a search keeps max(expansion, wanted)
 * candidates (search() in usearch/index.hpp): with the least expansion, `wanted` is the expansion.
 */
function create(shape: GraphShape): void {
  shapeOf = shape
  dims = shape.dims
  graph = new UsearchIndex({
    dimensions: dims,
    metric: shape.metric as MetricKind,
    quantization: shape.precision as ScalarKind,
    connectivity: CONNECTIVITY,
    expansion_add: EXPANSION_ADD,
    expansion_search: 1,
    multi: false,
  })
}

async function load(file: CheckedFile, shape: GraphShape & { rows: number }): Promise<void> {
  await checkGraphFile(file, shape)
  create(shape)
  graph.load(file.path)
  rows = shape.rows
}

const methods = {
  async create({
    shape,
    from,
  }: {
    shape: GraphShape
    from: { graph: CheckedFile; rows: number } | undefined
  }) {
    if (!from) return create(shape)
    await load(from.graph, { ...shape, rows: from.rows })
    useOneContext()
  },
  /** Adds rows [n, dims] under the next keys. */
  add(vectors: Float32Array): void {
    const keys = BigUint64Array.from({ length: vectors.length / dims }, (_, i) => BigInt(rows + i))
    graph.add(keys, vectors, 1)
    rows += keys.length
  },
  /** Writes the graph to a new file. The binding neither syncs nor hashes: the caller does. */
  async save(path: string): Promise<void> {
    try {
      closeSync(openSync(path, 'wx')) // the binding would write over one that is there
      graph.save(path)
      // The binding does not see it where the last bytes, written as it closes the file, have no room.
      await checkGraphFile({ path, ...(await digestFile(path)), blocks: NO_BLOCKS }, { ...shapeOf, rows })
    } catch (error) {
      throw new ClaraError('io', `${path}: cannot be written: ${messageOf(error)}`, { cause: error })
    }
  },
  /** Reads the graph only once hash and structure are right: the binding crashes on damaged files. */
  async load(args: {
    files: GraphFiles
    shape: GraphShape & { rows: number }
    threads: number
    removed: Uint32Array | undefined
  }): Promise<void> {
    rank = ranker(args.files.vectors, args.shape, args.removed ?? new Uint32Array())
    threads = Math.min(args.threads, availableParallelism())
    await load(args.files.graph, args.shape)
  },
  search({ queries, k, expansion, exclude }: Slice): Moved<Ranked> {
    const count = queries.length / dims
    const ranked: Ranked = {
      k,
      ids: new Int32Array(count * k).fill(-1),
      scores: new Float32Array(count * k).fill(Number.NEGATIVE_INFINITY),
    }
    const wanted = Array.from({ length: count }, (_, q) =>
      Math.min(rows, Math.max(expansion, rank.wanted(k, excluded(exclude, q).length))),
    )
    while (wanted.some((n) => n > 0)) {
      for (const [n, members] of groups(wanted)) {
        const found = candidates(queries, members, n)
        members.forEach((q, i) => {
          const query = queries.subarray(q * dims, (q + 1) * dims)
          const best = rank.best(query, found[i]!, excluded(exclude, q), k)
          // Too many of them were left out: look further, unless the graph reaches no more.
          const isShort = best.ids.length < k && found[i]!.rows.length === n && n < rows
          wanted[q] = isShort ? Math.min(rows, n * 4) : 0
          if (isShort) return
          ranked.ids.set(best.ids, q * k)
          ranked.scores.set(best.scores, q * k)
        })
      }
    }
    return new Moved(ranked, [ranked.ids.buffer, ranked.scores.buffer] as ArrayBuffer[])
  },
}

/** Queries that want as many candidates, together; no group asks for more than MOST_RESULTS. */
function groups(wanted: number[]): [number, number[]][] {
  const open = new Map<number, number[]>()
  const all: [number, number[]][] = []
  wanted.forEach((n, q) => {
    if (n === 0) return
    const group = open.get(n)
    if (group && (group.length + 1) * n <= MOST_RESULTS) group.push(q)
    else {
      const members = [q]
      open.set(n, members)
      all.push([n, members])
    }
  })
  return all
}

/** The n nearest rows of each query, by the graph. */
function candidates(queries: Float32Array, members: number[], n: number): Candidates[] {
  const batch = new Float32Array(members.length * dims)
  members.forEach((q, i) => {
    batch.set(queries.subarray(q * dims, (q + 1) * dims), i * dims)
  })
  const found = graph.search(batch, n, threads)
  return members.map((_, i) => {
    const { keys, distances } = found instanceof BatchMatches ? found.get(i) : found
    // The low halves of 64 bits, least significant first: keys are row numbers under 2^31.
    const halves = new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2)
    return { rows: Int32Array.from(keys, (_, j) => halves[j * 2]!), distances }
  })
}

function excluded(exclude: Exclusions | undefined, q: number): Uint32Array {
  return exclude ? exclude.rows.subarray(exclude.offsets[q]!, exclude.offsets[q + 1]!) : new Uint32Array()
}

/**
 * After `load` the binding has a context for each core, takes them in turn, and each draws levels
 * of its own: the graph would depend on the machine. An `add` over twice the capacity makes it one
 * context, before it finds that row 0 is there already and adds nothing. The rows are never touched:
 * untouched zeros take no memory.
 */
function useOneContext(): void {
  const over = 2 ** (Math.ceil(Math.log2(rows)) + 1) - rows
  try {
    graph.add(new BigUint64Array(over), new Float32Array(over * dims), 1)
  } catch (error) {
    if (!messageOf(error).includes('Duplicate keys')) throw error
  }
  if (graph.size() !== rows) throw new Error(`${graph.size()} rows in the graph, expected ${rows}`)
}

serve(methods)

export type NpmGraphMethods = typeof methods
