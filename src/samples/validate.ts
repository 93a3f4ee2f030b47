/** Checks a file of samples before a trainer does, in memory that does not grow with the file. */
import type { OnProblem } from '../errors.js'
import { isObject, type JsonObject, readJsonl } from '../files/jsonl.js'
import {
  countRow,
  type DocCounts,
  differingRows,
  findMixedCounts,
  mostCommonCount,
} from './validate/counts.js'
import { type Finding, Findings } from './validate/findings.js'
import { type FirstSample, firstSampleOf } from './validate/first.js'
import { checkRow } from './validate/row.js'
import { type CountTokens, type PendingRow, TokenCheck, type TokenReport } from './validate/tokens.js'

export interface ValidateOptions {
  /** Number of docs that each row should have. Without it, any number that all rows share. */
  expectedTopK?: number
  /** Tokens a doc may have; needs `countTokens`. */
  docMaxTokens?: number
  /** Tokens of each text, as the trainer counts them. Called with at most 256 texts. */
  countTokens?: CountTokens
  /** Receives the first 20 findings of each kind. */
  onProblem: OnProblem
}

/** Plain data, for `--json`. */
export interface ValidationReport {
  file: string
  /** Lines that are not blank; the sum of the two below. */
  lines: number
  /** Lines without any finding. */
  valid: number
  withFindings: number
  /** Of the rows whose docs could be counted; null when no top-k was expected. */
  expected: { topK: number; matching: number; notMatching: number } | null
  /** By number of docs, ascending; percent of the rows whose docs could be counted, to 0.1. */
  docsPerSample: { docs: number; rows: number; percent: number }[]
  mostCommon: number | null
  /** Rows whose number of docs is not the most common one. */
  differing: number
  /** Rows by the position of their first positive, ascending. */
  positions: { position: number; rows: number }[]
  /** Null when no limit was given. */
  tokens: TokenReport | null
  findings: Finding[]
  /** The first row that is a JSON object, faults and all. */
  firstSample: FirstSample | null
  /** No finding. */
  ok: boolean
}

interface Tally {
  lines: number
  withFindings: number
  counts: DocCounts
  positions: Map<number, number>
  firstSample: FirstSample | null
}

/**
 * Reads end_to_end_data.jsonl and says all that is wrong with it.
 * @throws ClaraError `input` when the file cannot be read; RangeError or TypeError for options
 * that make no sense.
 */
export async function validateSamples(path: string, options: ValidateOptions): Promise<ValidationReport> {
  checkOptions(options)
  const findings = new Findings(path, options.onProblem)
  const tally: Tally = {
    lines: 0,
    withFindings: 0,
    counts: new Map(),
    positions: new Map(),
    firstSample: null,
  }
  const settle = ({ line, docs, clean }: PendingRow) => {
    countRow(tally.counts, docs.length, line, clean)
    if (!clean) tally.withFindings += 1
  }
  const tokens = tokenCheck(options, findings, settle)

  const unreadable = ({ line, reason }: { line: number; reason: string }) => {
    tally.lines += 1
    tally.withFindings += 1
    findings.add('not-json', line, reason)
  }
  for await (const { line, value } of readJsonl(path, unreadable)) {
    tally.lines += 1
    if (!isObject(value)) {
      tally.withFindings += 1
      findings.add('not-object', line, 'not a JSON object')
      continue
    }
    const row = checkObject(line, value, options.expectedTopK, tally, findings)
    if (row === undefined) tally.withFindings += 1
    else if (tokens === null) settle(row)
    else await tokens.add(row)
  }
  await tokens?.flush()
  return report(path, options.expectedTopK, tally, findings, tokens?.report ?? null)
}

function checkOptions({ expectedTopK, docMaxTokens, countTokens }: ValidateOptions): void {
  for (const [name, value] of Object.entries({ expectedTopK, docMaxTokens })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new RangeError(`${name} is ${value}, an integer of 1 or more was expected`)
    }
  }
  if (docMaxTokens !== undefined && countTokens === undefined) {
    throw new TypeError('docMaxTokens was given without countTokens: tokens cannot be counted')
  }
}

function tokenCheck(
  { docMaxTokens, countTokens }: ValidateOptions,
  findings: Findings,
  settle: (row: PendingRow) => void,
): TokenCheck | null {
  if (docMaxTokens === undefined || countTokens === undefined) return null
  return new TokenCheck(docMaxTokens, countTokens, findings, settle)
}

/** Undefined where the row has no docs to count. */
function checkObject(
  line: number,
  value: JsonObject,
  expectedTopK: number | undefined,
  tally: Tally,
  findings: Findings,
): PendingRow | undefined {
  tally.firstSample ??= firstSampleOf(line, value)
  const { faults, docs, firstPositive } = checkRow(value, expectedTopK)
  for (const { kind, reason } of faults) findings.add(kind, line, reason)
  if (firstPositive !== undefined) {
    tally.positions.set(firstPositive, (tally.positions.get(firstPositive) ?? 0) + 1)
  }
  return docs && { line, docs, clean: faults.length === 0 }
}

function report(
  file: string,
  expectedTopK: number | undefined,
  tally: Tally,
  findings: Findings,
  tokens: TokenReport | null,
): ValidationReport {
  const { counts, positions, lines, firstSample } = tally
  if (firstSample === null) findings.addFile('no-samples', 'no samples: the file holds no JSON object')
  const mostCommon = mostCommonCount(counts, expectedTopK)
  const onlyMixed = mostCommon === null ? 0 : findMixedCounts(counts, mostCommon, findings)
  const withFindings = tally.withFindings + onlyMixed
  const found = findings.list()
  return {
    file,
    lines,
    valid: lines - withFindings,
    withFindings,
    expected: expectedTopK === undefined ? null : againstExpected(counts, expectedTopK),
    docsPerSample: distribution(counts),
    mostCommon,
    differing: differingRows(counts, mostCommon),
    positions: [...positions].sort(([a], [b]) => a - b).map(([position, rows]) => ({ position, rows })),
    tokens,
    findings: found,
    firstSample,
    ok: found.length === 0,
  }
}

function againstExpected(counts: DocCounts, topK: number) {
  return { topK, matching: counts.get(topK)?.rows ?? 0, notMatching: differingRows(counts, topK) }
}

function distribution(counts: DocCounts): ValidationReport['docsPerSample'] {
  const total = differingRows(counts, null)
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([docs, { rows }]) => ({ docs, rows, percent: Math.round((1000 * rows) / total) / 10 }))
}
