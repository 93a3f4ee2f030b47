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

/** The k best; equal scores in the order of their ids, so that a result never depends on that of the candidates. */
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
  return fold(s0, s1, s2, s3, s4, s5, s6, s7)
}

/** Sums that a score is made of. */
export const SUMS = 8

/** The last step of a score: its sums, added in pairs. */
export function fold(
  ...[s0, s1, s2, s3, s4, s5, s6, s7]: [number, number, number, number, number, number, number, number]
): number {
  return Math.fround(s0 + s4 + (s2 + s6) + (s1 + s5 + (s3 + s7)))
}

/** Nothing found yet: id -1 and score -Infinity everywhere. */
export function emptyRanked(queries: number, k: number): Ranked {
  return {
    k,
    ids: new Int32Array(queries * k).fill(-1),
    scores: new Float32Array(queries * k).fill(Number.NEGATIVE_INFINITY),
  }
}

/** Puts the results of some queries, k no larger, in the place of query `first` on. */
export function copyRanked(some: Ranked, into: Ranked, first: number): void {
  for (let from = 0, at = first * into.k; from < some.ids.length; from += some.k, at += into.k) {
    into.ids.set(some.ids.subarray(from, from + some.k), at)
    into.scores.set(some.scores.subarray(from, from + some.k), at)
  }
}

/** Of one of the queries. */
export function rankedOf({ k, ids, scores }: Ranked, query: number): Ranked {
  const [start, end] = [query * k, (query + 1) * k]
  return { k, ids: ids.subarray(start, end), scores: scores.subarray(start, end) }
}

/** The same queries searched in several parts of the rows -> the best of all, ties by row. */
export function mergeRanked(parts: Ranked[]): Ranked {
  const [first, ...more] = parts
  return more.reduce(mergeTwo, first!)
}

function mergeTwo(a: Ranked, b: Ranked): Ranked {
  const { k } = a
  const merged = emptyRanked(a.ids.length / k, k)
  for (let start = 0; start < a.ids.length; start += k) {
    let [i, j] = [start, start]
    for (let at = start; at < start + k; at++) {
      const [from, place] = isBefore(a, i, b, j) ? [a, i++] : [b, j++]
      merged.ids[at] = from.ids[place]!
      merged.scores[at] = from.scores[place]!
    }
  }
  return merged
}

function isBefore(a: Ranked, i: number, b: Ranked, j: number): boolean {
  if (a.ids[i] === -1 || b.ids[j] === -1) return b.ids[j] === -1
  return a.scores[i]! > b.scores[j]! || (a.scores[i] === b.scores[j] && a.ids[i]! < b.ids[j]!)
}
