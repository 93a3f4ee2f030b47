/** A thread of exact search: its share of the rows, and the ONNX Runtime sessions that score them. */
import { env } from 'onnxruntime-node'
import { Moved, serve } from '../../files/worker-thread.js'
import type { Exclusions } from '../graph.js'
import { emptyRanked, type Ranked } from '../rank.js'
import { SharedBounds } from './bounds.js'
import { gather } from './gather.js'
import { GROUP } from './graphs.js'
import { cutQueries, type QueryBlock } from './query-blocks.js'
import { QuerySearch } from './query-search.js'
import { BLOCK_ROWS, openRowBlocks, type RowBlock, type RowBlocks, type RowSource } from './row-blocks.js'
import { openScorer, type Scorer } from './scorer.js'

env.logLevel = 'fatal'

/** Making bytes of the rows pays from so many queries on. */
const BYTES_PAY = 64
/** From this share of rows that bytes leave in question on, float32 is faster. */
const MOST_LEFT = 0.03
/** At first nothing is known of what is near: this share of a block more, and some times k. */
const MOST_LEFT_AT_FIRST = 0.25

let source: RowSource
let rows: RowBlocks
let scorer: Scorer

interface Search {
  queries: Float32Array
  k: number
  exclude: Exclusions | undefined
  /** Of SharedBounds. */
  bounds: SharedArrayBuffer
}

const methods = {
  async open(args: RowSource): Promise<void> {
    source = args
    rows = openRowBlocks(source)
    scorer = await openScorer(source.dims)
  },
  /** The k best of this thread's rows; id -1 and score -Infinity where there are fewer. */
  async search(args: Search): Promise<Moved<Ranked>> {
    const { queries, k } = args
    const bounds = new SharedBounds(args.bounds)
    const parts = cutQueries(queries, source.dims).map((block) => ({
      block,
      searches: searchesOf(block, args, bounds),
    }))
    const bytes = bytesFor(queries.length / source.dims, k)
    for (const block of rows.all()) {
      for (const part of parts) {
        await searchBlock(block, part.block, part.searches, bytes)
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
  const left = queries * (BLOCK_ROWS * MOST_LEFT_AT_FIRST + 4 * k)
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
