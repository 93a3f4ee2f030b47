/** How much wording two passages share: what a paraphrase keeps, and what a passage cut elsewhere repeats. */

/** Words, or for scripts that set no blanks between words each character and the next. */
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}]+/gu
const WITHOUT_BLANKS = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]$/u
/** So many words in a row are the same only where one text repeats the other. */
const RUN = 5
/** Of fewer words nothing can be said: any longer text has them. */
const LEAST_WORDS = 8

export interface Wording {
  /** How often each word occurs. */
  counts: ReadonlyMap<string, number>
  words: number
  /** Every `RUN` words in a row. */
  runs: ReadonlySet<string>
}

export interface Overlap {
  /** Share of the shorter text's words that are in the other, in whatever order. */
  words: number
  /** Share of the shorter text's runs of five words that are in the other. */
  runs: number
}

/** @param text normalised. */
export function wordingOf(text: string): Wording {
  const words = wordsIn(text)
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  const runs = new Set<string>()
  for (let i = 0; i + RUN <= words.length; i++) runs.add(words.slice(i, i + RUN).join(' '))
  return { counts, words: words.length, runs }
}

/** Both 0 where a text is too short to tell. */
export function overlapOf(a: Wording, b: Wording): Overlap {
  const [short, long] = a.words <= b.words ? [a, b] : [b, a]
  if (short.words < LEAST_WORDS) return { words: 0, runs: 0 }
  let shared = 0
  for (const [word, count] of short.counts) shared += Math.min(count, long.counts.get(word) ?? 0)
  let repeated = 0
  for (const run of short.runs) if (long.runs.has(run)) repeated++
  return { words: shared / short.words, runs: repeated / short.runs.size }
}

/**
 * @param text normalised.
 * @returns single characters of Chinese say little: each counts with the one that follows.
 */
export function wordsIn(text: string): string[] {
  const found = text.match(WORD) ?? []
  return found.map((word, i) => {
    const next = found[i + 1]
    return next !== undefined && WITHOUT_BLANKS.test(word) && WITHOUT_BLANKS.test(next) ? word + next : word
  })
}
