/** What a validation comes to. */
import type { Stage } from '../stages.js'
import type { ReuseReport } from './across.js'
import { type DocCounts, differingRows } from './counts.js'
import type { Finding } from './findings.js'
import type { FirstSample } from './first.js'
import type { LanguageReport } from './languages.js'
import type { LengthReport } from './lengths.js'
import type { TokenReport } from './tokens.js'
import type { Uniformity } from './uniform.js'

/** Plain data, for `--json`. */
export interface ValidationReport {
  file: string
  stage: Stage
  /** Only the fields and their types were looked at. */
  schemaOnly: boolean
  /** Warnings count as errors. */
  strict: boolean
  /** Lines that are not blank; the sum of the two below. */
  lines: number
  /** Lines without an error; under `strict`, without any finding. */
  valid: number
  withFindings: number
  /** Lines with a warning, whatever else they have. */
  withWarnings: number
  /** Of the rows whose docs could be counted; null when no top-k was expected. */
  expected: { topK: number; matching: number; notMatching: number } | null
  /** By number of docs, ascending; percent of the rows whose docs could be counted, to 0.1. */
  docsPerSample: { docs: number; rows: number; percent: number }[]
  mostCommon: number | null
  /** Rows whose number of docs is not the most common one. */
  differing: number
  /** Rows by the position of their first positive, ascending. */
  positions: { position: number; rows: number }[]
  /** Of rows with the most common number of docs and one positive; null for too few of them. */
  uniformity: Uniformity | null
  /** Null where there are no negatives, or they were not counted. */
  reuse: ReuseReport | null
  /** Null where all is in one language, or what the texts say was not looked at. */
  languages: LanguageReport | null
  /** Null when no limit was given. */
  tokens: TokenReport | null
  /** Null where the trainer's lengths were not looked at. */
  lengths: LengthReport | null
  /** Whether there was a provenance to compare with. */
  provenance: boolean
  /** Questions and passages that were not compared with later ones, as too many had come before. */
  notCompared: number
  findings: Finding[]
  /** The first row that is a JSON object, faults and all. */
  firstSample: FirstSample | null
  /** No error; under `strict`, no finding. */
  ok: boolean
}

export function againstExpected(counts: DocCounts, topK: number) {
  return { topK, matching: counts.get(topK)?.rows ?? 0, notMatching: differingRows(counts, topK) }
}

export function distribution(counts: DocCounts): ValidationReport['docsPerSample'] {
  const total = differingRows(counts, null)
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([docs, { rows }]) => ({ docs, rows, percent: Math.round((1000 * rows) / total) / 10 }))
}
