/** A validation report as text for a terminal. */
import type { ValidationReport } from '../validate.js'
import { FINDING_KINDS, type Finding } from './findings.js'
import type { FirstSample } from './first.js'
import { docCount } from './row.js'

const BAR_WIDTH = 30
/** Of a list in the first sample; a row may have thousands of docs. */
const ITEMS_SHOWN = 20

/** No trailing newline, no colours, no control characters from the data. */
export function renderReport(report: ValidationReport): string {
  const sections = [
    section('File', [clean(report.file)]),
    section('Samples', [
      `total          ${report.lines}`,
      `valid          ${report.valid}`,
      `with findings  ${report.withFindings}`,
    ]),
    section('Documents per sample', documentLines(report)),
    ...(report.expected === null ? [] : [section('Expected top-k', expectedLines(report.expected))]),
    section('Inconsistent counts', [inconsistent(report)]),
    section('Positive position', positionLines(report)),
    section('Findings', findingLines(report.findings)),
    section('First sample', firstSampleLines(report.firstSample)),
    verdict(report),
  ]
  return sections.join('\n\n')
}

function section(title: string, lines: string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join('\n')
}

function documentLines({ docsPerSample, tokens }: ValidationReport): string[] {
  const lines = table(
    docsPerSample.map(({ docs, rows, percent }) => [
      docCount(docs),
      plural(rows, 'row'),
      `${percent.toFixed(1)}%`,
      bar(percent / 100),
    ]),
  )
  if (tokens !== null) {
    const { overLimit, docs, limit, longest } = tokens
    lines.push(`over ${limit} tokens: ${overLimit} of ${docCount(docs)}, the longest has ${longest}`)
  }
  return lines.length === 0 ? ['none'] : lines
}

function expectedLines(expected: NonNullable<ValidationReport['expected']>): string[] {
  return [
    `expected      ${expected.topK}`,
    `matching      ${expected.matching}`,
    `not matching  ${expected.notMatching}`,
  ]
}

function inconsistent({ differing, mostCommon }: ValidationReport): string {
  if (differing === 0) return 'none'
  return `${plural(differing, 'row')} without the most common count of ${mostCommon}`
}

function positionLines({ positions }: ValidationReport): string[] {
  const total = positions.reduce((sum, { rows }) => sum + rows, 0)
  if (total === 0) return ['none']
  return table(
    positions.map(({ position, rows }) => [String(position), plural(rows, 'row'), bar(rows / total)]),
  )
}

function findingLines(findings: Finding[]): string[] {
  if (findings.length === 0) return ['none']
  return table(
    findings.map(({ kind, count, lines }) => [
      kind,
      String(count),
      `${FINDING_KINDS[kind]}${lines.length === 0 ? '' : ` (${lineList(count, lines)})`}`,
    ]),
  )
}

function lineList(count: number, lines: number[]): string {
  return `${count === 1 ? 'line' : 'lines'} ${lines.join(', ')}${count > lines.length ? ', …' : ''}`
}

function firstSampleLines(sample: FirstSample | null): string[] {
  if (sample === null) return ['none']
  const { docs, docLengths } = sample
  return [
    `question   ${text(sample.question)}`,
    `docs       ${docs ?? '-'}${docLengths?.length ? ` (characters: ${list(docLengths)})` : ''}`,
    `pos_index  ${sample.posIndex === null ? '-' : `[${list(sample.posIndex)}]`}`,
    `answer     ${text(sample.answer)}`,
  ]
}

function verdict({ ok, lines, mostCommon, findings, withFindings }: ValidationReport): string {
  if (ok) return `OK: ${plural(lines, 'sample')}, ${docCount(mostCommon ?? 0)} each`
  const count = findings.reduce((sum, finding) => sum + finding.count, 0)
  return `FAILED: ${plural(count, 'finding')} in ${plural(withFindings, 'sample')}`
}

/** Columns aligned on the left; the last is left as it is. */
function table(rows: string[][]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  }
  return rows.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  '),
  )
}

function bar(share: number): string {
  return '#'.repeat(Math.max(1, Math.round(share * BAR_WIDTH)))
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function list(items: (number | null)[]): string {
  const shown = items.slice(0, ITEMS_SHOWN).map((item) => item ?? '-')
  return items.length > ITEMS_SHOWN ? `${shown.join(', ')}, …` : shown.join(', ')
}

function text(value: string | null): string {
  return value === null ? '-' : clean(value)
}

/** One line, and nothing that a terminal obeys. */
function clean(value: string): string {
  return value.replace(/[\s\p{Cc}]+/gu, ' ')
}
