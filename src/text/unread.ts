/** Which texts a model does not read, by their scripts: a vocabulary may have characters of many that the model never learned. */
import { WITHOUT_BLANKS } from './scripts.js'

/** Of a text's words, those in scripts of other languages. */
const MOST_FOREIGN = 0.5
/** A word of a script that sets no blanks, in characters. */
const WORD_CHARACTERS = 2

/** Scripts that have more than one name in Unicode's data of languages. */
const SCRIPTS: Record<string, string[]> = {
  Hans: ['Han', 'Bopomofo'],
  Hant: ['Han', 'Bopomofo'],
  Jpan: ['Han', 'Hiragana', 'Katakana'],
  Kore: ['Hangul', 'Han'],
}
/** Names, units and code in Latin letters are in texts of all languages. */
const ALWAYS = ['Latin', 'Common', 'Inherited']

/**
 * Whether over half of a text's words are in scripts that none of the languages is written in.
 * @param languages tags as those of BCP 47.
 * @param most another share than half.
 * @returns `undefined` where a language has no script of its own (`multilingual`), or none is stated.
 */
export function unreadBy(
  languages: readonly string[],
  most = MOST_FOREIGN,
): ((text: string) => boolean) | undefined {
  const scripts = languages.map(scriptsOf)
  if (scripts.length === 0 || scripts.some((each) => each === undefined)) return undefined
  const known = [...ALWAYS, ...scripts.flatMap((each) => each!)]
  const foreign = `(?!${known.map((script) => `\\p{Script=${script}}`).join('|')})\\p{L}`
  const any = new RegExp(foreign, 'u')
  // A letter by itself is a sign of a formula.
  const foreignWords = new RegExp(
    `(?!${WITHOUT_BLANKS})(?:${foreign})(?:[\\p{L}\\p{M}](?<!${WITHOUT_BLANKS}))+`,
    'gu',
  )
  const foreignCharacters = new RegExp(`(?=${WITHOUT_BLANKS})${foreign}`, 'gu')
  return (text) => {
    if (!any.test(text)) return false
    const found = count(text, foreignWords) + count(text, foreignCharacters) / WORD_CHARACTERS
    const words = count(text, WORDS) + count(text, CHARACTERS) / WORD_CHARACTERS
    return found > most * words
  }
}

const WORDS = new RegExp(`(?!${WITHOUT_BLANKS})\\p{L}(?:[\\p{L}\\p{M}](?<!${WITHOUT_BLANKS}))*`, 'gu')
const CHARACTERS = new RegExp(WITHOUT_BLANKS, 'gu')

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

function scriptsOf(language: string): string[] | undefined {
  try {
    const { script } = new Intl.Locale(language).maximize()
    if (script === undefined) return undefined
    return SCRIPTS[script] ?? (isScript(script) ? [script] : undefined)
  } catch {
    return undefined // "multilingual" is no language
  }
}

function isScript(name: string): boolean {
  try {
    return new RegExp(`\\p{Script=${name}}`, 'u') instanceof RegExp
  } catch {
    return false
  }
}
