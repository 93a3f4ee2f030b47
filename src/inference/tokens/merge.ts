/** Byte-pair encoding of one word: the pair of the best rank is merged first, the leftmost of equals. */
import type { PairTable } from './pair-table.js'

/** Ranks and what a pair becomes, by the ids of a pair. */
type Merges = PairTable

/** Up to here looking through all ranks is faster than a heap. */
const SHORT = 48

export function mergeAll(symbols: number[], merges: Merges): number[] {
  return symbols.length <= SHORT ? mergeShort(symbols, merges) : mergeLong(symbols, merges)
}

const ranks = new Int32Array(SHORT)

function mergeShort(symbols: number[], merges: Merges): number[] {
  let length = symbols.length
  for (let i = 0; i + 1 < length; i++) ranks[i] = rankOf(symbols, i, merges)
  for (;;) {
    let best = -1
    let rank = NONE
    for (let i = 0; i + 1 < length; i++) {
      if (ranks[i]! < rank) {
        best = i
        rank = ranks[i]!
      }
    }
    if (best < 0) break
    symbols[best] = merges.second(symbols[best]!, symbols[best + 1]!)
    length--
    for (let i = best + 1; i < length; i++) {
      symbols[i] = symbols[i + 1]!
      ranks[i] = ranks[i + 1]!
    }
    if (best > 0) ranks[best - 1] = rankOf(symbols, best - 1, merges)
    if (best + 1 < length) ranks[best] = rankOf(symbols, best, merges)
  }
  symbols.length = length
  return symbols
}

/** No merge: greater than all ranks. */
const NONE = 0x7fffffff

function rankOf(symbols: number[], at: number, merges: Merges): number {
  const rank = merges.get(symbols[at]!, symbols[at + 1]!)
  return rank < 0 ? NONE : rank
}

/** Ranks and places as one number: the smallest is the next to be merged. */
const PLACES = 2 ** 28

function mergeLong(symbols: number[], merges: Merges): number[] {
  const next = Int32Array.from(symbols, (_, i) => i + 1)
  const previous = Int32Array.from(symbols, (_, i) => i - 1)
  const heap: number[] = []
  const offer = (at: number) => {
    if (at < 0 || next[at]! >= symbols.length) return
    const rank = merges.get(symbols[at]!, symbols[next[at]!]!)
    if (rank >= 0) push(heap, rank * PLACES + at)
  }
  for (let i = 0; i + 1 < symbols.length; i++) offer(i)
  while (heap.length > 0) {
    const key = pop(heap)
    const at = key % PLACES
    const right = next[at]!
    // Since it was offered, either side may have been merged with something else.
    if (symbols[at]! < 0 || right >= symbols.length) continue
    if (merges.get(symbols[at]!, symbols[right]!) !== Math.floor(key / PLACES)) continue
    symbols[at] = merges.second(symbols[at]!, symbols[right]!)
    symbols[right] = -1
    next[at] = next[right]!
    if (next[at]! < symbols.length) previous[next[at]!] = at
    offer(previous[at]!)
    offer(at)
  }
  return symbols.filter((symbol) => symbol >= 0)
}

function push(heap: number[], key: number): void {
  let at = heap.length
  heap.push(key)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (heap[parent]! <= key) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = key
}

function pop(heap: number[]): number {
  const top = heap[0]!
  const key = heap.pop()!
  const { length } = heap
  if (length === 0) return top
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= length) break
    if (child + 1 < length && heap[child + 1]! < heap[child]!) child++
    if (heap[child]! >= key) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = key
  return top
}
