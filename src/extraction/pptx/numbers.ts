/** Numbers of list items as they are shown, in forms that Markdown readers take for lists. */

/** `3.` for digits of all scripts; letters and Roman numerals as such. */
export function listNumber(number: number, type: string): string {
  const shown = type.startsWith('roman')
    ? roman(number)
    : type.startsWith('alpha')
      ? letters(number)
      : `${number}`
  return `${/^(roman|alpha)Lc/.test(type) ? shown.toLowerCase() : shown}${type.includes('Paren') ? ')' : '.'}`
}

function letters(number: number): string {
  let shown = ''
  for (let left = number; left > 0; left = Math.floor((left - 1) / 26))
    shown = String.fromCharCode(65 + ((left - 1) % 26)) + shown
  return shown
}

const ROMAN = [
  [1000, 'M'],
  [900, 'CM'],
  [500, 'D'],
  [400, 'CD'],
  [100, 'C'],
  [90, 'XC'],
  [50, 'L'],
  [40, 'XL'],
  [10, 'X'],
  [9, 'IX'],
  [5, 'V'],
  [4, 'IV'],
  [1, 'I'],
] as const

function roman(number: number): string {
  if (number > 4999) return `${number}`
  let [left, shown] = [number, '']
  for (const [value, sign] of ROMAN) for (; left >= value; left -= value) shown += sign
  return shown
}
