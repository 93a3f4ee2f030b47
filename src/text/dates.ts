/** Dates in a folded text, however they are written; Chinese numerals are in digits already. */

/** Languages whose names of months are known; short ones of English alone, as others have "out", "set" and "ago". */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'sv', 'ru', 'pl']

interface Patterns {
  months: Map<string, number>
  /** A day or a year beside the name of a month: to look once is faster than to look for each way of writing. */
  any: RegExp
  dates: RegExp[]
}

let patterns: Patterns | undefined

/** Parts of a date stand between these: no text has them, so that "1904-05" of a season is no month. */
const MARK = '·'

/** A day, or a month, of a year is written as `1904·05·03`, a day of any year as `·05·03`; 03/05/1904 may be either and is left. */
export function plainDates(folded: string): string {
  if (!/\d/.test(folded)) return folded
  let plain = folded.replace(NUMERIC, (found, year, separator, month, second, day) =>
    separator === second ? (written(year, month, day) ?? found) : found,
  )
  plain = plain.replace(EAST_ASIAN, (found, year, month, day) => written(year, month, day) ?? found)
  plain = plain.replace(EAST_ASIAN_DAY, (found, month, day) => written('', month, day) ?? found)
  patterns ??= readPatterns()
  const { months, any, dates } = patterns
  if (!any.test(plain)) return plain
  for (const date of dates) {
    plain = plain.replace(date, (found, ...rest) => {
      const { year = '', month, day } = rest.at(-1) as Record<string, string | undefined>
      return written(year, String(months.get(month!)), day) ?? found
    })
  }
  return plain
}

const NUMERIC = /(?<![\d/.-])([12]\d{3})([-/.])(0?[1-9]|1[0-2])([-/.])(0?[1-9]|[12]\d|3[01])(?![\d/]|[-.]\d)/g
const EAST_ASIAN =
  /(?<!\d)([12]\d{3}) ?[年년] ?(0?[1-9]|1[0-2]) ?[月월](?: ?(0?[1-9]|[12]\d|3[01]) ?[日号일])?/g
const EAST_ASIAN_DAY = /(?<!\d)(0?[1-9]|1[0-2]) ?[月월] ?(0?[1-9]|[12]\d|3[01]) ?[日号일]/g

function written(year: string, month: string, day: string | undefined): string | undefined {
  const parts = [year, month.padStart(2, '0')]
  if (day) {
    if (Number(day) > 31 || Number(day) < 1) return undefined
    parts.push(day.padStart(2, '0'))
  }
  return parts.join(MARK)
}

/** Once a text may have a date: reading the names takes some milliseconds. */
function readPatterns(): Patterns {
  const months = new Map<string, number>([['sept', 9]])
  for (const language of LANGUAGES) {
    for (const length of language === 'en' ? (['long', 'short'] as const) : (['long'] as const)) {
      const format = new Intl.DateTimeFormat(language, { month: length, day: 'numeric', timeZone: 'UTC' })
      for (let month = 0; month < 12; month++) {
        const parts = format.formatToParts(Date.UTC(2001, month, 3))
        const name = parts
          .find(({ type }) => type === 'month')
          ?.value.toLowerCase()
          .replace(/\.$/, '')
        if (name && /^\p{L}{3,}$/u.test(name) && !months.has(name)) months.set(name, month + 1)
      }
    }
  }
  const names = [...months.keys()].sort((a, b) => b.length - a.length).join('|')
  const [month, year, of] = [`(?<month>${names})`, '(?<year>[12]\\d{3})', '(?: (?:of|de|del))? ?']
  const day = '(?<day>0?[1-9]|[12]\\d|3[01])(?:st|nd|rd|th|er|\\.)?'
  const [start, end] = ['(?<![\\p{L}\\p{N}.,·-])', '(?![\\p{L}\\p{N}]|[.,]\\d)']
  return {
    months,
    any: new RegExp(`(?<!\\p{L})(?:${names})(?!\\p{L})`, 'u'),
    dates: [
      `${start}(?:the )?${day} ?${of}${month}\\.?,?${of}[ ']?${year}${end}`,
      `${start}${month}\\.? (?:the )?${day},? (?:of )?${year}${end}`,
      `${start}${year},? ${month}\\.? ${day}${end}`,
      `${start}${month}\\.?,?${of} ?${year}${end}`,
      `${start}(?:the )?${day} ?${of}${month}(?! \\p{N}{3})${end}`,
      // "may 3" may be a verb.
      `${start}(?!may )${month}\\.? (?:the )?${day}${end}`,
      `(?<=(?:^|\\b(?:on|of|in|by|until|till|from|since|before|after|to|and|between) ))${month} ${day}${end}`,
    ].map((pattern) => new RegExp(pattern, 'gu')),
  }
}
