/** Texts that were there before. */
import { createHash } from 'node:crypto'
import { foldText } from '../../text/fold.js'
import { plainNumbers } from '../../text/numbers.js'
import { barePunctuation } from '../../text/same-text.js'

/** Some 40 MB of hashes; of more texts the oldest are forgotten. */
const KEPT = 1 << 20

export interface Duplicates {
  /** Whether the text is new; it is known from then on. */
  add(text: string): boolean
}

/** What is the same text but for form, punctuation and the way of writing numbers was there before. */
export function createDuplicates(kept = KEPT): Duplicates {
  const seen = new Set<number>()
  return {
    add(text) {
      const key = keyOf(text)
      if (seen.has(key)) return false
      if (seen.size >= kept) seen.delete(seen.values().next().value!)
      seen.add(key)
      return true
    },
  }
}

/** 48 bits: among a million texts one is taken for another in one run of 500. */
function keyOf(text: string): number {
  const bare = barePunctuation(plainNumbers(foldText(text)))
  return createHash('sha256').update(bare).digest().readUIntBE(0, 6)
}
