/** The one folding of a text for every comparison: what differs in form alone becomes equal. */
import { foldHan } from './han-variants.js'
import { withoutMarkup } from './markup.js'
import { WITHOUT_BLANKS } from './scripts.js'

/**
 * Makes no difference: case, width, ligatures, composed or decomposed accents, the form of quotation marks, dashes,
 * ellipses and digits (of any script), traditional and simplified Chinese characters, white space and invisible characters, hyphens between words and at line ends, entities, and
 * the marks of Markdown and HTML. Accents, signs (-40), points in numbers, and `+` and `#` in names (C++) do.
 *
 * @returns lower case, single blanks, none at the ends, none beside a character of a script that sets no blanks. Not
 * empty but for a text that has nothing to see.
 */
export function foldText(text: string): string {
  const plain = withoutMarkup(text)
  const folded = foldHyphens(foldCharacters(plain.includes('\n') ? plain.replace(HYPHENATIONS, '') : plain))
  // A text of nothing but marks is those marks.
  return folded === '' && plain !== text ? foldCharacters(text) : folded
}

/** The same without a look at marks and hyphens: for what looks for those. */
export function foldCharacters(text: string): string {
  return foldBlanks(ASCII.test(text) ? text.toLowerCase() : foldUnicode(text))
}

const ASCII = /^[\t\n\v\f\r -~]*$/

const HYPHENATIONS = /[-\u2010](?<=\p{L}.)\r?\n[ \t]*(?=\p{Ll})|\u00AD\s*\n[ \t]*/gu

/** Before NFKC, which makes two characters, or a blank and an accent, of some. */
const FORMS =
  /[‘’‚‛ʻʼʹ′´＇‹›“”„‟«»″〝〞〟「」『』＂‐‑‒–—―−﹘﹣－⸺⸻™®©℠㎟㎠㎡㎢㎣㎤㎥㎦¼-¾⅐-⅞≥≤]|[⁰¹²³⁴-⁹⁺⁻]+/g
const SQUARES: Record<string, string> = {
  '㎟': 'mm²',
  '㎠': 'cm²',
  '㎡': 'm²',
  '㎢': 'km²',
  '㎣': 'mm³',
  '㎤': 'cm³',
  '㎥': 'm³',
  '㎦': 'km³',
}
const SINGLE = '‘’‚‛ʻʼʹ′´＇‹›'
const DOUBLE = '“”„‟«»″〝〞〟「」『』＂'
const DASH = '‐‑‒–—―−﹘﹣－⸺⸻'

function formOf(found: string, at: number, text: string): string {
  if (SINGLE.includes(found)) return "'"
  if (DOUBLE.includes(found)) return '"'
  if (DASH.includes(found)) return '-'
  if (found === '≥') return '>='
  if (found === '≤') return '<='
  if (SQUARES[found]) return SQUARES[found]
  if ('™®©℠'.includes(found)) return ''
  // 10⁵ is not 105, nor is 1½ 11/2; x² is x2, as it comes out of many a file.
  const afterDigit = /[\d)]/.test(text[at - 1] ?? '')
  if (/[¼-¾⅐-⅞]/.test(found)) return afterDigit ? ` ${found}` : found
  return (afterDigit ? '^' : '') + found
}

const INVISIBLE = /[\p{Cf}\p{DI}\p{Co}\p{Cn}]|[^\P{Cc}\s]/gu
/** What no letter, digit or mark of most texts is: to look for the rest takes ten times as long. */
const RARE =
  /[^\t\n\r -~\u00C0-\u00FF\u0100-\u024F\u0384-\u052F\u3000-\u300B\u3010-\u30FF\u4E00-\u9FFF\uAC00-\uD7A3\uFF01\uFF03-\uFF06\uFF08-\uFF0C\uFF0E-\uFF5E]/
const MAY_BE_INVISIBLE =
  /[^\t\n\r -~\u00A0-\u00AC\u00AE-\u024F\u0384-\u052F\u2010-\u2027\u2030-\u205E\u2070-\u27FF\u3000-\u30FF\u4E00-\u9FFF\uAC00-\uD7A3\uFF01-\uFF9F]/
/** After NFKC and in lower case. */
const LETTERS = /[ςßæœı⁄ё]|\u0307/
/** Hebrew, Arabic and what comes after them: vowel points, and digits of their own. */
const BEYOND = /[\u0590-\u1CFF\uA600-\uABFF\uD800-\uDFFF]/
const POINTS =
  /[\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u0640\u064B-\u0652\u0670\u06D6-\u06DC\u06DF-\u06E8\u06EA-\u06ED]/g
const OTHER_DIGIT = /(?![0-9])\p{Nd}/gu

function foldUnicode(text: string): string {
  let folded = text
  if (RARE.test(text)) {
    if (MAY_BE_INVISIBLE.test(text)) folded = folded.replace(INVISIBLE, '')
    folded = folded.replace(FORMS, formOf)
  }
  folded = folded.normalize('NFKC').toLowerCase()
  if (LETTERS.test(folded)) {
    folded = folded
      .replace(/ς/g, 'σ')
      .replace(/ß/g, 'ss')
      .replace(/æ/g, 'ae')
      .replace(/œ/g, 'oe')
      .replace(/ı|i\u0307/g, 'i')
      .replace(/ё/g, 'е')
      .replace(/⁄/g, '/')
  }
  folded = folded.replace(TONE, toneFirst)
  return foldHan(BEYOND.test(folded) ? foldBeyond(folded) : folded)
}

/** Vietnamese sets the tone of oa, oe and uy on either vowel: hóa, hoá. */
const TONE = /[ou][áàảãạéèẻẽẹýỳỷỹỵ](?!\p{L})/gu

function toneFirst([first, second]: string): string {
  const [vowel, tone] = second!.normalize('NFD')
  return `${first}${tone}${vowel}`.normalize('NFC')
}

/** Texts with and without vowel points, of an Arabic or a Persian keyboard. */
function foldBeyond(text: string): string {
  return text
    .replace(POINTS, '')
    .replace(/[أإآٱ]/g, 'ا')
    .replace(/[یى]/g, 'ي')
    .replace(/ک/g, 'ك')
    .replace(/[ةە]/g, 'ه')
    .replace(/٫/g, '.')
    .replace(/٬/g, ',')
    .replace(/٪/g, '%')
    .replace(/،/g, ',')
    .replace(/؟/g, '?')
    .replace(OTHER_DIGIT, digitOf)
}

/** Digits of a script stand in a row from its zero on. */
function digitOf(digit: string): string {
  const code = digit.codePointAt(0)!
  let value = 0
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - value - 1))) value++
  return String(value)
}

const UNEVEN_BLANKS = /[^\S ]| {2}/

function foldBlanks(text: string): string {
  // To look is forty times as fast as to replace what mostly is single blanks already.
  let even = UNEVEN_BLANKS.test(text) ? text.replace(/\s+/gu, ' ').trim() : text.trim()
  if (even.includes('..') || even.includes('. .')) even = even.replace(/\.(?: ?\.)+/g, '...')
  if (even.includes("''")) even = even.replace(/''/g, '"')
  return closeBlanks(even)
}

/** None beside a character of a script that sets none. */
function closeBlanks(text: string): string {
  if (!MAY_BE_WITHOUT_BLANKS.test(text)) return text
  return text.replace(/ /g, (_, at: number) =>
    isWithoutBlanks(text, at - 1) || isWithoutBlanks(text, at + 1) ? '' : ' ',
  )
}

/** Blocks that hold such scripts, and others: quickly looked for. */
const MAY_BE_WITHOUT_BLANKS = /[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u2E80-\uABFF\uD800-\uFFFF]/
const IS_WITHOUT_BLANKS = new RegExp(`^${WITHOUT_BLANKS}`, 'u')

/** @param at of either half of a pair of surrogates */
function isWithoutBlanks(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  if (!(code > 0x7f)) return false
  const start = code >= 0xdc00 && code < 0xe000 ? at - 1 : at
  return IS_WITHOUT_BLANKS.test(text.slice(start, start + 2))
}

/** Of folded text: between words a dash is a blank, between numbers it stands without blanks, else it may be a sign. */
function foldHyphens(text: string): string {
  if (!text.includes('-')) return text
  return closeBlanks(
    text.replace(/ -+ |-+ ?/g, (dash, at: number) => {
      const [before, after] = [at > 0 ? text[at - 1]! : ' ', text[at + dash.length] ?? ' ']
      const spaced = dash.startsWith(' ')
      if (isDigit(before) && isDigit(after)) return dash.length === (spaced ? 3 : 1) ? '-' : dash
      // 为-40
      if (!spaced && isDigit(after) && isWithoutBlanks(text, at - 1)) return dash
      return spaced || (LETTER.test(before) && LETTER.test(after)) ? ' ' : dash
    }),
  )
}

const isDigit = (character: string) => character >= '0' && character <= '9'
/** The second half of a pair of surrogates is taken for a letter's. */
const LETTER = /[\p{L}\p{M}\p{N}\uDC00-\uDFFF]/u
