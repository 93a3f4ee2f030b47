/** What the trainer leaves of texts that are too long. */
import type { CountTokens } from '../../chunks/count-tokens.js'

/** Half a word at the end is not what it was the beginning of. Between Chinese characters every cut is clean. */
const LAST_WORD = /(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}])+$/u
const WORD_GOES_ON = /^(?!\p{Script=Han})[\p{L}\p{M}\p{N}]/u

/** The longest beginnings of at most `limit` tokens, without the half of a word at the end; by halving, all texts at once. */
export async function keptParts(texts: string[], limit: number, countTokens: CountTokens): Promise<string[]> {
  const bounds = texts.map((text) => ({ text, fits: 0, tooLong: text.length + 1 }))
  for (;;) {
    const open = bounds.filter(({ fits, tooLong }) => tooLong - fits > 1)
    if (open.length === 0) break
    const middles = open.map(({ fits, tooLong }) => (fits + tooLong) >> 1)
    const counts = await countTokens(open.map(({ text }, i) => text.slice(0, middles[i])))
    open.forEach((bound, i) => {
      if (counts[i]! <= limit) bound.fits = middles[i]!
      else bound.tooLong = middles[i]!
    })
  }
  return bounds.map(({ text, fits }) => {
    const part = text.slice(0, fits)
    return WORD_GOES_ON.test(text.slice(fits, fits + 2)) ? part.replace(LAST_WORD, '') : part
  })
}
