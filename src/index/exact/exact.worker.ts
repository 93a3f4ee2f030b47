/** A thread of exact search: its share of the rows, and the ONNX Runtime sessions that score them. */
import { Moved, serve } from '../../files/worker-thread.js'
import type { Device } from '../../inference/device.js'
import { env } from '../../runtime/onnxruntime.js'
import type { Exclusions } from '../graph.js'
import { emptyRanked, type Ranked } from '../rank.js'
import { SharedBounds } from './bounds.js'
import { type DeviceScorer, openDeviceScorer } from './device-scorer.js'
import { gather } from './gather.js'
import { GROUP } from './graphs.js'
import { BLOCK_QUERIES, cutQueries, DEVICE_BLOCK_QUERIES, type QueryBlock } from './query-blocks.js'
import { QuerySearch } from './query-search.js'
import { openRowBlocks, type RowBlock, type RowBlocks, type RowSource } from './row-blocks.js'
import { openScorer, type Scorer } from './scorer.js'

env.logLevel = 'fatal'

/** Making bytes of the rows pays from so many queries on. */
const BYTES_PAY = 64
/** From this share of rows that bytes leave in question on, float32 is faster. */
const MOST_LEFT = 0.03
/** At first nothing is known of what is near: this share of a block more, and some times k. */
const MOST_LEFT_AT_FIRST = 0.25

interface Open extends RowSource {
  /** Score there first. */
  device: Device | undefined
}

let source: RowSource
let rows: RowBlocks
let scorer: Scorer
let onDevice: DeviceScorer | undefined
let blockQueries: number

interface Search {
  queries: Float32Array
  k: number
  exclude: Exclusions | undefined
  /** Of SharedBounds. */
  bounds: SharedArrayBuffer
}

const methods = {
  async open({ device, ...args }: Open): Promise<void> {
    source = args
    rows = openRowBlocks(source)
    blockQueries = device ? DEVICE_BLOCK_QUERIES : BLOCK_QUERIES
    if (device) onDevice = await openDeviceScorer(source.dims, device)
    // Beside a device, queries come one at a time.
    scorer = await openScorer(source.dims, { rows: source.blockRows, queries: device ? 1 : BLOCK_QUERIES })
  },
  /** The k best of this thread's rows; id -1 and score -Infinity where there are fewer. */
  async search(args: Search): Promise<Moved<Ranked>> {
    const { queries, k } = args
    const bounds = new SharedBounds(args.bounds)
    const parts = cutQueries(queries, source.dims, blockQueries).map((block) => ({
      block,
      searches: searchesOf(block, args, bounds),
    }))
    const bytes = bytesFor(queries.length / source.dims, k)
    for (const block of rows.all()) {
      for (const part of parts) {
        if (onDevice) await searchOnDevice(onDevice, block, part.block, part.searches)
        else await searchBlock(block, part.block, part.searches, bytes)
        for (const search of part.searches) {
          if (source.resident) search.settleMany()
          else search.settle() // the next block takes its place in memory
        }
      }
    }
    return ranked(
      parts.flatMap(({ searches }) => searches),
      k,
    )
  },
}

/** Whether a first pass in bytes pays, and how many candidates it may leave until it does not. */
interface Bytes {
  many: boolean
  pay: boolean
  left: number
}

function bytesFor(queries: number, k: number): Bytes {
  const left = queries * (source.blockRows * MOST_LEFT_AT_FIRST + 4 * k)
  return { many: queries >= BYTES_PAY, pay: scorer.scoreBytes !== undefined, left }
}

async function searchBlock(
  block: RowBlock,
  queries: QueryBlock,
  searches: QuerySearch[],
  bytes: Bytes,
): Promise<void> {
  let done = 0
  if (bytes.pay && (bytes.many || block.hasCodes())) {
    bytes.left += block.ids.length * queries.count * MOST_LEFT
    const found = gather(block, await scorer.scoreBytes!(block, queries), searches, {
      from: 0,
      most: bytes.left,
    })
    bytes.left -= found.added
    bytes.pay = bytes.left >= 0
    done = found.group
  }
  if (done * GROUP >= block.ids.length) return
  gather(block, await scorer.score(block, queries), searches, { from: done, most: Number.POSITIVE_INFINITY })
}

async function searchOnDevice(
  score: DeviceScorer,
  block: RowBlock,
  queries: QueryBlock,
  searches: QuerySearch[],
): Promise<void> {
  for (const q of await score(block, queries, searches)) {
    const search = searches[q]!
    const [alone] = cutQueries(search.query, source.dims, 1)
    const all = { from: 0, most: Number.MAX_SAFE_INTEGER }
    gather(block, await scorer.score(block, alone!), [search], all)
  }
}

function searchesOf(
  { vectors, first, count }: QueryBlock,
  { k, exclude }: Search,
  bounds: SharedBounds,
): QuerySearch[] {
  const { dims } = source
  return Array.from({ length: count }, (_, q) => {
    const query = vectors.subarray(q * dims, (q + 1) * dims)
    const place = first + q
    return new QuerySearch(query, k, excludedOf(exclude, place), rows.store, { bounds, place })
  })
}

function excludedOf(exclude: Exclusions | undefined, q: number): Uint32Array {
  return exclude ? exclude.rows.slice(exclude.offsets[q]!, exclude.offsets[q + 1]!).sort() : NONE
}

const NONE = new Uint32Array()

function ranked(searches: QuerySearch[], k: number): Moved<Ranked> {
  const all = emptyRanked(searches.length, k)
  for (const [q, search] of searches.entries()) {
    search.settle()
    search.top.drain(all.ids, all.scores, q * k)
  }
  return new Moved(all, [all.ids.buffer, all.scores.buffer] as ArrayBuffer[])
}

serve(methods)

export type ExactMethods = typeof methods
