/** Finds docs with more tokens than the trainer keeps; counts them a batch at a time. */
import type { Findings } from './findings.js'

/** Texts to a call of `countTokens`. */
const BATCH_TEXTS = 256

export type CountTokens = (texts: string[]) => Promise<ArrayLike<number>>

export interface TokenReport {
  /** Tokens a doc may have. */
  limit: number
  docs: number
  overLimit: number
  /** Tokens of the longest doc, 0 without docs. */
  longest: number
}

export interface PendingRow {
  line: number
  docs: string[]
  /** No finding yet. */
  clean: boolean
}

export class TokenCheck {
  readonly report: TokenReport
  #rows: PendingRow[] = []
  #texts: string[] = []

  /** `settle` receives each row, in order, once its docs have been counted. */
  constructor(
    limit: number,
    private readonly countTokens: CountTokens,
    private readonly findings: Findings,
    private readonly settle: (row: PendingRow) => void,
  ) {
    this.report = { limit, docs: 0, overLimit: 0, longest: 0 }
  }

  async add(row: PendingRow): Promise<void> {
    this.#rows.push(row)
    for (const doc of row.docs) this.#texts.push(doc)
    // Rows without docs bring no text, so they are counted too.
    if (this.#texts.length >= BATCH_TEXTS || this.#rows.length >= BATCH_TEXTS) await this.flush()
  }

  async flush(): Promise<void> {
    const counts = await this.#count(this.#texts)
    let at = 0
    for (const row of this.#rows) {
      this.#checkRow(row, counts.slice(at, at + row.docs.length))
      at += row.docs.length
    }
    this.#rows = []
    this.#texts = []
  }

  #checkRow(row: PendingRow, counts: number[]): void {
    const { report } = this
    let first = -1
    counts.forEach((tokens, i) => {
      report.docs += 1
      if (tokens > report.longest) report.longest = tokens
      if (tokens <= report.limit) return
      report.overLimit += 1
      if (first < 0) first = i
    })
    if (first >= 0) {
      row.clean = false
      const reason = `docs[${first}] has ${counts[first]} tokens, the limit is ${report.limit}: the trainer cuts it off`
      this.findings.add('long-doc', row.line, reason)
    }
    this.settle(row)
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
