/** What the scores of a file come to. */
import type { Calibration } from '../../negatives/calibrate.js'
import type { ScoreScale } from '../../negatives/score-scale.js'
import { rounded } from '../assemble.js'
import { createSpread, type Distribution } from '../distribution.js'
import type { JudgedRow } from './judge.js'
import { type Replacements, suspectsOf } from './replace.js'
import type { Scale } from './scale.js'
import type { ScoredLine } from './score-samples.js'
import { type Suspect, suspectsIn } from './suspects.js'

/** Differences are to the least positive of the row. */
interface ModelReport {
  model: string
  /** Share of rows, from 0 to 1; `null` without rows. */
  positive_first: number | null
  positive: Distribution | null
  negative: Distribution | null
  difference: Distribution | null
}

export interface ScoreReport {
  rows: number
  /** Lines that could not be scored. */
  bad_rows: number
  /** Rows whose positive is not first, by the model that judges. */
  positive_not_first: number
  suspects: { docs: number; rows: number; reasons: Record<string, number> }
  /** Each of them, in the order of the file. */
  suspect_docs: Suspect[]
  /** Negatives, and the score that they are below; `null` where nothing says which. */
  too_easy: { docs: number; rows: number; below: number | null }
  embedder: ModelReport
  reranker: ModelReport | null
  calibration: Calibration | null
  /** What the embedder's scores mean in this file. */
  scale: ScoreScale | null
  /** `null` where nothing was to be replaced. */
  fixed: { rows: number; docs: number; rows_left: number } | null
  /** No suspect left, no bad row. */
  ok: boolean
}

interface ScoreTally {
  report: ScoreReport
  add(line: ScoredLine, replacements: Replacements | undefined): void
  finish(scale: Scale | undefined, minScore: number | undefined): ScoreReport
}

interface ModelNames {
  embedder: string
  reranker: string | null
}

/** @param fixes whether suspects are replaced. */
export function createScoreTally(names: ModelNames, fixes: boolean): ScoreTally {
  const embedder = createModelTally(names.embedder, (doc) => doc.embedder)
  const reranker = names.reranker === null ? null : createModelTally(names.reranker, (doc) => doc.reranker!)
  const report: ScoreReport = {
    rows: 0,
    bad_rows: 0,
    positive_not_first: 0,
    suspects: { docs: 0, rows: 0, reasons: {} },
    suspect_docs: [],
    too_easy: { docs: 0, rows: 0, below: null },
    embedder: embedder.report,
    reranker: reranker?.report ?? null,
    calibration: null,
    scale: null,
    fixed: fixes ? { rows: 0, docs: 0, rows_left: 0 } : null,
    ok: false,
  }
  const { suspects, too_easy, fixed } = report
  const countFindings = (judged: JudgedRow, replacements: Replacements | undefined) => {
    const found = suspectsOf(judged).length
    suspects.docs += found
    report.suspect_docs.push(...suspectsIn(judged, replacements))
    if (found > 0) suspects.rows++
    if (fixed && replacements) {
      fixed.rows++
      fixed.docs += replacements.size
    } else if (fixed && found > 0) fixed.rows_left++
    const findings = judged.docs.flatMap((doc) => doc.findings)
    const easy = findings.filter(({ kind }) => kind === 'too-easy').length
    too_easy.docs += easy
    if (easy > 0) too_easy.rows++
    for (const { kind, reason } of findings) {
      if (kind === 'suspect') suspects.reasons[reason] = (suspects.reasons[reason] ?? 0) + 1
    }
  }
  return {
    report,
    add({ judged, reason }, replacements) {
      if (reason !== undefined) report.bad_rows++
      if (!judged) return
      report.rows++
      const { positiveRank } = judged
      if ((positiveRank.reranker ?? positiveRank.embedder) > 1) report.positive_not_first++
      embedder.add(judged, positiveRank.embedder)
      reranker?.add(judged, positiveRank.reranker!)
      countFindings(judged, replacements)
    },
    finish(scale, minScore) {
      embedder.finish()
      reranker?.finish()
      report.calibration = scale?.calibration ?? null
      report.scale = scale?.embedder ?? null
      too_easy.below = rounded(minScore ?? scale?.random)
      report.ok = report.bad_rows === 0 && (fixed ? fixed.rows_left === 0 : suspects.rows === 0)
      return report
    },
  }
}

function createModelTally(model: string, scoreOf: (doc: JudgedRow['docs'][0]) => { score: number }) {
  const [positive, negative, difference] = [createSpread(), createSpread(), createSpread()]
  let [rows, first] = [0, 0]
  const report: ModelReport = {
    model,
    positive_first: null,
    positive: null,
    negative: null,
    difference: null,
  }
  return {
    report,
    add({ docs }: JudgedRow, positiveRank: number) {
      rows++
      if (positiveRank === 1) first++
      const scores = (isPositive: boolean) =>
        docs.filter((doc) => doc.isPositive === isPositive).map((doc) => scoreOf(doc).score)
      const positives = scores(true)
      const least = Math.min(...positives)
      for (const score of positives) positive.add(score)
      for (const score of scores(false)) {
        negative.add(score)
        difference.add(least - score)
      }
    },
    finish() {
      report.positive_first = rows === 0 ? null : Number((first / rows).toFixed(4))
      report.positive = positive.distribution()
      report.negative = negative.distribution()
      report.difference = difference.distribution()
    },
  }
}
