/** What was seen before, in a fixed amount of memory: 64-bit keys and a number each. */
import { hash } from 'node:crypto'

/** 64 bits of a SHA-256: among a million texts two share them with a probability of 3e-8. */
export interface Key {
  high: number
  low: number
}

export function keyOfText(text: string): Key {
  const hex = hash('sha256', text, 'hex')
  return { high: Number.parseInt(hex.slice(0, 8), 16), low: Number.parseInt(hex.slice(8, 16), 16) }
}

/** The same for the same keys in any order. */
export function keyOfAll(first: Key, others: Key[]): Key {
  let high = Math.imul(first.high, 0x9e3779b1)
  let low = Math.imul(first.low, 0x85ebca77)
  for (const key of others) {
    high = (high + mixed(key.high)) | 0
    low = (low + mixed(key.low)) | 0
  }
  return { high: high >>> 0, low: low >>> 0 }
}

/** A bijection that is not linear, so that sums of other keys do not meet. */
function mixed(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x7feb352d)
  return once ^ (once >>> 15)
}

const FIRST_SLOTS = 1 << 12
const LOAD = 0.75
/** 16 bytes each: 32 MiB. */
const MOST_SLOTS = 1 << 21
export const MOST_KEYS = MOST_SLOTS * LOAD

/** Open addressing. Grows to three quarters of `mostSlots`; later keys are not taken in. */
export class KeyTable {
  #high = new Uint32Array(FIRST_SLOTS)
  #low = new Uint32Array(FIRST_SLOTS)
  #values = new Float64Array(FIRST_SLOTS)
  #size = 0
  #refused = 0

  /** @param mostSlots a power of two; 16 bytes each. */
  constructor(private readonly mostSlots = MOST_SLOTS) {}

  get size(): number {
    return this.#size
  }

  /** Keys that found no room, counted each time. */
  get refused(): number {
    return this.#refused
  }

  /** 0 of a key that is not there. */
  get(key: Key): number {
    return this.#values[this.#slotOf(key)]!
  }

  /** @param value not 0 */
  set(key: Key, value: number): void {
    const slot = this.#slotOf(key)
    if (this.#values[slot] === 0) {
      if (this.#size >= this.mostSlots * LOAD) {
        this.#refused++
        return
      }
      this.#size++
    }
    this.#high[slot] = key.high
    this.#low[slot] = key.low
    this.#values[slot] = value
    if (this.#size > this.#values.length * LOAD && this.#values.length < this.mostSlots) this.#grow()
  }

  /** In no order that means anything. */
  *values(): Generator<number> {
    for (const value of this.#values) if (value !== 0) yield value
  }

  #slotOf({ high, low }: Key): number {
    const last = this.#values.length - 1
    let slot = (high ^ (low >>> 7)) & last
    while (this.#values[slot] !== 0 && (this.#high[slot] !== high || this.#low[slot] !== low)) {
      slot = (slot + 1) & last
    }
    return slot
  }

  #grow(): void {
    const [high, low, values] = [this.#high, this.#low, this.#values]
    this.#high = new Uint32Array(2 * high.length)
    this.#low = new Uint32Array(2 * high.length)
    this.#values = new Float64Array(2 * high.length)
    for (let i = 0; i < values.length; i++) {
      if (values[i] === 0) continue
      const slot = this.#slotOf({ high: high[i]!, low: low[i]! })
      this.#high[slot] = high[i]!
      this.#low[slot] = low[i]!
      this.#values[slot] = values[i]!
    }
  }
}
