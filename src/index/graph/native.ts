/** The engine of native/: threads of its own, a file that is read as far as it is needed. */
import { ClaraError } from '../../errors.js'
import type {
  Exclusions,
  Graph,
  GraphBuilder,
  GraphBuilderOptions,
  GraphEngine,
  GraphFiles,
  GraphOptions,
  GraphSearch,
  GraphShape,
} from '../graph.js'
import type { Ranked } from '../rank.js'
import type { NativeAddon } from './native-addon.js'

const NO_ROWS = new Uint32Array(0)

export function nativeEngine(addon: NativeAddon): GraphEngine {
  return {
    createGraph: (shape, options) => createGraph(addon, shape, options),
    openGraph: (files, shape, options) => openGraph(addon, files, shape, options),
  }
}

async function createGraph(
  addon: NativeAddon,
  { dims, precision, metric }: GraphShape,
  { threads, from, expectedRows = 0 }: GraphBuilderOptions,
): Promise<GraphBuilder> {
  const builder = addon.createBuilder(dims, precision, metric, threads, expectedRows)
  const inTurn = queue()
  const close = inTurn.closing(() => addon.closeBuilder(builder))
  if (from) {
    const { path, bytes, blocks } = from.graph
    await inTurn(() => addon.builderResume(builder, path, bytes, blocks, from.rows)).catch(async (error) => {
      await close()
      throw error
    })
  }
  return {
    engine: 'native',
    add: (vectors) => inTurn(() => addon.builderAdd(builder, vectors, vectors.length / dims, dims)),
    save: (path) => inTurn(() => addon.builderSave(builder, path)),
    close,
  }
}

async function openGraph(
  addon: NativeAddon,
  { graph, vectors }: GraphFiles,
  { dims, precision, metric, rows }: GraphShape & { rows: number },
  { threads, removed }: GraphOptions,
): Promise<Graph> {
  const opened = await addon
    .openGraph(
      ...[graph.path, graph.bytes, graph.blocks],
      ...[vectors.path, vectors.bytes, vectors.blocks],
      ...[dims, precision, metric, rows],
      threads,
      bitsOf(removed ?? NO_ROWS, rows),
    )
    .catch(asOurs)
  const inTurn = queue()
  async function search({ queries, k, expansion, exclude }: GraphSearch): Promise<Ranked> {
    const size = (queries.length / dims) * k
    const ranked = { k, ids: new Int32Array(size), scores: new Float32Array(size) }
    const { offsets, rows: excluded }: Exclusions = exclude ?? { offsets: NO_ROWS, rows: NO_ROWS }
    await addon.search(
      ...[opened, queries, dims, k, expansion],
      ...[offsets, excluded],
      ...[ranked.ids, ranked.scores],
    )
    return ranked
  }
  return {
    engine: 'native',
    search: (args) => inTurn(() => search(args)),
    ...(vectors.bytes <= addon.residentBytes && {
      searchAll: (args) => inTurn(() => search({ ...args, expansion: 0 })),
    }),
    close: inTurn.closing(() => addon.closeGraph(opened)),
  }
}

/** One call after the other; a close stops what is under way and rejects what waits. */
function queue() {
  let tail: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | undefined
  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = tail.then(() => {
      if (closed) throw new Error('the graph is closed')
      return run().catch(asOurs)
    })
    tail = result.catch(() => {})
    return result
  }
  inTurn.closing = (release: () => void) => () => {
    if (!closed) {
      release()
      closed = tail.then(() => {})
    }
    return closed
  }
  return inTurn
}

/** A bit for each row; none where nothing is removed. */
function bitsOf(removed: Uint32Array, rows: number): Uint8Array {
  const bits = new Uint8Array(removed.length === 0 ? 0 : Math.ceil(rows / 8))
  for (const row of removed) bits[row >> 3]! |= 1 << (row & 7)
  return bits
}

function asOurs(error: unknown): never {
  if (error instanceof Error && 'code' in error && (error.code === 'index' || error.code === 'io')) {
    throw new ClaraError(error.code, error.message, { cause: error })
  }
  throw error
}
