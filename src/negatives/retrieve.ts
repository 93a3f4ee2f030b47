/** Candidates of questions: by their vectors, and where that is asked for by their words too. */
import { dot } from '../index/rank.js'
import type { Background } from './background.js'
import type { Hits } from './candidates.js'
import type { Engines } from './run.js'

/** Of reciprocal rank fusion (Cormack et al. 2009): the first ranks do not outweigh all others. */
const RANK_OFFSET = 60

interface Asked {
  question: string
  vector: Float32Array
}

/**
 * Where the corpus has several languages, the ranking knows none: a question finds what is near in its meaning, not first what is written
 * in its own.
 * @returns of each question so many hits as the index has, `depth` at most, best first, with the embedder's scores.
 */
export async function retrieve(
  asked: Asked[],
  depth: number,
  engines: Engines,
  background: Background,
): Promise<Hits[]> {
  const { index, keywords, embedder } = engines
  const vectors = new Float32Array(asked.length * embedder.dims)
  for (const [i, { vector }] of asked.entries()) vectors.set(background.neutral(vector), i * embedder.dims)
  const { ids, scores, k } = await index.search(vectors, depth)
  const isNeutral = background.groups.length > 1
  const near = await Promise.all(
    asked.map(async ({ vector }, i) => {
      const found = ids.subarray(i * k, (i + 1) * k)
      return {
        ids: found,
        scores: isNeutral ? await scoresOf(vector, found, index) : scores.subarray(i * k, (i + 1) * k),
      }
    }),
  )
  if (!keywords) return near
  const alike = await keywords.search(
    asked.map(({ question }) => question),
    depth,
  )
  return Promise.all(asked.map(({ vector }, i) => fuse(near[i]!, alike[i]!, vector, index.vectors)))
}

async function scoresOf(
  vector: Float32Array,
  ids: Int32Array,
  index: Engines['index'],
): Promise<Float32Array> {
  const found = ids.filter((id) => id >= 0)
  const rows = await index.vectors(found)
  const scores = new Float32Array(ids.length).fill(Number.NEGATIVE_INFINITY)
  for (let i = 0; i < found.length; i++) scores[i] = dot(vector, rows, i * vector.length)
  return scores
}

/** As many as the nearest were, in the order of the fused ranks, with the embedder's scores. */
async function fuse(
  near: { ids: Int32Array; scores: Float32Array },
  alike: Uint32Array,
  vector: Float32Array,
  vectors: Engines['index']['vectors'],
): Promise<Hits> {
  const scores = new Map(Array.from(near.ids, (id, i) => [id, near.scores[i]!]))
  const fused = fuseRanks([Array.from(near.ids).filter((id) => id >= 0), Array.from(alike)]).slice(
    0,
    near.ids.length,
  )
  for (const id of fused) {
    if (!scores.has(id)) scores.set(id, Math.fround(dot(vector, await vectors([id]), 0)))
  }
  const ids = Array.from(near.ids, (_, i) => fused[i] ?? -1)
  return { ids, scores: ids.map((id) => scores.get(id) ?? Number.NEGATIVE_INFINITY) }
}

/** Ties go to what the first ranking has first. */
export function fuseRanks(rankings: number[][]): number[] {
  const sums = new Map<number, number>()
  for (const ranking of rankings) {
    for (const [i, id] of ranking.entries()) sums.set(id, (sums.get(id) ?? 0) + 1 / (RANK_OFFSET + i + 1))
  }
  return Array.from(sums)
    .sort(([, a], [, b]) => b - a)
    .map(([id]) => id)
}
