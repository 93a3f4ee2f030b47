/** Texts -> vectors, each computed once, whatever is mined with them. */
import type { Embedder, TextKind } from '../inference/embedder.js'
import type { EmbedderModel } from '../models/resolve.js'
import { cacheKey, type ScoreCache, versionOf } from './score-cache.js'

export interface CachedEmbedder {
  name: string
  /** That the model reads, as its card states them. */
  languages?: readonly string[]
  dims: number
  counts: { embedded: number; reused: number }
  /** @returns vectors, row-major [texts, dims]. */
  embed(texts: string[], kind: TextKind, nameOf: (i: number) => string): Promise<Float32Array>
}

/** @param open is called when the first vector that is not known is asked for. */
export function createCachedEmbedder(
  model: EmbedderModel,
  dims: number,
  open: () => Promise<Embedder>,
  cache: ScoreCache,
): CachedEmbedder {
  const counts = { embedded: 0, reused: 0 }
  const version = versionOf(model)
  return {
    name: model.card.name,
    languages: model.card.languages,
    dims,
    counts,
    async embed(texts, kind, nameOf) {
      const keys = texts.map((text) => cacheKey(version, kind, String(dims), text))
      const known = await cache.get(keys)
      const vectors = new Float32Array(texts.length * dims)
      for (const [i, vector] of known.entries()) if (vector?.length === dims) vectors.set(vector, i * dims)
      const missing = known.flatMap((vector, i) => (vector?.length === dims ? [] : [i]))
      const firsts = firstsOf(missing, keys)
      counts.reused += texts.length - missing.length
      counts.embedded += firsts.length
      if (firsts.length === 0) return vectors
      const fresh = await (await open()).embed(
        firsts.map((i) => texts[i]!),
        kind,
        (n) => nameOf(firsts[n]!),
      )
      const rows = new Map(
        firsts.map((i, n) => [keys[i]!.toString('hex'), fresh.subarray(n * dims, (n + 1) * dims)]),
      )
      await cache.put(
        firsts.map((i) => keys[i]!),
        [...rows.values()],
      )
      for (const i of missing) vectors.set(rows.get(keys[i]!.toString('hex'))!, i * dims)
      return vectors
    },
  }
}

/** Of equal keys the first: a text that comes twice is embedded once. */
function firstsOf(rows: number[], keys: Buffer[]): number[] {
  const seen = new Set<string>()
  return rows.filter((i) => {
    const key = keys[i]!.toString('hex')
    return !seen.has(key) && seen.add(key)
  })
}
