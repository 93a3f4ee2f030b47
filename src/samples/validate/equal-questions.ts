/**
 * Rows of a file that ask the same: a passage that answers one of them must be no negative of another. Of each question's
 * first row hashes of its docs are kept; only a question that comes again costs more.
 */
import { type Key, KeyTable } from '../../text/key-table.js'
import type { Content } from './content.js'
import type { CheckedRow } from './row.js'

/** 32 bits a doc: 64 MiB. */
const MOST_DOCS = 1 << 24
/** Before the docs: the line, and how many there are. */
const HEAD = 2
const TAKEN = 0xffffffff

export class EqualQuestions {
  /** Where the first row stands in the log, from 1; where that was full, its line, negative. */
  #first = new KeyTable()
  /** Line, count, and of each doc a hash whose last bit is 1 for a positive. */
  #log = new Uint32Array(1 << 12)
  #end = 0
  #unlogged = 0
  /** Of questions that came twice, each with each doc: the line where it was first met, twice, and 1 for a positive. */
  #roles = new KeyTable()

  /** @returns the line that asked the same first, else 0. */
  add(question: Key, line: number, content: Content): number {
    const place = this.#first.get(question)
    if (place === 0) {
      this.#first.set(question, this.#keep(line, content))
      return 0
    }
    if (place < 0) return -place
    return this.#log[place - 1]!
  }

  /** Adds to the row's faults; to be called with every row that add has told a line before of. */
  check(question: Key, line: number, row: CheckedRow, { docs, isPositive }: Content): void {
    const place = this.#first.get(question)
    if (place <= 0 || isPositive.size === 0) return
    this.#unpack(question, place - 1)
    let fault: string | undefined
    docs.forEach((doc, i) => {
      const key = keyOf(question, doc.key.low >>> 1)
      const positive = isPositive.has(i) ? 1 : 0
      const known = this.#roles.get(key)
      if (known === 0) this.#roles.set(key, line * 2 + positive)
      else if (known % 2 !== positive) {
        const [here, there] = positive ? ['a positive', 'a negative'] : ['a negative', 'a positive']
        fault ??= `docs[${i}], ${here}, is ${there} of an equal question on line ${Math.floor(known / 2)}`
      }
    })
    if (fault === undefined || row.faults.some(({ kind }) => kind === 'negative-is-positive')) return
    row.faults.push({ kind: 'negative-is-positive', reason: fault })
  }

  /** What was not compared with later rows. */
  get forgotten(): number {
    return this.#first.refused + this.#roles.refused + this.#unlogged
  }

  /** @returns the place, from 1, or the line, negative. */
  #keep(line: number, { docs, isPositive }: Content): number {
    const end = this.#end + HEAD + docs.length
    if (end > MOST_DOCS) {
      this.#unlogged++
      return -line
    }
    if (end > this.#log.length) {
      const longer = new Uint32Array(Math.min(MOST_DOCS, Math.max(end, this.#log.length * 2)))
      longer.set(this.#log)
      this.#log = longer
    }
    const place = this.#end
    this.#end = end
    const known = isPositive.size > 0 // else the row does not say which are negatives
    this.#log.set([line, known ? docs.length : 0], place)
    docs.forEach((doc, i) => {
      this.#log[place + HEAD + i] = ((doc.key.low >>> 1) << 1) | (isPositive.has(i) ? 1 : 0)
    })
    return place + 1
  }

  /** The docs of the first row, once. */
  #unpack(question: Key, place: number): void {
    const count = this.#log[place + 1]!
    if (count === TAKEN) return
    const line = this.#log[place]!
    for (const doc of this.#log.subarray(place + HEAD, place + HEAD + count)) {
      this.#roles.set(keyOf(question, doc >>> 1), line * 2 + (doc & 1))
    }
    this.#log[place + 1] = TAKEN
  }
}

function keyOf({ high, low }: Key, doc: number): Key {
  return { high: (high ^ Math.imul(doc, 0x9e3779b1)) >>> 0, low: (low + Math.imul(doc, 0x85ebca6b)) >>> 0 }
}
