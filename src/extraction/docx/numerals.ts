/** Numbers as Word writes them before paragraphs (ECMA-376, part 1, 17.18.59). */

const ROMAN: readonly [number, string][] = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
]

export function numeral(n: number, format: string): string {
  if (n < 1 || n > 9999) return String(n)
  switch (format) {
    case 'lowerLetter':
      return letters(n)
    case 'upperLetter':
      return letters(n).toUpperCase()
    case 'lowerRoman':
      return roman(n)
    case 'upperRoman':
      return roman(n).toUpperCase()
    case 'decimalZero':
      return String(n).padStart(2, '0')
    case 'decimalEnclosedCircle':
    case 'decimalEnclosedCircleChinese':
      return n <= 20 ? String.fromCodePoint(0x245f + n) : String(n)
    case 'chineseCounting':
    case 'chineseCountingThousand':
    case 'ideographDigital':
    case 'japaneseCounting':
    case 'taiwaneseCounting':
    case 'taiwaneseCountingThousand':
      return chinese(n)
    case 'ideographTraditional':
      return '甲乙丙丁戊己庚辛壬癸'[n - 1] ?? String(n)
    case 'none':
      return ''
    default:
      return String(n)
  }
}

/** a … z, aa, bb … */
function letters(n: number): string {
  const letter = String.fromCharCode(97 + ((n - 1) % 26))
  return letter.repeat(Math.min(Math.ceil(n / 26), 100))
}

function roman(n: number): string {
  let [left, text] = [n, '']
  for (const [value, sign] of ROMAN) {
    for (; left >= value; left -= value) text += sign
  }
  return text
}

/** 一, 十, 十一, 二十, 一百零一 */
function chinese(n: number): string {
  const digits = '零一二三四五六七八九'
  const units = ['', '十', '百', '千']
  const places = [...String(n)].map(Number)
  const text = places
    .map((digit, i) => (digit === 0 ? '零' : `${digits[digit]}${units[places.length - 1 - i]}`))
    .join('')
    .replace(/零+/g, '零')
    .replace(/零$/, '')
  return text.replace(/^一十/, '十')
}
