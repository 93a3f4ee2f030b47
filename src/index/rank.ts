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

/**
 * The score of a row, the one that begins at `offset`: value i goes to sum i % 8, in double
 * precision, and the sums are added in pairs. Products of float32 are exact there, so that every
 * machine, vectorised or not (native/src/kernels.cpp), gives the same bits.
 */
export function dot(query: Float32Array, vectors: Float32Array, offset: number): number {
  let [s0, s1, s2, s3, s4, s5, s6, s7] = [0, 0, 0, 0, 0, 0, 0, 0]
  const end = query.length
  let i = 0
  for (; i + 8 <= end; i += 8) {
    const at = offset + i
    s0 += query[i]! * vectors[at]!
    s1 += query[i + 1]! * vectors[at + 1]!
    s2 += query[i + 2]! * vectors[at + 2]!
    s3 += query[i + 3]! * vectors[at + 3]!
    s4 += query[i + 4]! * vectors[at + 4]!
    s5 += query[i + 5]! * vectors[at + 5]!
    s6 += query[i + 6]! * vectors[at + 6]!
    s7 += query[i + 7]! * vectors[at + 7]!
  }
  const term = (lane: number) => (i + lane < end ? query[i + lane]! * vectors[offset + i + lane]! : 0)
  s0 += term(0)
  s1 += term(1)
  s2 += term(2)
  s3 += term(3)
  s4 += term(4)
  s5 += term(5)
  s6 += term(6)
  return Math.fround(s0 + s4 + (s2 + s6) + (s1 + s5 + (s3 + s7)))
}
