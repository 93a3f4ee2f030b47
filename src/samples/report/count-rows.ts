/** Samples -> what they come to: the first of the two passes. */
import type { OnProblem } from '../../errors.js'
import { CaughtExamples } from './caught.js'
import { createHistogram, type Histogram } from './histogram.js'
import type { DocOrigin, Origin } from './provenance.js'
import { createReuseCounter, drawOf, type Reuse } from './reuse.js'
import { type ReportRow, readRows } from './rows.js'
import type { DataFiles } from './run-files.js'
import { type Spreads, spreadsOf } from './spread.js'
import { NumberCounts, WordCounts } from './tallies.js'

const ROLES = ['positive', 'hard', 'random'] as const
/** A negative of which nothing else is known is taken for a hard one. */
export type Role = (typeof ROLES)[number]

export interface SampleCounts {
  samples: number
  /** Samples with provenance. */
  with_provenance: number
  split: Record<string, number>
  docs_per_sample: { docs: number; count: number }[]
  without_answer: number
  docs: Record<Role, number>
  /** Chunks, or texts, that stand in samples; an estimate where there are very many. */
  distinct_docs: number
  tiers: { name: string; count: number }[]
  passed_over: { name: string; count: number }[]
  positions: { position: number; count: number }[]
  positive_first: number
  /** Samples whose positive is outscored by a negative, of those where both have scores, by the model that judged. */
  outscored: { samples: number; of: number }
  embedder_scores: Spreads<Role>
  reranker_scores: Spreads<Role>
  ranks: Spreads<Exclude<Role, 'random'>>
  /** UTF-16 units. */
  characters: { docs: Spreads<Role>; questions: Spreads<'question' | 'answer'> }
  reuse: Reuse | null
}

/** Scores are shown to 0.03, quantiles taken to a thousandth. */
const FINEST_SCORE = 2 ** -11
/** Of the longest texts a few in a thousand would leave the others no room. */
const SHOWN_LENGTHS = { until: 0.995 }

export interface Counted {
  counts: SampleCounts
  /** Sums of UTF-16 units; of the distinct documents as long as documents are on average. */
  characters: { docs: number; distinctDocs: number; questions: number }
  caught: CaughtExamples
}

export async function countRows(
  files: readonly DataFiles[],
  seed: number,
  onProblem: OnProblem,
): Promise<Counted> {
  const caught = new CaughtExamples(seed)
  const tally = createTally()
  for await (const each of readRows(files, onProblem)) {
    tally.add(each)
    if (each.origin) caught.add(each, each.origin)
  }
  return { ...tally.finish(), caught }
}

function createTally() {
  const split = new WordCounts()
  const [tiers, passedOver] = [new WordCounts(), new WordCounts()]
  const [docsPerSample, positions] = [new NumberCounts(), new NumberCounts()]
  const docs: Record<Role, number> = { positive: 0, hard: 0, random: 0 }
  const [embedder, reranker] = [byRole(FINEST_SCORE), byRole(FINEST_SCORE)]
  const [ranks, lengths] = [byRole(1), byRole(1)]
  const questions = { question: createHistogram(1), answer: createHistogram(1) }
  const [reuse, distinct] = [createReuseCounter(), createReuseCounter()]
  const outscored = { samples: 0, of: 0 }
  let [samples, withProvenance, withoutAnswer, first] = [0, 0, 0, 0]

  const addDoc = (text: string, role: Role, origin: DocOrigin | undefined) => {
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
  }

  return {
    add({ file, row, origin }: ReportRow) {
      samples++
      if (file.side) split.add(file.side)
      docsPerSample.add(row.docs.length)
      for (const position of row.positives) positions.add(position)
      questions.question.add(row.question.length)
      if (row.answer.trim() === '') withoutAnswer++
      else questions.answer.add(row.answer.length)
      for (const [i, text] of row.docs.entries()) {
        const from = origin?.docs[i]
        addDoc(text, roleOf(row.positives.includes(i), from), from)
      }
      if (!origin) return
      withProvenance++
      if (row.positives.some((at) => origin.docs[at]?.rank === 1)) first++
      const above = isOutscored(row.positives, origin)
      if (above !== undefined) {
        outscored.of++
        if (above) outscored.samples++
      }
      for (const { reason } of origin.excluded) passedOver.add(reason)
    },
    finish(): Pick<Counted, 'counts' | 'characters'> {
      const distinctDocs = distinct.finish()?.chunks ?? 0
      const counts: SampleCounts = {
        samples,
        with_provenance: withProvenance,
        split: Object.fromEntries(split.sorted().map(({ name, count }) => [name, count])),
        docs_per_sample: docsPerSample.sorted('docs'),
        without_answer: withoutAnswer,
        docs,
        distinct_docs: distinctDocs,
        tiers: tiers.sorted(),
        passed_over: passedOver.sorted(),
        positions: positions.sorted('position'),
        positive_first: first,
        outscored,
        embedder_scores: spreadsOf(embedder),
        reranker_scores: spreadsOf(reranker),
        ranks: spreadsOf({ positive: ranks.positive, hard: ranks.hard }, SHOWN_LENGTHS),
        characters: {
          docs: spreadsOf(lengths, SHOWN_LENGTHS),
          questions: spreadsOf(questions, SHOWN_LENGTHS),
        },
        reuse: reuse.finish() ?? null,
      }
      const allDocs = Object.values(docs).reduce((a, b) => a + b, 0)
      const characters = sumOf(...Object.values(lengths))
      const average = allDocs === 0 ? 0 : characters / allDocs
      return {
        counts,
        characters: {
          docs: characters,
          distinctDocs: average * distinctDocs,
          questions: sumOf(questions.question),
        },
      }
    },
  }
}

function sumOf(...histograms: Histogram[]): number {
  return histograms.reduce((sum, each) => sum + (each.count > 0 ? each.mean() * each.count : 0), 0)
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

/** @returns `undefined` where positives or negatives have no scores. */
function isOutscored(positives: number[], { docs }: Origin): boolean | undefined {
  const judged = docs.some(({ reranker }) => reranker !== undefined) ? 'reranker' : 'embedder'
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const [i, doc] of docs.entries()) {
    const score = doc[judged]
    if (score === undefined) continue
    if (positives.includes(i)) least = Math.min(least, score)
    else most = Math.max(most, score)
  }
  return Number.isFinite(least) && Number.isFinite(most) ? most >= least : undefined
}
