/** Which of the languages that are asked for a text is in. */

export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

const WORD = /\p{Script=Latin}+/gu
const HAN = /\p{Script=Han}/gu
const OTHER = /(?!\p{Script=Latin}|\p{Script=Han})\p{L}/gu
/** A Chinese word has one and a half characters or so. */
const HAN_PER_WORD = 1.5
/** Japanese and Korean mix Chinese characters with their own. */
const MOST_OTHER = 0.2

/**
 * English stands for every language in Latin letters: which one it is, words alone do not say.
 * @returns `undefined` where there is nothing to tell by, or the script is neither.
 */
export function languageOf(text: string): Language | undefined {
  const latin = count(text, WORD)
  const han = count(text, HAN)
  const other = count(text, OTHER)
  if (latin + han === 0 || other > MOST_OTHER * (letters(text, WORD) + han + other)) return undefined
  return han / HAN_PER_WORD >= latin ? 'zh' : 'en'
}

export function otherThan(language: Language): Language {
  return language === 'en' ? 'zh' : 'en'
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

function letters(text: string, pattern: RegExp): number {
  return text.match(pattern)?.reduce((sum, word) => sum + word.length, 0) ?? 0
}
