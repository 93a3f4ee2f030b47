/** The engine of the usearch package: a thread that holds the whole graph in memory. */
import { startWorker } from '../../files/worker-thread.js'
import type {
  Graph,
  GraphBuilder,
  GraphBuilderOptions,
  GraphEngine,
  GraphFiles,
  GraphOptions,
  GraphShape,
} from '../graph.js'
import { queryRange } from '../query-range.js'
import type { Ranked } from '../rank.js'
import type { NpmGraphMethods } from './npm.worker.js'

/** Work goes to the thread in slices, so that it can be closed between two of them. */
const SLICE_ROWS = 256
const SLICE_QUERIES = 64

export const npmEngine: GraphEngine = { createGraph, openGraph }

function start() {
  return startWorker<NpmGraphMethods>(new URL('./npm.worker.js', import.meta.url), 'usearch')
}

/** One thread whatever is asked for: with two, usearch builds another graph each time. */
async function createGraph(shape: GraphShape, { from }: GraphBuilderOptions): Promise<GraphBuilder> {
  const worker = start()
  try {
    await worker.call('create', { shape, from })
  } catch (error) {
    await worker.close()
    throw error
  }
  let tail = Promise.resolve()
  /** One call after the other, though they may come at once; none after one that failed. */
  const inTurn = (run: () => Promise<void>): Promise<void> => {
    tail = tail.then(run)
    tail.catch(() => {}) // seen by the caller
    return tail
  }
  return {
    engine: 'npm',
    add: (vectors) =>
      inTurn(async () => {
        const step = SLICE_ROWS * shape.dims
        for (let i = 0; i < vectors.length; i += step) {
          const slice = vectors.slice(i, i + step)
          await worker.call('add', slice, [slice.buffer])
        }
      }),
    save: (path) => inTurn(() => worker.call('save', path)),
    close: worker.close,
  }
}

async function openGraph(
  files: GraphFiles,
  shape: GraphShape & { rows: number },
  { threads, removed }: GraphOptions,
): Promise<Graph> {
  const worker = start()
  try {
    await worker.call('load', { files, shape, threads, removed })
  } catch (error) {
    await worker.close()
    throw error
  }
  return {
    engine: 'npm',
    async search(args) {
      const { k, expansion } = args
      const count = args.queries.length / shape.dims
      const ranked: Ranked = { k, ids: new Int32Array(count * k), scores: new Float32Array(count * k) }
      for (let q = 0; q < count; q += SLICE_QUERIES) {
        const { queries, exclude } = queryRange(args, shape.dims, q, Math.min(q + SLICE_QUERIES, count))
        const found = await worker.call('search', { queries, k, expansion, exclude }, [queries.buffer])
        ranked.ids.set(found.ids, q * k)
        ranked.scores.set(found.scores, q * k)
      }
      return ranked
    },
    close: worker.close,
  }
}
