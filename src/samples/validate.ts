/** Checks files of samples before a trainer does, in memory that does not grow with them. */
import { callback, oneOf, optional, requireArgument, requireOptions, text, whole } from '../arguments.js'
import type { CountTokens } from '../chunks/count-tokens.js'
import { ClaraError, type OnProblem } from '../errors.js'
import { parseLine, readLineBatches } from '../files/jsonl.js'
import { STAGES, type Stage } from './stages.js'
import { findEqualAnswers } from './validate/equal-answers.js'
import { Leaks, sideOfName } from './validate/leaks.js'
import { Pass, type PassOptions } from './validate/pass.js'
import { openProvenance, type ProvenanceFile } from './validate/provenance.js'
import { otherKindOf, stageOfName, stageOfRows } from './validate/stage.js'
import type { ValidationReport } from './validate/summary.js'

export type { ValidationReport } from './validate/summary.js'

export interface ValidateOptions {
  /** What the file is for; default: what its name says, else what most of its first rows are. */
  stage?: Stage
  /** Number of docs that each row of the last stage should have. Without it, any number that all rows share. */
  expectedTopK?: number
  /** Tokens a doc may have, more are an error; needs `countTokens`. */
  docMaxTokens?: number
  /** Tokens that the trainer reads of a doc where nobody says otherwise: more are a warning, unless the answer is among them. Needs `countTokens`. */
  docTokensRead?: number
  /** Tokens of each text, as the trainer counts them. Called with at most 256 texts. */
  countTokens?: CountTokens
  /** Whose tokens those are, for messages: `mistral`. */
  countedBy?: string
  /**
   * Looks whether prompt and answer of each row fit into the trainer's `--max_len`, by default that of the trainer's scripts (more for many documents); `countTokens` must
   * then count as the trainer does. `mistral`: its base model has Mistral's vocabulary and template.
   */
  lengths?: { maxLen: number | undefined; mistral: boolean }
  /** Looks at fields and their types alone, not at what the texts say. */
  schemaOnly?: boolean
  /** Warnings count as errors. */
  strict?: boolean
  /** Not only the first 20 findings of each kind; memory then grows with them. */
  everyProblem?: boolean
  /** Receives the first 20 findings of each kind, or all. */
  onProblem: OnProblem
}

/** Plain data, for `--json`. */
export interface FilesReport {
  files: ValidationReport[]
  ok: boolean
}

/**
 * Reads a file of samples, of any stage, and says all that is wrong with it; where there is a provenance beside it, they are
 * compared.
 * @throws ClaraError `input` when the file cannot be read, or is of another kind; RangeError or TypeError for options
 * that make no sense.
 */
export async function validateSamples(path: string, options: ValidateOptions): Promise<ValidationReport> {
  requireArgument('validateSamples: path', path, text('the path of a file'))
  requireOptions('validateSamples', options, {
    onProblem: callback,
    stage: optional(oneOf(STAGES)),
    expectedTopK: optional(whole(1)),
    docMaxTokens: optional(whole(1)),
    docTokensRead: optional(whole(1)),
  })
  checkOptions(options)
  return validateOne(path, options)
}

/**
 * As validateSamples, and what stands on both sides of a split is found: the sides are named by the files' names (train,
 * validation, test).
 */
export async function validateFiles(paths: string[], options: ValidateOptions): Promise<FilesReport> {
  checkOptions(options)
  const sides = new Set(paths.map(sideOfName).filter((side) => side !== undefined))
  const leaks = sides.size > 1 && !options.schemaOnly ? new Leaks() : undefined
  const files: ValidationReport[] = []
  for (const path of bySide(paths)) {
    const side = sideOfName(path)
    if (side) leaks?.open(path, side)
    files.push(await validateOne(path, { ...options, ...(side && { leaks }) }))
  }
  return { files, ok: files.every(({ ok }) => ok) }
}

/** What was said of a leak names the training side as the one where the text was before. */
function bySide(paths: string[]): string[] {
  const training = (path: string) => sideOfName(path) === 'train'
  return [...paths.filter(training), ...paths.filter((path) => !training(path))]
}

function checkOptions({ expectedTopK, docMaxTokens, docTokensRead, countTokens }: ValidateOptions): void {
  for (const [name, value] of Object.entries({ expectedTopK, docMaxTokens, docTokensRead })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new RangeError(`${name} is ${value}, an integer of 1 or more was expected`)
    }
  }
  for (const [name, value] of Object.entries({ docMaxTokens, docTokensRead })) {
    if (value !== undefined && countTokens === undefined) {
      throw new TypeError(`${name} was given without countTokens: tokens cannot be counted`)
    }
  }
}

async function validateOne(path: string, options: PassOptions): Promise<ValidationReport> {
  const provenance = options.schemaOnly ? undefined : await openProvenance(path)
  try {
    const equal = options.schemaOnly ? undefined : await findEqualAnswers(path)
    const pass = new Pass(path, options, provenance !== undefined, equal)
    await readInto(pass, path, options, provenance)
    await pass.end()
    if (await provenance?.goesOn()) {
      pass.findings.addFile('provenance-differs', 'the provenance has more lines than the file')
    }
    return pass.report()
  } finally {
    await provenance?.close()
  }
}

async function readInto(
  pass: Pass,
  path: string,
  options: PassOptions,
  provenance: ProvenanceFile | undefined,
): Promise<void> {
  let stage = options.stage ?? stageOfName(path)
  for await (const lines of readLineBatches(path)) {
    const origins = await provenance?.upTo(lines.at(-1)!.line)
    const values = stage ? undefined : lines.map(parseLine)
    if (!stage) {
      const objects = values!.map(objectOf)
      const other = otherKindOf(objects)
      if (other) throw new ClaraError('input', `${path}: no samples, but ${other}`)
      stage = stageOfRows(objects, options.expectedTopK)
    }
    pass.stage = stage ?? pass.stage
    for (const [i, raw] of lines.entries()) {
      const { line } = raw
      const parsed = values ? values[i] : parseLine(raw)
      if (typeof parsed === 'string') pass.unreadable(line, parsed)
      else if (parsed) {
        const waiting = pass.row(line, parsed, origins?.get(line))
        if (waiting) await waiting
      }
    }
  }
}

function objectOf(parsed: ReturnType<typeof parseLine>): unknown {
  return typeof parsed === 'object' ? parsed.value : undefined
}
