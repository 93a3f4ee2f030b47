/** One pass over a file: each row through all checks, and what is left to say at its end. */

import { repeatedKey } from '../../files/json-text.js'
import { isObject, type JsonObject } from '../../files/json-value.js'
import type { ParsedLine } from '../../files/jsonl.js'
import { shownPath } from '../../files/spool.js'
import { TRAINER_DOC_TOKENS } from '../../inference/trainer-tokenizer.js'
import type { Stage } from '../stages.js'
import type { ValidateOptions } from '../validate.js'
import { Across } from './across.js'
import { checkContent, contentOf } from './content.js'
import { countRow, type DocCounts, differingRows, findMixedCounts, mostCommonCount } from './counts.js'
import { checkEqualAnswers, type EqualAnswers } from './equal-answers.js'
import { Findings } from './findings.js'
import { type FirstSample, firstSampleOf } from './first.js'
import { checkImageMarks } from './image-marks.js'
import { FINDING_KINDS } from './kinds.js'
import { Languages } from './languages.js'
import type { Leaks } from './leaks.js'
import { LengthCheck } from './lengths.js'
import { Positions } from './positions.js'
import { checkPretrainRow, dataTypeOf } from './pretrain-row.js'
import { type Origin, OriginCheck } from './provenance.js'
import { type CheckedRow, checkRow } from './row.js'
import { againstExpected, distribution, type ValidationReport } from './summary.js'
import { rememberFacts } from './texts.js'
import { type PendingRow, TokenCheck } from './tokens.js'
import { checkTrainerTokens } from './trainer-tokens.js'

export interface PassOptions extends ValidateOptions {
  /** Shared by the files that are on sides of a split. */
  leaks?: Leaks | undefined
}

export class Pass {
  /** Set before the first row comes. */
  stage: Stage = 'end-to-end'
  readonly findings: Findings
  #lines = 0
  #failed = 0
  #warned = 0
  #counts: DocCounts = new Map()
  #positions = new Positions()
  #firstSample: FirstSample | null = null
  #dataType: string | undefined
  #mixedTypes = false
  #facts = rememberFacts()
  #across = new Across()
  #languages = new Languages()
  #origins = new OriginCheck()
  #tokens: TokenCheck | null
  #lengths: LengthCheck<PendingRow> | null
  /** `leaks` comes from the files before. */
  #forgottenBefore: number

  constructor(
    private readonly path: string,
    private readonly options: PassOptions,
    private readonly hasProvenance: boolean,
    private readonly equal: EqualAnswers | undefined,
  ) {
    this.findings = new Findings(
      shownPath(path),
      options.onProblem,
      options.everyProblem ? Number.POSITIVE_INFINITY : undefined,
    )
    const { docMaxTokens, docTokensRead, countTokens, schemaOnly = false } = options
    const limit = docMaxTokens ?? docTokensRead
    const isNamed = docMaxTokens !== undefined
    this.#forgottenBefore = options.leaks?.forgotten ?? 0
    const settle = (row: PendingRow) => this.#settle(row)
    this.#tokens =
      limit === undefined || countTokens === undefined
        ? null
        : new TokenCheck(limit, isNamed, !schemaOnly, countTokens, this.findings, settle, options.countedBy)
    const { lengths } = options
    this.#lengths =
      lengths === undefined || countTokens === undefined || schemaOnly
        ? null
        : new LengthCheck(
            { ...lengths, docMaxLength: limit ?? TRAINER_DOC_TOKENS, countTokens },
            this.findings,
            (row) => this.#countDocs(row),
          )
  }

  get #forgotten(): number {
    const here = this.#across.forgotten + this.#origins.forgotten + (this.equal?.notCompared ?? 0)
    return here + (this.options.leaks?.forgotten ?? 0)
  }

  /** The other stages take one document. */
  get #expectedTopK(): number | undefined {
    return this.stage === 'end-to-end' ? this.options.expectedTopK : undefined
  }

  unreadable(line: number, reason: string): void {
    this.#lines++
    this.#failed++
    this.findings.add('not-json', line, reason)
  }

  /** @param origin what the provenance says of the line, where there is one. @returns a promise only where it must be waited for. */
  row(
    line: number,
    { value, text, repaired }: ParsedLine,
    origin: Origin | undefined,
  ): Promise<void> | undefined {
    this.#lines++
    if (!isObject(value)) {
      this.#failed++
      this.findings.add('not-object', line, 'not a JSON object')
      return undefined
    }
    this.#firstSample ??= firstSampleOf(line, value)
    const row = this.#checkFields(value)
    if (repaired > 0) row.faults.push({ kind: 'lone-surrogate', reason: halvesFound(repaired) })
    const repeated = repeatedKey(text, value)
    if (repeated !== undefined) {
      row.faults.push({ kind: 'repeated-key', reason: `${JSON.stringify(repeated)} stands twice` })
    }
    const content = this.options.schemaOnly ? undefined : contentOf(row, this.#facts)
    if (!this.options.schemaOnly) {
      checkTrainerTokens(row)
      checkImageMarks(row)
    }
    if (content) {
      checkContent(row, content)
      this.#languages.add(row, content)
      if (this.hasProvenance) this.#origins.check(origin, row, content.docs)
      this.options.leaks?.check(line, row, content, origin)
      this.#across.check(line, row, content)
      if (this.equal) checkEqualAnswers(this.equal, row, content)
    }
    return this.#book(line, row, content ?? null)
  }

  async end(): Promise<void> {
    await this.#lengths?.flush()
    await this.#tokens?.flush()
  }

  report(): ValidationReport {
    const { strict = false, schemaOnly = false } = this.options
    const expectedTopK = this.#expectedTopK
    const [counts, findings] = [this.#counts, this.findings]
    if (this.#firstSample === null) {
      findings.addFile('no-samples', 'no samples: the file holds no JSON object')
    }
    const mostCommon = mostCommonCount(counts, expectedTopK)
    const onlyMixed = mostCommon === null ? 0 : findMixedCounts(counts, mostCommon, findings)
    const uniformity =
      mostCommon === null || schemaOnly || this.stage !== 'end-to-end'
        ? null
        : this.#positions.test(mostCommon, findings)
    const reuse = this.#across.finish(findings)
    const found = findings.list()
    const failed = this.#failed + onlyMixed
    return {
      file: shownPath(this.path),
      stage: this.stage,
      schemaOnly,
      strict,
      lines: this.#lines,
      valid: this.#lines - failed,
      withFindings: failed,
      withWarnings: this.#warned,
      expected: expectedTopK === undefined ? null : againstExpected(counts, expectedTopK),
      docsPerSample: distribution(counts),
      mostCommon,
      differing: differingRows(counts, mostCommon),
      positions: this.#positions.list(),
      uniformity,
      reuse,
      languages: schemaOnly ? null : this.#languages.report(),
      tokens: this.#tokens?.report ?? null,
      lengths: this.#lengths?.report ?? null,
      provenance: this.hasProvenance && !schemaOnly,
      notCompared: this.#forgotten - this.#forgottenBefore,
      findings: found,
      firstSample: this.#firstSample,
      ok: !found.some(({ level }) => strict || level === 'error'),
    }
  }

  #checkFields(value: JsonObject): CheckedRow {
    if (this.stage !== 'pretrain') return checkRow(value, this.#expectedTopK, this.stage)
    const row = checkPretrainRow(value)
    const type = dataTypeOf(value)
    this.#dataType ??= type
    if (type !== undefined && type !== this.#dataType && !this.#mixedTypes) {
      this.#mixedTypes = true
      const reason = `a ${type} row in a file of ${this.#dataType} rows: the trainer cannot load both from one file`
      row.faults.push({ kind: 'mixed-data-types', reason })
    }
    return row
  }

  #book(line: number, row: CheckedRow, content: PendingRow['content']) {
    const { faults, docs, positives } = row
    let [failed, warned] = [false, false]
    for (const { kind, reason } of faults) {
      this.findings.add(kind, line, reason)
      if (FINDING_KINDS[kind].level === 'error') failed = true
      else warned = true
    }
    if (docs === undefined) {
      if (warned) this.#warned++
      this.#failed++
      return undefined
    }
    if (positives && positives.length > 0) this.#positions.add(positives, docs.length)
    const pending = { line, docs, content, failed, warned }
    return this.#lengths ? this.#lengths.add(pending, this.stage, row) : this.#countDocs(pending)
  }

  #countDocs(row: PendingRow): Promise<void> | undefined {
    if (this.#tokens !== null) return this.#tokens.add(row)
    this.#settle(row)
    return undefined
  }

  #settle({ line, docs, failed: hasErrors, warned }: PendingRow): void {
    const failed = hasErrors || (warned && this.options.strict === true)
    if (warned) this.#warned++
    countRow(this.#counts, { docs: docs.length, line, clean: !failed, told: this.findings.told })
    if (failed) this.#failed++
  }
}

function halvesFound(count: number): string {
  return count === 1
    ? 'half of a surrogate pair (\\ud800 to \\udfff)'
    : `${count} halves of surrogate pairs (\\ud800 to \\udfff)`
}
