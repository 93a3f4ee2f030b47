/** Chinese numerals in digits: 一千二百 is 1200, 3.5万 35000, 三分之一 1/3, 民国三十八年 1949年. Of folded text, whose characters are simplified. */

const DIGITS = '〇一二三四五六七八九'
const DIGIT = '[一二三四五六七八九]'
const NUMERALS = '〇零一二两三四五六七八九十百千万亿廿卅'
const IS_NUMERAL = new RegExp(`[${NUMERALS}]`)
const MAY_HAVE_NUMBERS = new RegExp(`[${NUMERALS}壹贰叁肆柒捌玖拾佰仟]|民国|[西公]元|分之`)

export const isChineseNumeral = (character: string | undefined) =>
  character !== undefined && IS_NUMERAL.test(character)

/** Whether a text may have numerals: to look is faster. */
export const mayHaveChineseNumbers = (folded: string) => MAY_HAVE_NUMBERS.test(folded)

/** @returns the text with its numerals in digits; those that are part of words (三峡, 万一, 十分) and of two numbers (三四十) as they are. */
export function chineseNumbersInDigits(folded: string): string {
  if (!mayHaveChineseNumbers(folded)) return folded
  return (
    folded
      .replace(FORMAL_NUMBER, (found) => Array.from(found, (each) => FORMAL[each] ?? each).join(''))
      .replace(YEAR_WITH_CIRCLES, (found) => found.replace(/[○◯o0零]/g, '〇'))
      .replace(DECIMAL, (found, whole: string, decimals: string) => {
        const value = wholeNumber(whole)
        return value === undefined ? found : `${value}.${Array.from(decimals, digitOf).join('')}`
      })
      .replace(RUN, (run, at: number, text: string) =>
        isNumber(run, at, text) ? (wholeNumber(run) ?? run) : run,
      )
      // 1千5百万
      .replace(/(?<!\d)(\d)千(\d)百(?=[万亿])/g, (_, thousands, hundreds) => `${thousands}${hundreds}00`)
      .replace(MULTIPLE, multiple)
      .replace(/百分之百/g, '百分之100')
      .replace(FRACTION, '$2/$1')
      .replace(PER_THOUSAND, '$1‰')
      .replace(ERA_YEAR, (found, year: string) =>
        Number(year === '元' ? 1 : year) <= LAST_YEAR_OF_ERA
          ? `${FIRST_YEAR + Number(year === '元' ? 0 : Number(year) - 1)}年`
          : found,
      )
      .replace(/西元(?=前?\d)/g, '公元')
      .replace(/公元(?=\d)/g, '')
  )
}

/** Every reading of the numerals of a text, single ones of a run among them: what a passage may say in digits. */
export function chineseNumbersIn(folded: string): string[] {
  return (folded.match(RUN) ?? []).flatMap((run) =>
    [wholeNumber(run) ?? [], ...Array.from(run, (each) => wholeNumber(each) ?? [])].flat(),
  )
}

/** The Republic of China's first year, from which Taiwan counts. */
const FIRST_YEAR = 1912
const LAST_YEAR_OF_ERA = 199
const ERA_YEAR = /民国(元|\d{1,3})年(?![代间])/g

/** As cheques and contracts write them. */
const FORMAL: Record<string, string> = {
  壹: '一',
  贰: '二',
  叁: '三',
  肆: '四',
  伍: '五',
  陆: '六',
  柒: '七',
  捌: '八',
  玖: '九',
  拾: '十',
  佰: '百',
  仟: '千',
}
const FORMAL_NUMBER =
  /[壹贰叁肆伍陆柒捌玖][零壹贰叁肆伍陆柒捌玖]*[拾佰仟万亿][零壹贰叁肆伍陆柒捌玖拾佰仟万亿]*/g
/** 二○○八年, 二0一八年 */
const YEAR_WITH_CIRCLES = /[一二三四五六七八九][〇零一二三四五六七八九○◯o0]{1,3}(?=年)/g

const RUN = new RegExp(`[${NUMERALS}]+`, 'g')
/** 三点五, and no time of the day: 三点五分, 三点一刻; nor 三点一直. */
const DECIMAL = new RegExp(
  `([${NUMERALS}]+)点([〇零一二三四五六七八九]{2,}(?![${NUMERALS}分刻])|[〇零一二三四五六七八九](?=$|[^\\p{L}〇]|[万亿米度倍元公英平立吨升个秒级岁成]|千[米克瓦卡]))`,
  'gu',
)
/** Behind 百分之, 三分之; before it, too. */
const OF_FRACTION = /分之$/
/** A numeral before one of these is a number; before anything else it mostly is part of a word: 三峡, 四川, 一般, 十分. */
const COUNTED =
  /^(?:[个名位人次年月日号天岁座条种项所间台辆架艘级层楼届期章节页册卷篇元吨倍匹棵株颗粒件套集站镑]|公里|公斤|公顷|公尺|公分|英里|英尺|平方|立方|小时|分钟|世纪|米|分之)/

function isNumber(run: string, at: number, text: string): boolean {
  const after = text.slice(at + run.length, at + run.length + 2)
  const before = text.slice(Math.max(0, at - 2), at)
  if (/\d$/.test(before) || /^\d/.test(after)) return false
  if (run.length === text.length || before.endsWith('第') || OF_FRACTION.test(before)) return true
  if (run.length === 1) return COUNTED.test(after) && !/[几数]$/.test(before)
  // 208 in old books, where today it is 280.
  if (/[百千万亿][一二三四五六七八九]$/.test(run) && COUNTED.test(after) && !after.startsWith('元'))
    return false
  // Of digits alone 三四 is three or four, 九一八 a day, 一九四九 and 二〇一 are numbers.
  return UNIT.test(run) || run.length >= 4 || /.[〇零]/.test(run)
}

const UNIT = /[十百千万亿廿卅]/
const digitOf = (numeral: string) => String(Math.max(0, DIGITS.indexOf(numeral === '两' ? '二' : numeral)))

/** @returns `undefined` of what is no one number: 三四十, 千百万. */
function wholeNumber(run: string): string | undefined {
  if (!UNIT.test(run))
    return run.length > 1 && run.includes('两') ? undefined : Array.from(run, digitOf).join('')
  const plain = run
    .replaceAll('两', '二')
    .replaceAll('廿', '二十')
    .replaceAll('卅', '三十')
    .replaceAll('零', '〇')
  const value = valueBy(plain, 0)
  return value === undefined ? undefined : String(value)
}

const SCALES: [unit: string, value: number][] = [
  ['亿', 1e8],
  ['万', 1e4],
]

function valueBy(text: string, scale: number): number | undefined {
  const [unit, size] = SCALES[scale] ?? []
  if (unit === undefined || size === undefined) return below10000(text)
  const at = text.lastIndexOf(unit)
  if (at < 0) return valueBy(text, scale + 1)
  const high = valueBy(text.slice(0, at), scale + 1)
  const rest = text.slice(at + 1)
  // 三万五 is 35,000.
  const low =
    rest === '' ? 0 : SINGLE.test(rest) ? (Number(digitOf(rest)) * size) / 10 : valueBy(rest, scale + 1)
  return high && low !== undefined && low < size ? high * size + low : undefined
}

const SINGLE = new RegExp(`^${DIGIT}$`)
const BELOW_10000 = new RegExp(
  `^〇?(?:(${DIGIT})千)?(?:〇?(${DIGIT})百)?(?:〇?(${DIGIT}?)十)?(〇?)(${DIGIT})?$`,
)

function below10000(text: string): number | undefined {
  const [found, thousands, hundreds, tens, zero, ones] = BELOW_10000.exec(text) ?? []
  if (!found) return undefined
  const of = (digit: string | undefined) => (digit ? Number(digitOf(digit)) : 0)
  const ten = tens === undefined ? 0 : tens === '' ? 1 : of(tens)
  const sum = 1000 * of(thousands) + 100 * of(hundreds) + 10 * ten
  if (!ones) return zero ? undefined : sum
  // 三百五 is 350, 一千二 1,200.
  const unit = zero !== '' || tens !== undefined ? 1 : hundreds ? 10 : thousands ? 100 : 1
  return sum + unit * of(ones)
}

const AMOUNT = '\\d+(?:\\.\\d+)?|\\d{1,3}(?:,\\d{3})+'
const MULTIPLE = new RegExp(
  `(?<![\\d.,])(?:(?:${AMOUNT})(?:[百千]?万亿|[百千]?亿|[百千]?万|[百千]))+(?!\\d)`,
  'g',
)
const PART = new RegExp(`(${AMOUNT})([百千]?)(万?)(亿?)`, 'g')
const FRACTION = /(?<![\d.])(\d+)分之(\d+)(?![\d.])/g
const PER_THOUSAND = /千分之(\d+(?:\.\d+)?)/g

/** 3.5万, 1亿2000万, 3万5千 */
function multiple(found: string): string {
  let sum = 0
  let last = Number.POSITIVE_INFINITY
  for (const [, amount, small, tenThousand, hundredMillion] of found.matchAll(PART)) {
    const size =
      (small === '百' ? 1e2 : small === '千' ? 1e3 : 1) * (tenThousand ? 1e4 : 1) * (hundredMillion ? 1e8 : 1)
    const value = Math.round(Number(amount!.replaceAll(',', '')) * size * 1000) / 1000
    if (value >= last) return found
    last = size
    sum += value
  }
  return Number.isSafeInteger(Math.round(sum * 1000)) ? String(sum) : found
}
