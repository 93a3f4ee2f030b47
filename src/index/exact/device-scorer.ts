/** The best rows of a block on a GPU, where the product is fast and all scores would be slow to fetch. */
import { ClaraError, messageOf } from '../../errors.js'
import { type Device, providerOption, remedyFor } from '../../inference/device.js'
import { InferenceSession, Tensor } from '../../runtime/onnxruntime.js'
import { GROUP, topGraph } from './graphs.js'
import { marginOfDevice } from './margins.js'
import type { QueryBlock } from './query-blocks.js'
import type { QuerySearch } from './query-search.js'
import type { RowBlock } from './row-blocks.js'

/** Fetched besides what is wanted: a GPU's own scores may have others before the best. */
const MORE = 32

/** @returns the queries of the block, by place, for which the block may hold more than was fetched. */
export type DeviceScorer = (rows: RowBlock, queries: QueryBlock, searches: QuerySearch[]) => Promise<number[]>

/** @throws ClaraError `model` where the device cannot be used. */
export async function openDeviceScorer(dims: number, device: Device): Promise<DeviceScorer> {
  const session = await InferenceSession.create(topGraph(dims), {
    executionProviders: [providerOption(device)],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  }).catch((error) => {
    const { provider } = device
    throw new ClaraError(
      'model',
      `exact search on ${provider} cannot be used: ${messageOf(error)}: ${remedyFor(provider)}`,
      { cause: error },
    )
  })
  return async (rows, queries, searches) => {
    const all = rows.vectors.length / dims
    const wanted = Math.max(...searches.map(({ k, excluded }) => k + excluded.length))
    const depth = Math.min(all, wanted + MORE + GROUP) // rows of zeros may be among them
    const { scores, places } = await session.run({
      rows: new Tensor('float32', rows.vectors, [all, dims]),
      queries: new Tensor('float32', queries.columns(), [dims, queries.count]),
      k: new Tensor('int64', BigInt64Array.of(BigInt(depth)), [1]),
    })
    const best = {
      scores: scores!.data as Float32Array,
      places: places!.data as BigInt64Array,
      count: queries.count,
      depth,
    }
    const margins = queries.lengths.map((length) => marginOfDevice(dims, length, rows.bounds.mostLength))
    return searches.flatMap((search, q) =>
      takeBest(rows, best, q, search, margins[q]!, depth === all) ? [] : [q],
    )
  }
}

/** Query q has its `depth` best, best first, at q, q + count, q + 2 * count … */
interface Best {
  scores: Float32Array
  places: BigInt64Array
  count: number
  depth: number
}

/** @returns whether that is all; otherwise nothing was added. */
function takeBest(
  { ids, slot }: RowBlock,
  { scores, places, count, depth }: Best,
  q: number,
  search: QuerySearch,
  margin: number,
  isAll: boolean,
): boolean {
  const found = Array.from({ length: depth }, (_, i) => q + i * count)
  const rows = found.filter((at) => Number(places[at]!) < ids.length)
  search.catchUp()
  const kth = rows[search.k + search.excluded.length - 1]
  if (kth !== undefined) search.raise(scores[kth]! - margin)
  if (!isAll && !(scores[found.at(-1)!]! + margin < search.bound)) return false
  for (const at of rows) {
    if (scores[at]! + margin < search.bound) break
    search.add(slot + Number(places[at]!), scores[at]! + margin, 2 * margin)
  }
  return true
}
