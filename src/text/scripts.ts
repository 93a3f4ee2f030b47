/** Scripts by how they part words. */

const SETS_NO_BLANKS =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\u30FC\\p{Script=Bopomofo}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}'

/** A character of a script that sets no blanks between words; of a regular expression with the flag `u`. */
export const WITHOUT_BLANKS = `[${SETS_NO_BLANKS}]`
/** A character that says little alone: of those scripts, and of Korean, where particles are glued to words. */
export const CHARACTER = `[${SETS_NO_BLANKS}\\p{Script=Hangul}]`
/** A word of any other script, its accents and vowel signs included, or a number. */
export const WORD = `(?:(?!${CHARACTER})[\\p{L}\\p{M}\\p{N}])+`

/** Scripts of which a text has letters are compared with one another; kana are one, as Japanese mixes them. */
const SCRIPTS = [
  ...'Latin Han Hangul Thai Lao Khmer Myanmar Arabic Hebrew Cyrillic Greek Devanagari Bengali Tamil Telugu Georgian Armenian Ethiopic'
    .split(' ')
    .map((name) => `\\p{Script=${name}}`),
  '[\\p{Script=Hiragana}\\p{Script=Katakana}]',
].map((script) => new RegExp(script, 'u'))

/** Whether one of the texts has letters of every script that a text is written in. */
export function shareScripts(text: string, others: string[]): boolean {
  return SCRIPTS.every((script) => !script.test(text) || others.some((other) => script.test(other)))
}
