/** What a run's samples come to. */
import { TIERS, type Tier } from '../negatives/hunt.js'
import type { MinedQuestion } from '../negatives/mine.js'
import type { ScoreScale } from '../negatives/score-scale.js'
import { languageOf } from '../questions/language.js'
import type { Scorers } from './assemble.js'
import { createSpread, type Distribution } from './distribution.js'
import type { FormatCounts } from './formats/sample-file.js'
import type { Side } from './split.js'

/** Counts of a run, the same for the same input and seed. */
export interface RunReport extends Scorers {
  top_k: number
  seed: number
  samples: number
  without_answer: number
  hard_negatives: number
  random_negatives: number
  /** Negatives by how far the rules held. */
  tiers: Record<Tier, number>
  /** Samples whose positive the question retrieved first, and within the first k. */
  positive_first: number
  positive_in_top_k: number
  /** Candidates passed over, by reason. */
  excluded: Record<string, number>
  /** On the scale that thresholds are on; `null` where nothing scored. Differences are to the least positive. */
  scores: { positive: Distribution; negative: Distribution; difference: Distribution } | null
  /** Questions and their negatives by language, where the corpus has several. */
  languages?: Record<string, { questions: number; negatives: Record<string, number> }>
  /** What standard scores mean: see `ScoreScale`. */
  scale?: ScoreScale
  /** Texts of rows for the trainer in which words that it takes for its own tokens were escaped, where there are any. */
  escaped_texts?: number
  /** What each further format holds, where there are any. */
  formats?: Record<string, FormatCounts>
  /** Samples of each side, where they are split. */
  split?: Partial<Record<Side, number>>
}

interface Tally {
  report: RunReport
  add(mined: MinedQuestion): void
  addFormat(name: string, counts: FormatCounts): void
  addEscaped(texts: number): void
  addSide(side: Side, samples: number): void
  finish(): RunReport
}

function addLanguages(report: RunReport, question: string, negatives: MinedQuestion['negatives']): void {
  report.languages ??= {}
  const of = (text: string) => languageOf(text) ?? 'other'
  const language = of(question)
  report.languages[language] ??= { questions: 0, negatives: {} }
  const counts = report.languages[language]
  counts.questions++
  for (const { chunk } of negatives) {
    const other = of(chunk.text)
    counts.negatives[other] = (counts.negatives[other] ?? 0) + 1
  }
}

export function createTally(topK: number, seed: number, scorers: Scorers): Tally {
  const report: RunReport = {
    top_k: topK,
    seed,
    ...scorers,
    samples: 0,
    without_answer: 0,
    hard_negatives: 0,
    random_negatives: 0,
    tiers: Object.fromEntries(TIERS.map((tier) => [tier, 0])) as Record<Tier, number>,
    positive_first: 0,
    positive_in_top_k: 0,
    excluded: {},
    scores: null,
  }
  const [positive, negative, difference] = [createSpread(), createSpread(), createSpread()]
  return {
    report,
    add({ question, positives, negatives, excluded, limits, zeros }) {
      report.samples++
      if (zeros && zeros.size > 1) addLanguages(report, question.question, negatives)
      if (question.answer === '') report.without_answer++
      const ranks = positives.map(({ rank }) => rank ?? Number.POSITIVE_INFINITY)
      if (ranks.includes(1)) report.positive_first++
      if (ranks.some((rank) => rank <= topK)) report.positive_in_top_k++
      for (const { judged } of positives) if (judged !== undefined) positive.add(judged)
      for (const { rank, tier, judged } of negatives) {
        report.tiers[tier]++
        if (rank === undefined) report.random_negatives++
        else report.hard_negatives++
        if (judged === undefined || !limits) continue
        negative.add(judged)
        difference.add(limits.positive - judged)
      }
      for (const { reason } of excluded) report.excluded[reason] = (report.excluded[reason] ?? 0) + 1
    },
    addFormat(name, counts) {
      report.formats = { ...report.formats, [name]: counts }
    },
    addEscaped(texts) {
      if (texts > 0) report.escaped_texts = (report.escaped_texts ?? 0) + texts
    },
    addSide(side, samples) {
      report.split = { ...report.split, [side]: samples }
    },
    finish() {
      const spreads = [positive, negative, difference].map((spread) => spread.distribution())
      if (spreads.every((spread) => spread !== null)) {
        const [p, n, d] = spreads as [Distribution, Distribution, Distribution]
        report.scores = { positive: p, negative: n, difference: d }
      }
      return report
    },
  }
}
