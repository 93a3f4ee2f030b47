/** When two texts are the same text. */
import { createHash } from 'node:crypto'
import { foldText } from './fold.js'

/** Punctuation that says nothing about what a text is; points and the like inside of numbers do, and so does `!=`. */
const PUNCTUATION = /["?;()[\]{}、。《》〈〉【】〔〕¿¡]+|!(?!=)|[.,:']+(?!\d)|(?<!\d)[·•‧・](?!\d)/g

/** Equal for texts that are the same but for form and punctuation. @param folded as `foldText` returns it */
export function barePunctuation(folded: string): string {
  const bare = folded.replace(PUNCTUATION, '').trim()
  return bare === '' ? folded : bare
}

/** Short key of a text: equal keys, the same text. */
export function textKey(text: string): string {
  return keyOf(foldText(text))
}

/** @param folded as `foldText` returns it */
export function keyOf(folded: string): string {
  return createHash('sha256').update(barePunctuation(folded)).digest('base64url').slice(0, 22)
}
