/** Which texts run together: alike in length, so that hardly a token is padding. */
import { type Encodings, encodedLength } from './encoding.js'
import type { Batch } from './feeds.js'

interface Padding {
  padId: number
  paddingSide: 'left' | 'right'
}

/**
 * Which rows may run together. `any`: shorter ones are padded. `equal`: the graph takes no mask.
 * `alone`: the graph takes one scale over all of a batch, so that rows change each other.
 */
export type Together = 'any' | 'equal' | 'alone'

/**
 * The rows of each run, the longest first. The plan depends on the lengths alone.
 * @param rows of `encodings` that run.
 * @param budget padded tokens a run; a longer row runs alone.
 */
export function planBatches(
  encodings: Encodings,
  rows: number[],
  budget: number,
  together: Together,
): number[][] {
  if (together === 'alone') return rows.map((row) => [row])
  const order = [...rows].sort((a, b) => encodedLength(encodings, b) - encodedLength(encodings, a) || a - b)
  const batches: number[][] = []
  for (const row of order) {
    const current = batches.at(-1)
    const width = current ? encodedLength(encodings, current[0]!) : 0
    const fits = width * (current?.length ?? 0) + width <= budget
    if (current && fits && (together === 'any' || width === encodedLength(encodings, row))) current.push(row)
    else batches.push([row])
  }
  return batches
}

export function fillBatch(encodings: Encodings, rows: number[], { padId, paddingSide }: Padding): Batch {
  const width = encodedLength(encodings, rows[0]!)
  const padLeft = paddingSide === 'left'
  const ids = new Int32Array(rows.length * width).fill(padId)
  const typeIds = encodings.typeIds && new Uint8Array(ids.length)
  const lengths = Int32Array.from(rows, (row) => encodedLength(encodings, row))
  rows.forEach((row, i) => {
    const [start, end] = [encodings.starts[row]!, encodings.starts[row + 1]!]
    const at = rowStart({ width, padLeft }, i, end - start)
    ids.set(encodings.ids.subarray(start, end), at)
    typeIds?.set(encodings.typeIds!.subarray(start, end), at)
  })
  return { ids, ...(typeIds && { typeIds }), lengths, width, padLeft }
}

/** Where the tokens of a row begin in [rows, width], padding left out. */
export function rowStart(
  { width, padLeft }: Pick<Batch, 'width' | 'padLeft'>,
  row: number,
  length: number,
): number {
  return row * width + (padLeft ? width - length : 0)
}
