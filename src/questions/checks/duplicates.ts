/** Questions that were there before, by their text. */
import { createHash } from 'node:crypto'
import { fold } from './passage.js'

/** Some 40 MB of hashes; of a larger corpus's questions the oldest are forgotten. */
const KEPT = 1 << 20

export interface Duplicates {
  /** Whether the question is new; it is known from then on. */
  add(question: string): boolean
}

/** Case, width, white space and punctuation make no difference. */
export function createDuplicates(kept = KEPT): Duplicates {
  const seen = new Set<number>()
  return {
    add(question) {
      const key = keyOf(question)
      if (seen.has(key)) return false
      if (seen.size >= kept) seen.delete(seen.values().next().value!)
      seen.add(key)
      return true
    },
  }
}

/** 48 bits: among a million questions one is taken for another in one run of 500. */
function keyOf(question: string): number {
  const words = fold(question)
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
  return createHash('sha256').update(words).digest().readUIntBE(0, 6)
}
