/** What fonts' codes stand for, in characters that a reader would type. */

/** Bullets of Symbol and Wingdings, which have private codes. */
const BULLETS = new Set([0xf0b7, 0xf0a7, 0xf0a8, 0xf06e, 0xf06c, 0xf076, 0xf0d8, 0xf0e0, 0xf02d, 0xf0be])

/** Empty for what cannot be read: controls, private codes. Blanks of all kinds are one blank, letters of formulas plain ones. */
export function readable(unicode: string): string {
  let text = ''
  for (const character of unicode) {
    const code = character.codePointAt(0)!
    if (BULLETS.has(code)) text += '•'
    // What is drawn is seen: some fonts give all their hyphens this code.
    else if (code === 0xad) text += '-'
    else if (isPrivate(code) || isControl(code)) continue
    else if (code >= 0x1d400 && code <= 0x1d7ff) text += character.normalize('NFKC')
    else text += character
  }
  return text
    .replace(/\s/g, ' ')
    .replace(
      /[\u2e80-\u2fd5\uf900-\ufaff\ufb00-\ufdff\ufe70-\ufefc]/g,
      (form) => RADICALS.get(form) ?? form.normalize('NFKC'),
    )
    .replace(/ (?=\p{M})/gu, '')
}

/** Radicals that some programs write for the ideographs that look the same; Unicode has no decomposition for these. */
const RADICALS = new Map(
  [
    '⺁厂 ⺇几 ⺌小 ⺎兀 ⺒巳 ⺓幺 ⺕彐 ⺙攵 ⺝月 ⺟母 ⺠民 ⺬示 ⺮竹 ⺶羊 ⺻聿 ⺽臼 ⻁虎 ⻄西 ⻅见 ⻆角 ⻉贝 ⻋车 ⻑長 ⻓长 ⻔门 ⻗雨',
    '⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻪黾 ⻫斉 ⻬齐 ⻭歯 ⻮齿 ⻯竜 ⻰龙 ⻱龜 ⻲亀 ⻳龟',
  ]
    .join(' ')
    .split(' ')
    .map((pair) => [...pair] as [string, string]),
)

function isPrivate(code: number): boolean {
  return (code >= 0xe000 && code <= 0xf8ff) || code >= 0xf0000 || code === 0xfffd
}

/** Invisible ones, too: they only part words that look whole. */
function isControl(code: number): boolean {
  return (
    code < 9 ||
    (code > 13 && code < 32) ||
    (code >= 127 && code < 160) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    code === 0xfeff
  )
}

const ACCENTS = new Map([
  ['`', '\u0300'],
  ['´', '\u0301'],
  ['ˆ', '\u0302'],
  ['˜', '\u0303'],
  ['¯', '\u0304'],
  ['˘', '\u0306'],
  ['˙', '\u0307'],
  ['¨', '\u0308'],
  ['˚', '\u030a'],
  ['˝', '\u030b'],
  ['ˇ', '\u030c'],
  ['¸', '\u0327'],
  ['˛', '\u0328'],
])

/** The letter with an accent that is drawn over it as a sign of its own, as old TeX fonts do; undefined if they do not go together. */
export function accented(accent: string, letter: string): string | undefined {
  const mark = ACCENTS.get(accent)
  if (!mark || !/^\p{L}$/u.test(letter)) return undefined
  const base = letter === 'ı' ? 'i' : letter === 'ȷ' ? 'j' : letter
  const composed = (base + mark).normalize('NFC')
  return composed.length === 1 ? composed : undefined
}

const RTL = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

export function isRtl(text: string): boolean {
  return RTL.test(text)
}

/** By the letters: a line of Arabic with an English name in it is Arabic. */
export function isMostlyRtl(text: string): boolean {
  let balance = 0
  for (const character of text) balance += isRtl(character) ? 1 : /\p{L}/u.test(character) ? -1 : 0
  return balance >= 0 && isRtl(text)
}

/** Written without blanks between words. */
export function isIdeographic(character: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u.test(character)
}
