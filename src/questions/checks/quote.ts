/** Whether a quote is in the passage. */
import { foldCharacters, foldText } from '../../text/fold.js'
import { lettersIn } from '../../text/words.js'
import type { Passage } from './passage.js'

/** Of shorter quotes nearly every passage has one. Chinese and Korean characters are two. */
const LEAST_LETTERS = 8

const EDGES = /^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu

/**
 * Verbatim but for form (case, width, blanks, marks of Markdown; docs/mining.md), and what is no letter and no digit at its two
 * ends. Not a letter may differ.
 */
export function isQuoteOf(quote: string, passage: Passage): boolean {
  const wanted = foldText(quote).replace(EDGES, '')
  if (lettersIn(wanted) < LEAST_LETTERS) return false
  return (
    passage.folded.includes(wanted) || passage.characters.includes(foldCharacters(quote).replace(EDGES, ''))
  )
}
