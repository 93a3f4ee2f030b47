/** Exact top-k: every row is compared, by ONNX Runtime in threads of its own. */
import { startWorker, type WorkerThread } from '../files/worker-thread.js'
import type { Device } from '../inference/device.js'
import type { CheckedFile } from './checked-file.js'
import { SharedBounds } from './exact/bounds.js'
import type { ExactMethods } from './exact/exact.worker.js'
import { GROUP } from './exact/graphs.js'
import { BLOCK_ROWS, DEVICE_BLOCK_ROWS } from './exact/row-blocks.js'
import type { Exclusions, Metric } from './graph.js'
import { requireExclusions, requireVectors } from './graph-input.js'
import { queryRange } from './query-range.js'
import { copyRanked, emptyRanked, mergeRanked, type Ranked } from './rank.js'
import { requireVectorFile } from './vectors.js'

/** Rows stay in memory while they fit in this, codes included; larger files are read at each search. */
export const RESIDENT_BYTES = 256 * 2 ** 20
/** float32 and a byte. */
const VALUE_BYTES = 5
/** Queries of one pass over the rows: what a pass holds does not grow with the request. */
const PASS_QUERIES = 1024
/** Results that a pass holds, at most. */
const PASS_RESULTS = 1 << 22

const CPU: Device = { provider: 'cpu', id: 0 }

export interface ExactSearch {
  /** Finite, row-major [queries, dims]. */
  queries: Float32Array
  k: number
  exclude?: Exclusions
}

export interface Exact {
  /** The k best by inner product, ties by row; id -1 and score -Infinity where there are fewer rows. */
  search(args: ExactSearch): Promise<Ranked>
  close(): Promise<void>
}

export interface ExactOptions {
  threads: number
  /** Rows that are never found, ascending. */
  removed?: Uint32Array
  /** Where the models run; `cuda` scores there first, all others on the CPU. */
  device?: Device
  /** Go about it as on a GPU, whatever the device. */
  asOnGpu?: boolean
  /** Memory for rows; RESIDENT_BYTES unless said otherwise. */
  residentBytes?: number
}

/**
 * Neither results nor scores depend on the threads, nor on what fits in memory.
 * @throws ClaraError `index` where the file is missing or of another size; `search` also where it is damaged.
 */
export async function openExact(
  vectors: CheckedFile,
  shape: { dims: number; rows: number; metric: Metric },
  {
    threads,
    removed = new Uint32Array(),
    residentBytes = RESIDENT_BYTES,
    device = CPU,
    asOnGpu,
  }: ExactOptions,
): Promise<Exact> {
  const { dims, rows } = shape
  requireVectorFile(vectors, shape)
  const resident = rows * dims * VALUE_BYTES <= residentBytes
  const gpu = device.provider === 'cuda' || asOnGpu ? device : undefined
  const blockRows = gpu ? DEVICE_BLOCK_ROWS : BLOCK_ROWS
  const shared = { file: vectors, dims, removed, resident, blockRows, device: gpu }
  const workers = await startWorkers(
    cutRows(rows, gpu ? 1 : threads).map((share) => ({ ...shared, ...share })),
  )
  const pass = async ({ queries, k, exclude }: ExactSearch): Promise<Ranked> => {
    const bounds = SharedBounds.create(queries.length / dims).buffer
    const found = await Promise.all(
      workers.map((worker) => worker.call('search', { queries, k, exclude, bounds })),
    )
    return mergeRanked(found)
  }
  return {
    async search(args) {
      requireVectors(args.queries, dims)
      const count = args.queries.length / dims
      if (!Number.isSafeInteger(args.k) || args.k < 1)
        throw new RangeError(`k is ${args.k}, expected 1 or more`)
      if (args.exclude) requireExclusions(args.exclude, count, rows)
      const ranked = emptyRanked(count, args.k)
      const k = Math.min(args.k, rows) // no more can be found
      const step = Math.max(1, Math.min(PASS_QUERIES, Math.floor(PASS_RESULTS / k)))
      for (let first = 0; first < count; first += step) {
        const end = Math.min(count, first + step)
        const found = await pass(queryRange({ ...args, k }, dims, first, end))
        copyRanked(found, ranked, first)
      }
      return ranked
    },
    close: () => closeAll(workers),
  }
}

type ExactWorker = WorkerThread<ExactMethods>

/** All of them, or none where one cannot open its rows. */
async function startWorkers(shares: Parameters<ExactMethods['open']>[0][]): Promise<ExactWorker[]> {
  const workers = shares.map((_, i) =>
    startWorker<ExactMethods>(new URL('./exact/exact.worker.js', import.meta.url), `exact search ${i}`),
  )
  try {
    await Promise.all(workers.map((worker, i) => worker.call('open', shares[i]!)))
    return workers
  } catch (error) {
    await closeAll(workers)
    throw error
  }
}

async function closeAll(workers: ExactWorker[]): Promise<void> {
  await Promise.all(workers.map((worker) => worker.close()))
}

/** As many rows for each thread, in whole groups, unless there are too few to be worth a thread. */
function cutRows(rows: number, threads: number): { first: number; end: number }[] {
  const count = Math.max(1, Math.min(threads, Math.ceil(rows / BLOCK_ROWS)))
  const at = (i: number) => Math.min(rows, Math.ceil((rows * i) / count / GROUP) * GROUP)
  return Array.from({ length: count }, (_, i) => ({ first: at(i), end: at(i + 1) }))
}
