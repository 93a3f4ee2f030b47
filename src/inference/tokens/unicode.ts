/** Character classes, cases and normalization forms as the Rust library has them: of an older Unicode. */
import * as tables from './unicode-tables.js'

/** The inside of a character class for a regular expression with the flag `u`. */
function classOf(packed: string): string {
  const numbers = packed.split(' ').map((number) => Number.parseInt(number, 36))
  let end = 0
  let source = ''
  for (let i = 0; i < numbers.length; i += 2) {
    const from = end + numbers[i]!
    end = from + numbers[i + 1]! + 1
    source += `\\u{${from.toString(16)}}-\\u{${(end - 1).toString(16)}}`
  }
  return source
}

export const PUNCTUATION = classOf(tables.PUNCTUATION)
export const CONTROL = new RegExp(`[${classOf(tables.CONTROL)}]+`, 'gu')
export const NONSPACING = new RegExp(`[${classOf(tables.NONSPACING)}]+`, 'gu')
export const MARKS = new RegExp(`[${classOf(tables.MARKS)}]+`, 'gu')
export const CHINESE = new RegExp(`[${classOf(tables.CHINESE)}]`, 'gu')

const UNASSIGNED = new RegExp(`[${classOf(tables.UNASSIGNED)}]`, 'u')
const EACH_UNASSIGNED = new RegExp(UNASSIGNED, 'gu')
const INERT = new RegExp(`([${classOf(tables.INERT)}]+)`, 'u')
const LONE_SURROGATE = /\p{Surrogate}/gu

/** UTF-8, which the reference reads, has no lone surrogates. */
export const wellFormed = (text: string): string => text.replace(LONE_SURROGATE, '\ufffd')

/**
 * For regular expressions that name Unicode properties: what is unassigned there and may have
 * properties here is exchanged for what is never assigned. All stays where it was.
 */
export function withoutUnassigned(text: string): string {
  if (!UNASSIGNED.test(text)) return text
  return text.replace(EACH_UNASSIGNED, (character) => (character.length === 1 ? '\uffff' : '\u{1ffff}'))
}

export type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD'

/** Below U+0300 nothing is put together, below U+00A0 nothing is taken apart. */
const COMPOSED = /^[\0-\u02ff]*$/
const BASIC = /^[\0-\u009f]*$/

/**
 * Marks are put in order in a time that is the square of their number: a million took minutes. No
 * language has more than a dozen in a row, so that longer runs are put in order in parts.
 */
const LONG_RUN = /\p{M}{256}/u
const RUNS = /.*?\p{M}{256}|.+/gsu

export function normalizeTo(form: Form, text: string): string {
  if ((form === 'NFC' ? COMPOSED : BASIC).test(text)) return text
  if (LONG_RUN.test(text))
    return text
      .match(RUNS)!
      .map((part) => normalizeParts(form, part))
      .join('')
  return normalizeParts(form, text)
}

function normalizeParts(form: Form, text: string): string {
  if (!INERT.test(text)) return text.normalize(form)
  return text
    .split(INERT)
    .map((part, i) => (i % 2 === 0 ? part.normalize(form) : part))
    .join('')
}

/** Lower-cased since Unicode 17, which not every Node has. */
const UNICODE_17 = /[\ua7ce\ua7d2\ua7d4\u{16ea0}-\u{16eb8}]/gu

/** Character by character: a sigma at the end of a word is a sigma. */
export function lowercase(text: string): string {
  const lower = text.replaceAll('Σ', 'σ').toLowerCase()
  return lower.replace(UNICODE_17, (upper) => {
    const point = upper.codePointAt(0)!
    return String.fromCodePoint(point < 0x10000 ? point + 1 : point + 0x1b)
  })
}
