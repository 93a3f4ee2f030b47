/** What is seen only across the rows of a file: repeats, and passages that are negatives again and again. */

import { KeyTable, keyOfAll } from '../../text/key-table.js'
import type { Content } from './content.js'
import { EqualQuestions } from './equal-questions.js'
import type { Findings } from './findings.js'
import type { CheckedRow } from './row.js'

export interface ReuseReport {
  /** Places of negatives, and the distinct passages in all docs. */
  negatives: number
  passages: number
  /** Uses of the passage that is a negative most often. */
  most: number
  /** Passages by how often they are a negative: 0, 1, 2 to 3, 4 to 7, …; ascending. */
  histogram: { from: number; to: number; passages: number }[]
}

/** A passage this often a negative is one of a few that dominate … */
const SHARE_OF_ROWS = 0.1
/** … if that is so many times the mean, which in a small corpus is itself a large share … */
const TIMES_MEAN = 10
/** … and in fewer rows it may be chance. */
const LEAST_ROWS = 50
/** Fewer are in many a published data set, and change nothing. */
const SHARE_OF_DUPLICATES = 0.01
/** One or two in a small file are no sign of anything. */
const LEAST_DUPLICATES = 3
/** Beyond this many, further ones are counted and not named. */
const NAMED = 1000

/** The first line of a passage and its uses share one number of 53 bits. */
const USES = 2 ** 22

export class Across {
  #questions = new EqualQuestions()
  #samples = new KeyTable()
  #passages = new KeyTable()
  #rows = 0
  #negatives = 0
  #duplicates = 0

  /** Adds to the row's faults. */
  check(line: number, row: CheckedRow, content: Content): void {
    const { questions, docs, isPositive } = content
    this.#rows++
    const keys = docs.map(({ key }) => key)
    let repeated = 0
    for (const { key } of questions) {
      const before = this.#questions.add(key, line, content)
      if (before === 0) continue
      this.#questions.check(key, line, row, content)
      if (repeated === 0) repeated = before
    }
    if (questions.length > 0 || docs.length > 0) {
      // Of the first stage the second question may differ: all of them belong to the sample.
      const sample = keyOfAll({ high: questions.length, low: docs.length }, [
        ...keys,
        ...questions.map(({ key: { high, low } }) => ({ high: low, low: high })),
      ])
      const before = this.#samples.get(sample)
      if (before === 0) this.#samples.set(sample, line)
      else {
        this.#duplicates++
        row.faults.push({
          kind: 'duplicate-sample',
          reason: `the same question and docs as on line ${before}`,
        })
        repeated = 0
      }
    }
    if (repeated > 0) {
      row.faults.push({ kind: 'duplicate-question', reason: `the same question as on line ${repeated}` })
    }
    const known = isPositive.size > 0
    keys.forEach((key, i) => {
      const value = this.#passages.get(key) || line * USES
      const used = known && !isPositive.has(i) ? 1 : 0
      this.#negatives += used
      this.#passages.set(key, value % USES < USES - 1 ? value + used : value)
    })
  }

  /** Adds the findings that only all rows show. @returns `null` where nothing was a negative. */
  finish(findings: Findings): ReuseReport | null {
    if (this.#duplicates >= LEAST_DUPLICATES && this.#duplicates > SHARE_OF_DUPLICATES * this.#rows) {
      const reason = `${this.#duplicates} of ${this.#rows} samples are repeats of others`
      findings.addFile('many-duplicates', reason)
    }
    if (this.#negatives === 0) return null
    const bins: number[] = []
    let most = 0
    const limit = Math.max(
      SHARE_OF_ROWS * this.#rows,
      (TIMES_MEAN * this.#negatives) / Math.max(1, this.#passages.size),
    )
    const over: { line: number; uses: number }[] = []
    let dominating = 0
    for (const value of this.#passages.values()) {
      const uses = value % USES
      const bin = uses === 0 ? 0 : Math.floor(Math.log2(uses)) + 1
      bins[bin] = (bins[bin] ?? 0) + 1
      most = Math.max(most, uses)
      if (this.#rows < LEAST_ROWS || uses <= limit) continue
      dominating++
      if (over.length < NAMED) over.push({ line: (value - uses) / USES, uses })
    }
    over.sort((a, b) => a.line - b.line || b.uses - a.uses)
    for (const { line, uses } of over) {
      const reason = `a doc of this line is a negative of ${uses} of ${this.#rows} samples`
      findings.add('overused-negative', line, reason)
    }
    findings.addUnnamed('overused-negative', dominating - over.length)
    return { negatives: this.#negatives, passages: this.#passages.size, most, histogram: histogramOf(bins) }
  }

  /** Rows, questions and passages that were not compared with later ones: the tables were full. */
  get forgotten(): number {
    return this.#questions.forgotten + this.#samples.refused + this.#passages.refused
  }
}

function histogramOf(bins: number[]): ReuseReport['histogram'] {
  return Array.from(bins, (passages = 0, bin) => ({
    from: bin === 0 ? 0 : 2 ** (bin - 1),
    to: bin === 0 ? 0 : 2 ** bin - 1,
    passages,
  }))
}
