/** Texts as they are compared. A passage stands in many rows: what was worked out of it is kept for a while. */

import { foldText } from '../../text/fold.js'
import { type Key, keyOfText } from '../../text/key-table.js'
import { barePunctuation } from '../../text/same-text.js'

export interface TextFacts {
  folded: string
  /** Equal for the same text but for form and punctuation. */
  key: Key
}

/** UTF-16 units that are kept, twice: up to 128 MB with the folded text. */
const KEPT_UNITS = 16 << 20

export type FactsOf = (text: string) => TextFacts

/** Two generations: what was not asked for while the young one filled up is forgotten. */
export function rememberFacts(): FactsOf {
  let young = new Map<string, TextFacts>()
  let old = new Map<string, TextFacts>()
  let units = 0
  return (text) => {
    const known = young.get(text)
    if (known) return known
    const facts = old.get(text) ?? factsOf(text)
    if (units > KEPT_UNITS) {
      old = young
      young = new Map()
      units = 0
    }
    units += text.length
    young.set(text, facts)
    return facts
  }
}

export function factsOf(text: string): TextFacts {
  const folded = foldText(text)
  return { folded, key: keyOfText(barePunctuation(folded)) }
}
