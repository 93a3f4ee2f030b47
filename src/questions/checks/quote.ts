/** Whether a quote is in the passage. */
import { foldText } from '../../text/fold.js'
import type { Passage } from './passage.js'

/** Of shorter quotes nearly every passage has one. */
const LEAST_LETTERS = 8
const LEAST_HAN = 4

const EDGES = /^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu

/**
 * Verbatim but for case, width, white space, invisible characters, the form of quotation marks and dashes, and
 * what is no letter and no digit at its two ends. Not a letter may differ.
 */
export function isQuoteOf(quote: string, passage: Passage): boolean {
  const wanted = foldText(quote).replace(EDGES, '')
  const letters = wanted.replace(/[^\p{L}\p{M}\p{N}]/gu, '').length
  const han = wanted.match(/\p{Script=Han}/gu)?.length ?? 0
  if (letters < LEAST_LETTERS && han < LEAST_HAN) return false
  return passage.folded.includes(wanted)
}
