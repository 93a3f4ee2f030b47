/** What the trainer leaves of texts that are too long. */

export type CountTokens = (texts: string[]) => Promise<ArrayLike<number>>

/** UTF-16 units to which the place of the cut is looked for: less than a word. */
const NEAR = 2

/** The longest beginnings of at most `limit` tokens, by halving, all texts at once. */
export async function keptParts(texts: string[], limit: number, countTokens: CountTokens): Promise<string[]> {
  const bounds = texts.map((text) => ({ text, fits: 0, tooLong: text.length }))
  for (;;) {
    const open = bounds.filter(({ fits, tooLong }) => tooLong - fits > NEAR)
    if (open.length === 0) break
    const middles = open.map(({ fits, tooLong }) => (fits + tooLong) >> 1)
    const counts = await countTokens(open.map(({ text }, i) => text.slice(0, middles[i])))
    open.forEach((bound, i) => {
      if (counts[i]! <= limit) bound.fits = middles[i]!
      else bound.tooLong = middles[i]!
    })
  }
  return bounds.map(({ text, fits }) => text.slice(0, fits))
}
