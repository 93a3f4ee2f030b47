/** Numbers of a folded text: which are equal, and which are labels (of versions, sections) that no zero may be taken from. */
import { chineseNumbersIn, chineseNumbersInDigits, mayHaveChineseNumbers } from './chinese-numbers.js'
import { plainDates } from './dates.js'

/** What a passage may write out and an answer may give in digits. */
export const NUMBER_WORDS: Record<string, string> = {
  zero: '0',
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
  ten: '10',
  eleven: '11',
  twelve: '12',
  thirteen: '13',
  fourteen: '14',
  fifteen: '15',
  sixteen: '16',
  seventeen: '17',
  eighteen: '18',
  nineteen: '19',
  twenty: '20',
  thirty: '30',
  forty: '40',
  fifty: '50',
  sixty: '60',
  seventy: '70',
  eighty: '80',
  ninety: '90',
  hundred: '100',
  thousand: '1000',
  million: '1000000',
  once: '1',
  twice: '2',
  half: '2',
}

/** Digits with what may stand between them. */
const DIGITS = /\d+(?:[.,']\d+| \d{3}(?!\d))*/g
const PARTED = /[.,' ]/
const THOUSANDS = /^[1-9]\d{0,2}([,' ])\d{3}(?:\1\d{3})*(?:\.\d+)?$|^[1-9]\d?(,)(?:\d{2},)+\d{3}(?:\.\d+)?$/
/** As Germans and Spaniards part them; of one group alone only where money shows what it is. */
const POINTED = /^[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d+)?$|^[1-9]\d{0,2}(?:\.\d{3})+,\d{1,2}$/
const POINTED_ONCE = /^[1-9]\d{0,2}\.\d{3}$/
const DECIMAL = /^\d+\.\d+$/
const COMMA_DECIMAL = /^\d+,\d{1,2}$/

const CURRENCY = 'usd|eur|gbp|jpy|cny|rmb|chf|dollars?|euros?|cents?|pounds?|yuan|yen|francs?|crowns?|rupees?'
const MONEY_BEFORE = new RegExp(`(?:[$€£¥₹₩₽]|\\b(?:${CURRENCY})) ?-?$`)
const UNIT_AFTER = new RegExp(
  `^(?:[ -]?(?:[$€£¥₹₩₽%°‰]|(?:${CURRENCY}|percent|per cent|hundred|thousand|million|billion|times|degrees?|[munpkc]?m|[munk]?g|tons?|lbs?|oz|h|hours?|min|minutes?|s|ms|seconds?|days?|weeks?|months?|years?|litres?|liters?|l|ml|[kmgt]i?b|[km]?w|[km]?v|[kmg]?hz|miles?|met(?:re|er)s?|kilomet(?:re|er)s?|grams?|feet|foot|ft|inch(?:es)?|people|points?)\\b)|\\s?[元円원万亿千克米吨度升倍岁年月日人%])`,
)
/** 5mg is 5 mg; of one letter it may be a name: iPhone 5s. */
const GLUED_UNIT =
  /\d(?=(?:[kcmnμ]m|[kmμn]g|[mcd]l|[kmgt]i?b|[kmg]w|kwh|[km]v|[kmg]?hz|[ap]m|mph|rpm|lbs?|oz|ft|usd|eur)\b)/g
/** After these words a number says how much, not which. */
const AMOUNT_BEFORE =
  /(?:^|[^\p{L}])(?:a|an|the|of|is|was|are|were|be|been|by|to|at|for|from|with|in|on|and|or|as|than|about|around|nearly|almost|only|over|under|between|costs?|paid|pays?|prices?|fees?|total|worth|weighs?|measures?|equals?|is|scored?|averaged?|rose|fell|grew|reached|up|down|per|has|had|have|answer|value|ratio|rate|mean|median|sum) ?$/u
const LABEL_BEFORE = /(?:\p{L}|[§#]|第|版本?|[章节])$|\p{L} $/u

interface NumberInText {
  /** As it is written. */
  raw: string
  /** Equal for equal numbers: no thousands parted, no zeros at the end of a decimal; with its minus. */
  value: string
  /** Of a version or a section: 3.10 is not 3.1. */
  isLabel: boolean
}

/** @param text with what stands around it */
function read(raw: string, text: string, at: number): NumberInText {
  const sign = isMinus(text, at) ? '-' : ''
  // Of digits alone nothing around them makes another number: most are.
  if (!PARTED.test(raw)) return { raw, value: sign + raw, isLabel: false }
  const before = text.slice(Math.max(0, at - 24), at)
  const after = text.slice(at + raw.length, at + raw.length + 16)
  const isMoney = MONEY_BEFORE.test(before)
  const isAmount = isMoney || UNIT_AFTER.test(after) || AMOUNT_BEFORE.test(before)
  const number = (value: string) => ({ raw, value: sign + withoutZeros(value), isLabel: false })
  if (THOUSANDS.test(raw)) return number(raw.replace(/[,' ]/g, ''))
  if (POINTED.test(raw) || (POINTED_ONCE.test(raw) && (isMoney || /^ ?(?:€|euros?\b|eur\b)/.test(after)))) {
    return number(raw.replace(/\./g, '').replace(',', '.'))
  }
  // One and a half, or thousands: who knows.
  if (POINTED_ONCE.test(raw)) return { raw, value: sign + raw, isLabel: false }
  if (COMMA_DECIMAL.test(raw) && (isMoney || UNIT_AFTER.test(after))) return number(raw.replace(',', '.'))
  if (DECIMAL.test(raw)) {
    const isLabel = !isAmount && LABEL_BEFORE.test(before)
    return isLabel ? { raw, value: raw, isLabel } : number(raw)
  }
  return { raw, value: sign + raw, isLabel: /\..*\./.test(raw) }
}

const withoutZeros = (value: string) => (value.includes('.') ? value.replace(/\.?0+$/, '') : value)

/** After these a dash before a number is no range: 为-40. */
const CHINESE_BEFORE_SIGN = /[为是到达至约在了低降于]/

/** Whether the dash before a number is a sign: nothing that it could part stands before it. */
export function isMinus(text: string, at: number): boolean {
  const dash = /[$€£¥]/.test(text[at - 1] ?? '') ? at - 2 : at - 1
  const before = text[dash - 1] ?? ' '
  if (text[dash] !== '-') return false
  return CHINESE_BEFORE_SIGN.test(before) || !/[\p{L}\p{M}\p{N})\]-]/u.test(before)
}

/** The runs of digits of a text; "1990 100" is two numbers, and so are "3, 4". */
function* numbersOfDigits(text: string): Generator<{ raw: string; at: number }> {
  for (const { 0: found, index } of text.matchAll(DIGITS)) {
    if (!found.includes(' ') || THOUSANDS.test(found)) yield { raw: found, at: index }
    else {
      let at = index
      for (const raw of found.split(' ')) {
        yield { raw, at }
        at += raw.length + 1
      }
    }
  }
}

const ORDINALS =
  'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth'.split(
    ' ',
  )
/** No letter of a text: it keeps the 3.1 of a version from being the number 3.1. */
export const LABEL_MARK = '\u{E000}'

const ORDINAL = new RegExp(`\\b(?:${ORDINALS.join('|')})\\b`)

const hasDigits = (folded: string) => /\d/.test(folded) || mayHaveChineseNumbers(folded)

/** Whether a text has a number that may be written in another way. */
export function hasNumbers(folded: string): boolean {
  return hasDigits(folded) || ORDINAL.test(folded)
}

export const isOrdinal = (word: string) => ORDINALS.includes(word)

/**
 * The text with its dates and numbers each in one way of writing: 1904·05·03, 1000, 2.5, 40%, -40, first. The number of a
 * version or a section gets a mark after it, so that it is equal to the same alone.
 */
export function plainNumbers(folded: string): string {
  if (!hasDigits(folded)) return folded
  const text = plainDates(chineseNumbersInDigits(folded))
    // 1990～1995, 1990年至1995年
    .replace(/(?<=[\d年月日%])(?:[~〜至]|--)(?=\d)/g, '-')
    .replace(/\b(?:minus|negative) (?=\d)|(?:零下|负)(?=\d)/g, '-')
    .replace(/(?<=^|[\s$€£¥(<>=-])\.(?=\d)/g, '0.')
    .replace(GLUED_UNIT, '$& ')
    .replace(/(?<=\d) (?=°)/g, '')
    .replace(/ (?:%|percent\b|per cent\b)(?<=\d [%a-z ]+)/g, '%')
    .replace(/百分之(\d+(?:\.\d+)?)/g, '$1%')
    .replace(/\b(\d{1,2})(?:st|nd|rd|th)\b/g, (found, n: string) => ORDINALS[Number(n) - 1] ?? found)
  let plain = ''
  let end = 0
  for (const { raw, at } of numbersOfDigits(text)) {
    const { value, isLabel } = read(raw, text, at)
    const unsigned = value.startsWith('-') ? value.slice(1) : value
    plain += text.slice(end, at) + unsigned + (isLabel ? LABEL_MARK : '')
    end = at + raw.length
  }
  return plain + text.slice(end)
}

/**
 * The numbers of a text in digits.
 * @returns those of versions and sections as they are, others without what parts thousands and without zeros that say nothing
 */
export function numbersOf(folded: string): string[] {
  return Array.from(numbersOfDigits(folded), ({ raw, at }) => {
    const { value, isLabel } = read(raw, folded, at)
    return isLabel ? value : value.replace(/^(-?)0+(?=\d)/, '$1')
  })
}

const MAGNITUDES: Record<string, number> = {
  hundred: 1e2,
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
  trillion: 1e12,
}
const WITH_MAGNITUDE = /(?<![\d.,])(\d[\d,]*(?:\.\d+)?)[ -](hundred|thousand|million|billion|trillion)\b/g

/** Numbers with an English word for what they are times: 3.5 million, which Chinese writes as 350万. */
export function numbersWithMagnitude(folded: string): { number: string; value: string }[] {
  return Array.from(folded.matchAll(WITH_MAGNITUDE), ([, number, word]) => {
    const plain = number!.replaceAll(',', '')
    return { number: withoutZeros(plain), value: String(Math.round(Number(plain) * MAGNITUDES[word!]!)) }
  })
}

/** Numbers as words, English and Chinese. @param words of the folded text */
export function writtenNumbers(folded: string, words: ReadonlySet<string>): string[] {
  const single = Object.entries(NUMBER_WORDS).flatMap(([word, number]) => (words.has(word) ? [number] : []))
  const tens = Array.from(folded.matchAll(TENS_AND_ONES), ([, ten, one]) =>
    String(Number(NUMBER_WORDS[ten!]) + Number(NUMBER_WORDS[one!])),
  )
  return [...single, ...tens, ...chineseNumbersIn(folded)]
}

const TENS_AND_ONES =
  /\b(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[ -](one|two|three|four|five|six|seven|eight|nine)\b/g
