/** Docs of samples, by their roles. */
import { createHistogram, type Histogram } from './histogram.js'
import type { DocOrigin } from './provenance.js'
import { createReuseCounter, drawOf, type Reuse } from './reuse.js'
import { type Spreads, spreadsOf } from './spread.js'
import { WordCounts } from './tallies.js'

const ROLES = ['positive', 'hard', 'random'] as const
/** A negative of which nothing else is known is taken for a hard one. */
export type Role = (typeof ROLES)[number]

/** Scores are shown to 0.03, quantiles taken to a thousandth. */
const FINEST_SCORE = 2 ** -11
/** Of the longest texts a few in a thousand would leave the others no room. */
export const SHOWN_LENGTHS = { until: 0.995 }

export interface DocCounts {
  docs: Record<Role, number>
  /** Chunks, or texts, that stand in samples; an estimate where there are very many. */
  distinct_docs: number
  tiers: { name: string; count: number }[]
  embedder_scores: Spreads<Role>
  reranker_scores: Spreads<Role>
  ranks: Spreads<Exclude<Role, 'random'>>
  reuse: Reuse | null
  /** UTF-16 units. */
  lengths: Spreads<Role>
  /** Sums of UTF-16 units; of the distinct documents as long as documents are on average. */
  characters: { docs: number; distinctDocs: number }
}

export function createDocTally() {
  const tiers = new WordCounts()
  const docs: Record<Role, number> = { positive: 0, hard: 0, random: 0 }
  const [embedder, reranker] = [byRole(FINEST_SCORE), byRole(FINEST_SCORE)]
  const [ranks, lengths] = [byRole(1), byRole(1)]
  const [reuse, distinct] = [createReuseCounter(), createReuseCounter()]
  return {
    add(text: string, isPositive: boolean, origin: DocOrigin | undefined) {
      const role = roleOf(isPositive, origin)
      docs[role]++
      lengths[role].add(text.length)
      if (origin?.embedder !== undefined) embedder[role].add(origin.embedder)
      if (origin?.reranker !== undefined) reranker[role].add(origin.reranker)
      if (origin?.rank !== undefined) ranks[role].add(origin.rank)
      const id = origin?.chunkId ?? text
      const drawn = drawOf(id)
      distinct.add(id, drawn)
      if (role === 'positive') return
      if (origin?.tier !== undefined) tiers.add(origin.tier)
      reuse.add(id, drawn)
    },
    finish(): DocCounts {
      const distinctDocs = distinct.finish()?.chunks ?? 0
      const allDocs = Object.values(docs).reduce((a, b) => a + b, 0)
      const characters = sumOf(...Object.values(lengths))
      const average = allDocs === 0 ? 0 : characters / allDocs
      return {
        docs,
        distinct_docs: distinctDocs,
        tiers: tiers.sorted(),
        embedder_scores: spreadsOf(embedder),
        reranker_scores: spreadsOf(reranker),
        ranks: spreadsOf({ positive: ranks.positive, hard: ranks.hard }, SHOWN_LENGTHS),
        reuse: reuse.finish() ?? null,
        lengths: spreadsOf(lengths, SHOWN_LENGTHS),
        characters: { docs: characters, distinctDocs: average * distinctDocs },
      }
    },
  }
}

function byRole(finest: number): Record<Role, Histogram> {
  return {
    positive: createHistogram(finest),
    hard: createHistogram(finest),
    random: createHistogram(finest),
  }
}

export function roleOf(isPositive: boolean, origin: DocOrigin | undefined): Role {
  if (isPositive) return 'positive'
  return origin?.role === 'random negative' ? 'random' : 'hard'
}

export function sumOf(...histograms: Histogram[]): number {
  return histograms.reduce((sum, each) => sum + (each.count > 0 ? each.mean() * each.count : 0), 0)
}
