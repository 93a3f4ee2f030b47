/** Ranking by full-precision inner product: of unit vectors, the cosine. */

/** Neighbours of many queries: query q has entries q * k … q * k + k - 1, best first. */
export interface Ranked {
  k: number
  /** Positions in the index. */
  ids: Int32Array
  /** Cosines. */
  scores: Float32Array
}

export interface Best {
  ids: number[]
  scores: number[]
}

/** The k best of all rows of `vectors`. */
export function exactTop(query: Float32Array, vectors: Float32Array, k: number): Best {
  const count = vectors.length / query.length
  return rescore(query, vectors, { length: count }, k)
}

/**
 * The k best of the candidates; without entries of its own, `candidates` stands for 0 … length - 1.
 * Equal scores are ordered by id, so that a result never depends on the order of the candidates.
 */
export function rescore(
  query: Float32Array,
  vectors: Float32Array,
  candidates: ArrayLike<number>,
  k: number,
): Best {
  const ids = Int32Array.from({ length: candidates.length }, (_, i) => candidates[i] ?? i)
  const scores = Float32Array.from(ids, (id) => dot(query, vectors, id * query.length))
  return best(ids, scores, k)
}

/** The k best, equal scores in the order of their ids. */
export function best(ids: ArrayLike<number>, scores: Float32Array, k: number): Best {
  const order = Array.from(scores.keys())
    .sort((a, b) => scores[b]! - scores[a]! || ids[a]! - ids[b]!)
    .slice(0, k)
  return { ids: order.map((i) => ids[i]!), scores: order.map((i) => scores[i]!) }
}

/** With the row of `vectors` that begins at `offset`. */
export function dot(query: Float32Array, vectors: Float32Array, offset: number): number {
  let sum = 0
  for (let i = 0; i < query.length; i++) sum += query[i]! * vectors[offset + i]!
  return sum
}
