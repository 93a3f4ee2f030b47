/** Finds rows that are longer than the trainer's max_len: answers that are cut, or lost as a whole; counts a batch at a time. */
import type { CountTokens } from '../../chunks/count-tokens.js'
import type { Stage } from '../stages.js'
import { countedTexts, docPlaces, rowLength, usualMaxLen } from '../trainer-lengths.js'
import type { Findings } from './findings.js'
import type { CheckedRow } from './row.js'

/** Texts to a call of `countTokens`: two of a row. */
const BATCH_ROWS = 128
/** UTF-16 units of rows that wait to be counted. */
const BATCH_UNITS = 8 << 20

export interface LengthReport {
  /** The trainer's --max_len that rows were checked against; null where each row was checked by its number of docs. */
  maxLen: number | null
  /** Tokens of the longest row, prompt and answer, beside the places of its docs; 0 without rows. */
  longest: number
  /** Samples of which an answer loses its end, or all. */
  cutAnswers: number
  /** Samples of which nothing of an answer is left. */
  lostAnswers: number
}

interface LengthOptions {
  /** The trainer's --max_len; undefined: what the rows of the stage are given. */
  maxLen: number | undefined
  /** Tokens that the trainer reads of a doc. */
  docMaxLength: number
  /** Whether the base model has Mistral's vocabulary and template. */
  mistral: boolean
  countTokens: CountTokens
}

interface Waiting<Row> {
  row: Row
  line: number
  docs: number
  stage: Stage
  texts: ReturnType<typeof countedTexts> | undefined
}

type Settle<Row> = (row: Row) => Promise<void> | undefined

export class LengthCheck<Row extends { line: number; failed: boolean }> {
  readonly report: LengthReport
  #waiting: Waiting<Row>[] = []
  #units = 0

  /** `settle` receives each row, in order, once it has been counted. */
  constructor(
    private readonly options: LengthOptions,
    private readonly findings: Findings,
    private readonly settle: Settle<Row>,
  ) {
    this.report = { maxLen: options.maxLen ?? null, longest: 0, cutAnswers: 0, lostAnswers: 0 }
  }

  add(
    row: Row,
    stage: Stage,
    { docs = [], questions = [], answers = [] }: CheckedRow,
  ): Promise<void> | undefined {
    // What is missing or of the wrong type has a finding of its own.
    const isWhole = answers.length > 0 && (questions.length > 0 || stage === 'pretrain')
    const texts = isWhole ? countedTexts(stage, questions, answers) : undefined
    this.#waiting.push({ row, line: row.line, docs: docs.length, stage, texts })
    this.#units += texts ? texts.prompt.length + texts.whole.length : 0
    const isFull = this.#waiting.length >= BATCH_ROWS || this.#units >= BATCH_UNITS
    return isFull ? this.flush() : undefined
  }

  async flush(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    this.#units = 0
    const counts = await this.options.countTokens(
      waiting.flatMap(({ texts }) => (texts ? [texts.prompt, texts.whole] : [])),
    )
    let at = 0
    for (const each of waiting) {
      if (each.texts) this.#check(each, counts[at++]!, counts[at++]!)
      const settling = this.settle(each.row)
      if (settling) await settling
    }
  }

  #check({ row, line, docs, stage, texts }: Waiting<Row>, promptTokens: number, wholeTokens: number): void {
    const { mistral, docMaxLength } = this.options
    const places = docs * docPlaces(docMaxLength)
    const maxLen = this.options.maxLen ?? usualMaxLen(stage, places)
    const { prompt, whole } = rowLength(texts!.constant, promptTokens, wholeTokens, mistral)
    if (whole > this.report.longest) this.report.longest = whole
    if (whole + places <= maxLen) return
    row.failed = true
    this.report.cutAnswers++
    if (prompt + places >= maxLen) {
      this.report.lostAnswers++
      const reason = `the prompt has ${prompt + places} of the trainer’s tokens, and its max_len is ${maxLen}: nothing is left of the answer`
      this.findings.add('no-answer-left', line, reason)
    } else {
      const reason = `prompt and answer have ${whole + places} of the trainer’s tokens, and its max_len is ${maxLen}: the answer’s end is cut off`
      this.findings.add('cut-answer', line, reason)
    }
  }
}
