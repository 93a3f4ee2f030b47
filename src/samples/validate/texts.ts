/** Texts as they are compared. */

import { foldText } from '../../text/fold.js'
import { type Key, keyOfText } from '../../text/key-table.js'
import { remember } from '../../text/remember.js'
import { barePunctuation } from '../../text/same-text.js'

export interface TextFacts {
  folded: string
  /** Equal for the same text but for form and punctuation. */
  key: Key
}

/** UTF-16 units that are kept, twice: up to 128 MB with the folded text. */
const KEPT_UNITS = 16 << 20

export type FactsOf = (text: string) => TextFacts

export const rememberFacts = (): FactsOf => remember(factsOf, KEPT_UNITS)

export function factsOf(text: string): TextFacts {
  const folded = foldText(text)
  return { folded, key: keyOfText(barePunctuation(folded)) }
}
