/** Finds docs with more tokens than the trainer keeps, and answers among what it cuts off; counts a batch at a time. */
import type { CountTokens } from '../../chunks/count-tokens.js'
import { isYesOrNo, supportFor } from '../../questions/answer-support.js'
import { statesAnswer } from '../../text/find-answer.js'
import type { Content } from './content.js'
import { keptParts } from './cut.js'
import type { Findings } from './findings.js'
import { factsOf } from './texts.js'

/** Texts to a call of `countTokens`. */
const BATCH_TEXTS = 256
/** UTF-16 units of rows that wait to be counted, so that a few of the longest lines are not held at once. */
const BATCH_UNITS = 8 << 20

export interface TokenReport {
  /** Whose tokens; absent where it was not said. */
  tokenizer?: string
  /** Tokens a doc may have. */
  limit: number
  docs: number
  overLimit: number
  /** Tokens of the longest doc, 0 without docs. */
  longest: number
  /** Samples of which the cut takes the answer; null where it was not looked for. */
  lostAnswers: number | null
}

export interface PendingRow {
  line: number
  docs: string[]
  /** Null where only types are checked, or something is of the wrong one. */
  content: Content | null
  failed: boolean
  warned: boolean
}

export class TokenCheck {
  readonly report: TokenReport
  #rows: PendingRow[] = []
  #texts: string[] = []
  #units = 0

  /**
   * @param isNamed whether somebody asked for this limit: longer docs are then an error.
   * @param settle receives each row, in order, once its docs have been counted.
   */
  constructor(
    limit: number,
    private readonly isNamed: boolean,
    seeksAnswers: boolean,
    private readonly countTokens: CountTokens,
    private readonly findings: Findings,
    private readonly settle: (row: PendingRow) => void,
    tokenizer: string | undefined,
  ) {
    this.report = {
      ...(tokenizer !== undefined && { tokenizer }),
      limit,
      docs: 0,
      overLimit: 0,
      longest: 0,
      lostAnswers: seeksAnswers ? 0 : null,
    }
  }

  async add(row: PendingRow): Promise<void> {
    this.#rows.push(row)
    for (const doc of row.docs) {
      this.#texts.push(doc)
      this.#units += doc.length
    }
    // Rows without docs bring no text, so they are counted too.
    const isFull = this.#texts.length >= BATCH_TEXTS || this.#rows.length >= BATCH_TEXTS
    if (isFull || this.#units >= BATCH_UNITS) await this.flush()
  }

  async flush(): Promise<void> {
    const [rows, texts] = [this.#rows, this.#texts]
    this.#rows = []
    this.#texts = []
    this.#units = 0
    const counts = await this.#count(texts)
    const cut: CutRow[] = []
    let at = 0
    for (const row of rows) {
      const own = counts.slice(at, at + row.docs.length)
      at += row.docs.length
      this.#checkLengths(row, own)
      const long = (row.content?.positives ?? []).filter((i) => own[i]! > this.report.limit)
      if (long.length > 0) cut.push({ row, long, tokens: own[long[0]!]! })
    }
    await this.#checkAnswers(cut)
    for (const row of rows) this.settle(row)
  }

  #checkLengths(row: PendingRow, counts: number[]): void {
    const { report } = this
    let first = -1
    counts.forEach((tokens, i) => {
      report.docs += 1
      if (tokens > report.longest) report.longest = tokens
      if (tokens <= report.limit) return
      report.overLimit += 1
      if (first < 0) first = i
    })
    if (first < 0) return
    row[this.isNamed ? 'failed' : 'warned'] = true
    const reason = `docs[${first}] has ${counts[first]} tokens${by(report)}, the limit is ${report.limit}: the trainer cuts it off`
    this.findings.add(this.isNamed ? 'long-doc' : 'cut-doc', row.line, reason)
  }

  async #checkAnswers(cut: CutRow[]): Promise<void> {
    const { limit } = this.report
    const texts = cut.flatMap(({ row, long }) => long.map((i) => row.docs[i]!))
    const kept = await keptParts(texts, limit, (parts) => this.#count(parts))
    let at = 0
    for (const { row, long, tokens } of cut) {
      const content = row.content!
      const short = new Map(long.map((i) => [i, factsOf(kept[at++]!).folded]))
      const whole = content.positives.map((i) => content.docs[i]!.folded)
      const left = content.positives.map((i) => short.get(i) ?? content.docs[i]!.folded)
      if (!content.answers.some((answer) => isLost(answer, whole, left))) continue
      this.report.lostAnswers! += 1
      row.failed = true
      const reason = `docs[${long[0]}], a positive, is cut after ${limit} of ${tokens} tokens${by(this.report)}, and the answer is behind the cut`
      this.findings.add('lost-answer', row.line, reason)
    }
  }

  async #count(texts: string[]): Promise<number[]> {
    const counts: number[] = []
    for (let start = 0; start < texts.length; start += BATCH_TEXTS) {
      const batch = texts.slice(start, start + BATCH_TEXTS)
      const got = await this.countTokens(batch)
      if (got.length !== batch.length) {
        throw new RangeError(`countTokens returned ${got.length} counts for ${batch.length} texts`)
      }
      for (let i = 0; i < got.length; i++) counts.push(got[i]!)
    }
    return counts
  }
}

const by = ({ tokenizer }: TokenReport) => (tokenizer === undefined ? '' : ` of ${tokenizer}`)

interface CutRow {
  row: PendingRow
  /** Positives over the limit. */
  long: number[]
  /** Of the first of them. */
  tokens: number
}

/** Of an answer in other words: it is lost where the cut takes half of those of its words that the positives have. */
const LEAST_LEFT = 0.5

function isLost(answer: string, whole: string[], left: string[]): boolean {
  if (isYesOrNo(answer)) return false // those words are anywhere
  const states = statesAnswer(answer)
  if (whole.some(states)) return !left.some(states)
  return supportFor(answer, left) < LEAST_LEFT * supportFor(answer, whole)
}
