/** The words of a folded text, of whatever script. */
import { CHARACTER, WORD } from './scripts.js'

const WORDS = new RegExp(`${CHARACTER}|${WORD}`, 'gu')
const IS_CHARACTER = new RegExp(`^${CHARACTER}`, 'u')

/**
 * @param folded as `foldText` returns it
 * @returns single characters of Chinese, Japanese, Thai, Korean and their like say little: each counts with the one that follows.
 */
export function wordsIn(folded: string): string[] {
  const found = charactersAndWords(folded)
  return found.map((word, i) => {
    const next = found[i + 1]
    return next !== undefined && isCharacter(word) && isCharacter(next) ? word + next : word
  })
}

/** The same, each character alone. */
export function charactersAndWords(folded: string): string[] {
  return folded.match(WORDS) ?? []
}

/** Before Thai there is no such script: to look is faster than the pattern, for most words. */
const FIRST_CHARACTER = 0x0e00

export const isCharacter = (word: string) => word.charCodeAt(0) >= FIRST_CHARACTER && IS_CHARACTER.test(word)

/** What Chinese and Korean say in one character, English says in two letters or more. */
const WIDE = /[\p{Script=Han}\p{Script=Hangul}]/gu
const LETTERS = /[\p{L}\p{M}\p{N}]/gu

/** How much a text says: its letters and digits, each Chinese and Korean one as two. */
export function lettersIn(text: string): number {
  return (text.match(LETTERS)?.length ?? 0) + (text.match(WIDE)?.length ?? 0)
}

const segmenter = new Intl.Segmenter('en', { granularity: 'word' })
/** UTF-16 units segmented at a time: the dictionaries take quadratic time. A word that is cut is two. */
const WINDOW = 500

/** Words as a dictionary parts them. @param run of one script that sets no blanks */
export function segmentsOf(run: string): string[] {
  const segments: string[] = []
  for (let at = 0; at < run.length; at += WINDOW) {
    for (const { segment } of segmenter.segment(run.slice(at, at + WINDOW))) segments.push(segment)
  }
  return segments
}

/** Units around a place that decide whether words meet there. */
const AROUND = 40

/** Whether a dictionary parts words at `at`, a place in a run of a script that sets no blanks. */
export function isSegmentEnd(text: string, at: number): boolean {
  const start = Math.max(0, at - AROUND)
  return segmenter.segment(text.slice(start, at + AROUND)).containing(at - start)?.index === at - start
}
