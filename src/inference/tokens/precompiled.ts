/**
 * The normalizer that a sentencepiece model brings with it, as the Rust library applies it: to a
 * grapheme where it is shorter than 6 bytes and begins with a rule, otherwise to each character.
 */
import { readCharsmap } from './double-array.js'
import { graphemesOf } from './graphemes.js'

/** Characters that begin a grapheme, whatever is before them, and do not draw in what follows. */
const ALONE = /[\p{Cc}\p{Zl}\p{Zp}\p{L}\p{N}\p{P}\p{S}\p{Zs}]/u
const NOT_ALONE =
  /[\r\p{M}\p{Cf}\p{Emoji_Modifier}\p{Regional_Indicator}\p{Extended_Pictographic}\p{Grapheme_Extend}\u0d4e\u0e33\u0eb3\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u

const UNSEEN = 0
const KEPT = 1
const CHANGED = 2
const JOINS = 3

export function precompiledNormalizer(base64: string): (text: string) => string {
  const { transform } = readCharsmap(base64)
  /** Of each unit of the basic plane; surrogates join, so that the segmenter sees both. */
  const kinds = new Uint8Array(0x10000)
  const kindOf = (unit: number): number => {
    const character = String.fromCharCode(unit)
    if (NOT_ALONE.test(character) || !ALONE.test(character)) return JOINS
    return transform(character) === undefined ? KEPT : CHANGED
  }

  const rewriteGrapheme = (grapheme: string): string => {
    const whole = Buffer.byteLength(grapheme) < 6 ? transform(grapheme) : undefined
    if (whole !== undefined) return whole
    let out = ''
    for (const character of grapheme) out += transform(character) ?? character
    return out
  }
  const rewrite = (text: string): string => {
    let out = ''
    for (const grapheme of graphemesOf(text)) out += rewriteGrapheme(grapheme)
    return out
  }

  return (text) => {
    let out = ''
    let done = 0
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      let kind = kinds[unit]!
      if (kind === UNSEEN) kind = kinds[unit] = kindOf(unit)
      if (kind === KEPT) continue
      if (kind === CHANGED && !joins(text, i + 1)) {
        out += text.slice(done, i) + transform(text[i]!)
        done = i + 1
        continue
      }
      if (kind === CHANGED) continue // with the run that begins at the next unit
      const start = Math.max(done, i - 1)
      const end = endOfRun(text, i)
      out += text.slice(done, start) + rewrite(text.slice(start, end))
      done = end
      i = end - 1
    }
    return done === 0 ? text : out + text.slice(done)
  }

  function joins(text: string, at: number): boolean {
    if (at >= text.length) return false
    const unit = text.charCodeAt(at)
    if (kinds[unit] === UNSEEN) kinds[unit] = kindOf(unit)
    return kinds[unit] === JOINS
  }

  /** After the last unit that joins, and one that it may draw in. */
  function endOfRun(text: string, from: number): number {
    let end = from + 1
    while (end < text.length) {
      if (joins(text, end)) end++
      else if (joins(text, end + 1)) end += 2
      else return end + 1
    }
    return end
  }
}
