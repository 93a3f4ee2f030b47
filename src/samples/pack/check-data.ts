/** Is what is in a run directory fit to train on? Each file is read once, in constant memory. */
import type { OnProblem } from '../../errors.js'
import { readLines } from '../../files/jsonl.js'
import { NO_TRAINER, openTrainerTokenizer, TRAINER_DOC_TOKENS } from '../../inference/trainer-tokenizer.js'
import { largestMaxLen } from '../trainer-lengths.js'
import { type ValidationReport, validateFiles } from '../validate.js'
import { type Refusal, shellWord } from './refusal.js'
import { isAbsolutePath } from './run-facts.js'
import type { LeftOut, RunFile } from './run-files.js'
import { MICRO_BATCH } from './training-plan.js'

export interface CheckedFile extends RunFile {
  /** Lines that are not blank. */
  rows: number
  /** Documents in every row; `null` for what is not trained on. */
  docsPerRow: number | null
  /** Tokens of its longest row for the trainer, beside the places of its documents; 0 for what is not trained on. */
  longest: number
  /** Documents of which the trainer reads the beginning alone. */
  cutDocs: number
}

export interface CheckedData {
  files: CheckedFile[]
  leftOut: LeftOut[]
  refusals: Refusal[]
  /** Documents of every end-to-end row; `null` without such rows. */
  topK: number | null
}

interface CheckOptions {
  expectedTopK?: number | undefined
  /** `mistral`, `qwen3`, a tokenizer's file or folder; `none`: it is not looked what is cut of documents. */
  trainer?: string | undefined
  /** Tokens that it reads of a document. */
  docMaxLength: number
  onProblem: OnProblem
}

export async function checkData(files: RunFile[], options: CheckOptions): Promise<CheckedData> {
  const { expectedTopK } = options
  const data: CheckedData = { files: [], leftOut: [], refusals: [], topK: null }
  const trained = files.filter(({ role }) => role === 'rows' || role === 'paraphrases')
  const reports = await reportsOf(trained, options)
  for (const file of files) {
    const report = reports.find((each) => each.file === file.path)
    if (report) addRows(file, report, data, options)
    else await listLines(file, data)
  }
  const samples = data.files.filter(({ stage, role }) => stage === 'end-to-end' && role === 'rows')
  data.topK = samples[0]?.docsPerRow ?? null
  for (const { name, docsPerRow } of samples) {
    if (docsPerRow !== data.topK) {
      refuse(data, name, `${docsPerRow} docs in each row, ${samples[0]!.name} has ${data.topK}`)
    }
  }
  if (expectedTopK !== undefined && samples.length === 0) {
    refuse(data, 'end_to_end_data.jsonl', `is not there: no row has ${expectedTopK} docs`)
  }
  checkProvenance(data)
  checkRowCounts(data)
  return data
}

/** What is longer than any model has room for is a finding; all else is given its room. */
async function reportsOf(
  files: RunFile[],
  { expectedTopK, trainer: named, docMaxLength, onProblem }: CheckOptions,
): Promise<ValidationReport[]> {
  // Room for rows is worked out in any case.
  const trainer = await openTrainerTokenizer(named === NO_TRAINER ? undefined : named)
  try {
    const { files: reports } = await validateFiles(
      files.map(({ path }) => path),
      {
        onProblem,
        countTokens: trainer.countTokens,
        lengths: { maxLen: largestMaxLen(docMaxLength), mistral: false },
        ...(named !== NO_TRAINER && { docTokensRead: docMaxLength, countedBy: trainer.title }),
        ...(expectedTopK !== undefined && { expectedTopK }),
      },
    )
    return reports
  } finally {
    await trainer.close()
  }
}

function addRows(file: RunFile, report: ValidationReport, data: CheckedData, options: CheckOptions): void {
  data.files.push({
    ...file,
    rows: report.lines,
    docsPerRow: report.mostCommon,
    longest: report.lengths?.longest ?? 0,
    cutDocs: report.tokens?.overLimit ?? 0,
  })
  if (report.ok) return
  const k = file.stage === 'end-to-end' ? (options.expectedTopK ?? report.mostCommon) : null
  const command = `${validateCommand(file, options)}${k === null || k < 2 ? '' : ` --expected-top-k ${k}`}`
  const errors = report.findings.filter(({ level }) => level === 'error')
  data.refusals.push({ file: file.name, reason: errors.map(inWords).join('; '), command })
}

function validateCommand({ path }: RunFile, { trainer, docMaxLength }: CheckOptions): string {
  const by = trainer === undefined ? '' : ` --trainer ${shellWord(trainer)}`
  const limit =
    trainer === NO_TRAINER || docMaxLength === TRAINER_DOC_TOKENS ? '' : ` --doc-max-tokens ${docMaxLength}`
  return `clara-validate --input-file ${shellWord(path)}${by}${limit}`
}

function inWords({ kind, count, lines }: ValidationReport['findings'][number]): string {
  if (lines.length === 0) return `${kind} (${count})`
  const more = count > lines.length ? ', …' : ''
  return `${kind} (${count}: line${count === 1 ? '' : 's'} ${lines.join(', ')}${more})`
}

/** Names of a person's folders stay at home: chunk ids are paths where a file's name comes twice. */
async function listLines(file: RunFile, data: CheckedData): Promise<void> {
  let rows = 0
  for await (const { bytes, line } of readLines(file.path)) {
    const text = bytes?.toString('utf8') ?? ''
    if (bytes && text.trim() === '') continue
    rows++
    if (!namesAbsolutePath(text)) continue
    const reason = `line ${line} names a file of this machine by its absolute path`
    data.leftOut.push({ name: file.name, reason })
    return
  }
  data.files.push({ ...file, rows, docsPerRow: null, longest: 0, cutDocs: 0 })
}

/** As JSON spells it: a path that begins with an escaped slash does so too. */
function namesAbsolutePath(line: string): boolean {
  const ids = line.matchAll(/"(?:chunk_id|question_id|source)"\s*:\s*"([^"]{0,10})/g)
  return Array.from(ids).some(([, start]) => isAbsolutePath(start!))
}

/** Line by line it belongs to the samples. */
function checkProvenance(data: CheckedData): void {
  for (const { name, role, side, rows } of data.files) {
    if (role !== 'provenance') continue
    const samples = data.files.find(
      (file) => file.stage === 'end-to-end' && file.role === 'rows' && file.side === side,
    )
    if (samples === undefined) refuse(data, name, 'is there without its samples')
    else if (samples.rows !== rows) {
      refuse(data, name, `has ${rows} rows, ${samples.name} has ${samples.rows}: they are of different runs`)
    }
  }
}

/** What fills no micro batch leaves the trainer without a step. */
function checkRowCounts(data: CheckedData): void {
  for (const { name, role, side, rows, docsPerRow } of data.files) {
    const trained =
      (role === 'rows' || role === 'paraphrases') && side !== 'validation' && docsPerRow !== null
    if (!trained || rows >= MICRO_BATCH) continue
    refuse(
      data,
      name,
      `has ${rows} row, the trainer takes ${MICRO_BATCH} at once: ${MICRO_BATCH} rows or more would do`,
    )
  }
}

function refuse(data: CheckedData, file: string, reason: string): void {
  data.refusals.push({ file, reason, command: null })
}
