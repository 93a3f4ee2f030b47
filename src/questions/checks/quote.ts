/** Whether a quote is in the passage. */
import { answerFinder } from '../../text/find-answer.js'
import { foldCharacters, foldText } from '../../text/fold.js'
import { lettersIn } from '../../text/words.js'
import type { Passage } from './passage.js'

/** Of shorter quotes nearly every passage has one. Chinese and Korean characters are two. */
const LEAST_LETTERS = 8

const EDGES = /^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu

/**
 * Verbatim but for form (case, width, blanks, punctuation, marks of Markdown, ways of writing a number; docs/mining.md). Not a
 * letter may differ.
 */
export function isQuoteOf(quote: string, passage: Passage): boolean {
  const wanted = foldText(quote).replace(EDGES, '')
  if (lettersIn(wanted) < LEAST_LETTERS) return false
  return (
    passage.folded.includes(wanted) ||
    passage.characters.includes(foldCharacters(quote).replace(EDGES, '')) ||
    (answerFinder(quote)?.(passage.folded) ?? false)
  )
}
