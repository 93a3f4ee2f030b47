/** Questions with passages -> logits, each computed once, whatever is mined with them. */
import type { TextPair } from '../inference/encoding.js'
import type { Reranker } from '../inference/reranker.js'
import type { RerankerModel } from '../models/resolve.js'
import { cacheKey, type ScoreCache, versionOf } from './score-cache.js'

/** Pairs that go to the model at a time: full batches, and progress that a person sees. */
const BLOCK = 512

export interface PairScorer {
  name: string
  /** That the model reads, as its card states them. */
  languages?: readonly string[]
  counts: { scored: number; reused: number }
  /** @returns the logit of each pair; higher is better. */
  score(pairs: TextPair[]): Promise<Float32Array>
}

interface ScorerOptions {
  cache: ScoreCache
  signal?: AbortSignal | undefined
  /** Called with the number of pairs that have just been scored. */
  onScored?: ((pairs: number) => void) | undefined
}

/** @param open is called when the first score that is not known is asked for. */
export function createScorer(
  model: RerankerModel,
  open: () => Promise<Reranker>,
  { cache, signal, onScored }: ScorerOptions,
): PairScorer {
  const counts = { scored: 0, reused: 0 }
  const version = versionOf(model)
  return {
    name: model.card.name,
    languages: model.card.languages,
    counts,
    async score(pairs) {
      const keys = pairs.map(({ question, passage }) => cacheKey(version, 'pair', question, passage))
      const known = await cache.get(keys)
      const missing = known.flatMap((value, i) => (value === undefined ? [i] : []))
      const out = Float32Array.from(known, (value) => value?.[0] ?? Number.NaN)
      counts.reused += pairs.length - missing.length
      for (let at = 0; at < missing.length; at += BLOCK) {
        signal?.throwIfAborted()
        const block = missing.slice(at, at + BLOCK)
        const scores = await (await open()).score(block.map((i) => pairs[i]!))
        await cache.put(
          block.map((i) => keys[i]!),
          Array.from(scores, (score) => Float32Array.of(score)),
        )
        for (const [n, i] of block.entries()) out[i] = scores[n]!
        counts.scored += block.length
        onScored?.(block.length)
      }
      return out
    },
  }
}
