/** A validation report as text for a terminal. */
import { TRAINER_DOC_TOKENS } from '../../inference/trainer-tokenizer.js'
import { docPlaces } from '../trainer-lengths.js'
import type { FilesReport } from '../validate.js'
import type { ReuseReport } from './across.js'
import type { Finding } from './findings.js'
import type { FirstSample } from './first.js'
import { FINDING_KINDS } from './kinds.js'
import type { LanguageReport } from './languages.js'
import type { ValidationReport } from './summary.js'
import { docCount } from './wrong-type.js'

const BAR_WIDTH = 30
/** Of a list in the first sample; a row may have thousands of docs. */
const ITEMS_SHOWN = 20

/** No trailing newline, no colours, no control characters from the data. */
export function renderReport(report: ValidationReport): string {
  const sections = [
    section('File', [clean(report.file), STAGE_TITLES[report.stage]]),
    section('Samples', [...sampleLines(report), ...lengthLines(report)]),
    section('Documents per sample', documentLines(report)),
    ...(report.expected === null ? [] : [section('Expected top-k', expectedLines(report.expected))]),
    section('Inconsistent counts', [inconsistent(report)]),
    section('Positive position', positionLines(report)),
    ...(report.reuse === null ? [] : [section('Negatives', reuseLines(report.reuse))]),
    ...(report.languages === null ? [] : [section('Languages', languageLines(report.languages))]),
    section('Findings', findingLines(report.findings)),
    ...(report.findings.length === 0 ? [] : [section('What to do', remedies(report.findings))]),
    section('First sample', firstSampleLines(report.firstSample)),
    verdict(report),
  ]
  return sections.join('\n\n')
}

/** The files one after the other, and a line about all of them. */
export function renderFiles({ files, ok }: FilesReport): string {
  if (files.length === 1) return renderReport(files[0]!)
  const failed = files.filter((file) => !file.ok)
  const last = ok
    ? `OK: all ${files.length} files`
    : `FAILED: ${failed.length} of ${files.length} files: ${failed.map(({ file }) => clean(file)).join(', ')}`
  return [...files.map(renderReport), last].join('\n\n\n')
}

const STAGE_TITLES = {
  pretrain: 'stage 1: pretraining of the compressor',
  instruction: 'stage 2: instructions, one document each',
  'end-to-end': 'stage 3: end to end, k documents each',
}

function sampleLines(report: ValidationReport): string[] {
  const lines = [
    `total          ${report.lines}`,
    `valid          ${report.valid}`,
    `with findings  ${report.withFindings}`,
  ]
  if (report.withWarnings > 0) lines.push(`with warnings  ${report.withWarnings}`)
  if (report.notCompared > 0) {
    lines.push(
      `${report.notCompared} questions and passages were not compared with later ones: too many before them`,
    )
  }
  if (report.schemaOnly) lines.push('fields and their types only: what the texts say was not looked at')
  else if (report.provenance) lines.push('compared with their provenance')
  return lines
}

function languageLines({ questions, answers, positives, ...crossing }: LanguageReport): string[] {
  const counts = ({ en, zh, other }: LanguageReport['questions']) =>
    `English ${en}, Chinese ${zh}${other > 0 ? `, neither ${other}` : ''}`
  const lines = [
    `questions      ${counts(questions)}`,
    `answers        ${counts(answers)}`,
    `positives      ${counts(positives)}`,
    `question and positive in two languages  ${crossing.crossLingual}`,
  ]
  if (crossing.translatedAnswers === 0) return lines
  return [
    ...lines,
    `answers in another language than their positives  ${crossing.translatedAnswers}: nothing can look for them there, nor in negatives`,
  ]
}

function section(title: string, lines: string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join('\n')
}

function lengthLines({ lengths, tokens }: ValidationReport): string[] {
  if (lengths === null || lengths.longest === 0) return []
  const { longest, maxLen, cutAnswers } = lengths
  const lines = [
    `longest prompt and answer  ${longest} of the trainer’s tokens, beside ${docPlaces(tokens?.limit ?? TRAINER_DOC_TOKENS)} for each doc${maxLen === null ? '' : `; max_len ${maxLen}`}`,
  ]
  return cutAnswers > 0 ? [...lines, `answers that max_len cuts  ${cutAnswers}`] : lines
}

function documentLines({ docsPerSample, lines: rows, tokens }: ValidationReport): string[] {
  const lines = table(
    docsPerSample.map(({ docs, rows, percent }) => [
      docCount(docs),
      plural(rows, 'row'),
      `${percent.toFixed(1)}%`,
      bar(percent / 100),
    ]),
  )
  if (tokens !== null) {
    const { overLimit, docs, limit, longest, lostAnswers, tokenizer } = tokens
    const by = tokenizer === undefined ? '' : ` of ${tokenizer}`
    lines.push(`over ${limit} tokens${by}: ${overLimit} of ${docCount(docs)}, the longest has ${longest}`)
    if (lostAnswers) lines.push(`${lostAnswers} of ${plural(rows, 'row')} lose their answer to the cut`)
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

function positionLines({ positions, uniformity }: ValidationReport): string[] {
  const total = positions.reduce((sum, { rows }) => sum + rows, 0)
  if (total === 0) return ['none']
  const lines = table(
    positions.map(({ position, rows }) => [String(position), plural(rows, 'row'), bar(rows / total)]),
  )
  if (uniformity) {
    const { chiSquare, p } = uniformity
    lines.push(`evenly spread by chance with p = ${p} (chi-square ${chiSquare})`)
  }
  return lines
}

function reuseLines({ negatives, passages, most, histogram }: ReuseReport): string[] {
  const bins = histogram.filter((bin) => bin.passages > 0)
  return [
    `${plural(negatives, 'place')}, ${plural(passages, 'passage')}; the one used most has ${most}`,
    ...table(
      bins.map(({ from, to, passages: count }) => [
        `used ${from === to ? from : `${from} to ${to}`}`,
        plural(count, 'passage'),
        bar(count / passages),
      ]),
    ),
  ]
}

function findingLines(findings: Finding[]): string[] {
  if (findings.length === 0) return ['none']
  return table(
    findings.map(({ kind, level, count, lines }) => [
      level,
      kind,
      String(count),
      `${FINDING_KINDS[kind].meaning}${lines.length === 0 ? '' : ` (${lineList(count, lines)})`}`,
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

function remedies(findings: Finding[]): string[] {
  return table(findings.map(({ kind }) => [kind, FINDING_KINDS[kind].remedy]))
}

function verdict({ ok, strict, lines, mostCommon, findings, withFindings }: ValidationReport): string {
  const count = (level: Finding['level']) =>
    findings.reduce((sum, finding) => (finding.level === level ? sum + finding.count : sum), 0)
  const [errors, warnings] = [count('error'), count('warning')]
  if (ok) {
    const warned = warnings > 0 ? `; ${plural(warnings, 'warning')}` : ''
    return `OK: ${plural(lines, 'sample')}, ${docCount(mostCommon ?? 0)} each${warned}`
  }
  const total = plural(errors + (strict ? warnings : 0), 'finding')
  const others = !strict && warnings > 0 ? `; ${plural(warnings, 'warning')}` : ''
  return `FAILED: ${total} in ${plural(withFindings, 'sample')}${others}`
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
