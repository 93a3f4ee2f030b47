/** Where negatives come from, in the order in which they are tried. */
import type { Index } from '../index/open.js'
import type { Random } from './random.js'

export interface Candidate {
  position: number
  /** From 1; `undefined` for a chunk drawn at random. */
  rank: number | undefined
  /** The embedder's cosine of question and chunk. */
  score: number | undefined
}

export interface FirstHits {
  ids: Int32Array
  scores: Float32Array
}

/** Search goes so many times deeper each time that candidates run out. */
const DEEPEN = 4

/** What retrieval returned for a question, then deeper and deeper, to the whole index if need be. */
export async function* retrieved(
  index: Index,
  query: Float32Array,
  first: FirstHits,
): AsyncGenerator<Candidate> {
  let hits = first
  const given = new Set<number>()
  for (;;) {
    for (let i = 0; i < hits.ids.length; i++) {
      const position = hits.ids[i]!
      if (position < 0 || given.has(position)) continue
      given.add(position)
      yield { position, rank: given.size, score: hits.scores[i]! }
    }
    if (hits.ids.length >= index.chunks.count) return
    const deeper = await index.search(query, hits.ids.length * DEEPEN)
    hits = deeper
  }
}

/**
 * Every chunk of the corpus once, in random order.
 * @param positionAt of the n-th chunk, from 0.
 */
export async function* drawn(
  count: number,
  random: Random,
  positionAt: (n: number) => number = (n) => n,
): AsyncGenerator<Candidate> {
  const moved = new Map<number, number>() // Fisher and Yates, without the array
  for (let left = count; left > 0; left--) {
    const slot = random(left)
    const position = moved.get(slot) ?? slot
    moved.set(slot, moved.get(left - 1) ?? left - 1)
    yield { position: positionAt(position), rank: undefined, score: undefined }
  }
}
