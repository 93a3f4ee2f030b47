/** Whether a text states an answer. */
import { isChineseNumeral } from './chinese-numbers.js'
import { foldText } from './fold.js'
import { hasNumbers, isMinus, isOrdinal, LABEL_MARK, plainNumbers } from './numbers.js'
import { remember } from './remember.js'
import { barePunctuation } from './same-text.js'
import { CHARACTER } from './scripts.js'
import { isCharacter, isSegmentEnd, lettersIn } from './words.js'

/** "1963" or "the king" stand in many a passage by chance: so many letters are asked for. */
const LEAST_LETTERS = 8
const IS_LETTER = /^[\p{L}\p{M}\p{N}]/u

/** Whether a text, as `foldText` returns it, states something. */
type Finder = (folded: string) => boolean

/**
 * @returns whether a text states the answer as whole words, in whatever script; `undefined` for an answer too short to
 * mean anything. Punctuation makes no difference, nor do blanks in Korean; numbers and dates are compared as such.
 */
export function answerFinder(answer: string): Finder | undefined {
  const { wanted, finder } = readAnswer(answer)
  return lettersIn(wanted) < LEAST_LETTERS ? undefined : finder()
}

/** As answerFinder, of an answer of any length: for texts that are said to have it. */
export function statesAnswer(answer: string): Finder {
  const { wanted, finder } = readAnswer(answer)
  return wanted === '' ? () => true : finder()
}

/** What neither letters nor digits stand for, but signs of numbers and the end of C++, C# and 40%. */
const EDGES =
  /^(?:(?![-+.]\d)[^\p{L}\p{M}\p{N}])+|(?<!\p{L})[^\p{L}\p{M}\p{N}%]+$|(?<=\p{L})[^\p{L}\p{M}\p{N}+#]+$/gu

const withoutEdges = (text: string) => text.replace(EDGES, '')

/** Hyphens inside of words: at the end of a line one may have been taken for that of a word cut in two. */
const HYPHENS = /(?<=\p{L})[-\u2010\u2011](?=\p{L})/gu

/** UTF-16 units of answers that are kept, twice: several checks ask for the same. */
const KEPT_ANSWERS = 1 << 14

/** Folded once; what looks for it is made when it is first wanted. */
const readAnswer = remember((answer) => {
  const folded = foldText(answer)
  let made: Finder | undefined
  const finder = () => {
    made ??= finderOf(answer, folded)
    return made
  }
  return { wanted: withoutEdges(folded), finder }
}, KEPT_ANSWERS)

function finderOf(answer: string, folded: string): Finder {
  const joined = answer.replace(HYPHENS, '')
  const states = finderOfFolded(folded)
  if (joined === answer) return states
  const statesJoined = finderOfFolded(foldText(joined))
  return (text) => states(text) || statesJoined(text)
}

/** Nothing goes on behind these; the point of a short word may be that of an abbreviation. */
const SENTENCE_END = /(?<=\p{L}{4}|\d)\.(?= )|[!?;。](?!=)/gu
/** Of no text, and no letter. */
const SENTENCE_MARK = '\u{E001}'

function withoutPunctuation(folded: string): string {
  return barePunctuation(folded.replace(SENTENCE_END, SENTENCE_MARK))
}

/** UTF-16 units of passages that are kept, twice, with either form of them: up to 64 MB. */
const KEPT_UNITS = 4 << 20
const plainOf = remember(plainNumbers, KEPT_UNITS)
const bareOf = remember(withoutPunctuation, KEPT_UNITS)

/** @param answer folded */
function finderOfFolded(answer: string): Finder {
  const wanted = withoutEdges(answer)
  const withNumbers = hasNumbers(wanted)
  const plain = withNumbers ? withoutEdges(plainNumbers(answer)) : wanted
  const bare = withoutEdges(bareOf(plain))
  const mayBe = gateOf(wanted, bare)
  const korean = koreanPattern(wanted)
  // Punctuation that a text has within one word is part of it.
  const looksBare = bare !== plain || bare.includes(' ') || isCharacter(bare)
  // 五个 is not in 十五个.
  const isWhole = wholeNumbers(wanted, plain)
  return (text) => {
    if (containsWords(text, wanted, isWhole)) return true
    if (korean && containsPattern(text, korean, wanted)) return true
    if (!mayBe(text)) return false
    const plainText = withNumbers ? plainOf(text) : text
    if (withNumbers && containsWords(plainText, plain)) return true
    return looksBare && containsWords(bareOf(plainText), bare)
  }
}

/** Most texts lack the answer's longest word, or its first or last character: they need not be read on. */
function gateOf(wanted: string, bare: string): Finder {
  const words = (wanted.match(LONG_WORD) ?? []).filter(
    (word) => !bare.includes('·') && bare.includes(word) && !isOrdinal(word),
  )
  if (words.length > 0) {
    const longest = words.reduce((a, b) => (b.length > a.length ? b : a))
    return (text) => text.includes(longest)
  }
  const [first, last] = [characterAt(bare, 0), characterBefore(bare, bare.length)]
  const ends = [first, last].filter((end) => HAN.test(end) && !isChineseNumeral(end) && !OF_NUMBERS.test(end))
  return (text) => ends.every((end) => text.includes(end))
}

/** Of a script that sets blanks. */
const LONG_WORD = new RegExp(`(?:(?!${CHARACTER})\\p{L}){4,}`, 'gu')
/** What ways of writing a number or a date put in or leave out. */
const OF_NUMBERS = /[第分之年月日号公元至]/

const BETWEEN_HANGUL = /(?<=\p{Script=Hangul}) ?(?=\p{Script=Hangul})/gu

/** Korean writes compounds with blanks and without. */
function koreanPattern(wanted: string): RegExp | undefined {
  const syllables = wanted.match(/\p{Script=Hangul}/gu)?.length ?? 0
  if (syllables < LONG_KOREAN) return undefined
  return new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replace(BETWEEN_HANGUL, ' ?'), 'gu')
}

function containsPattern(text: string, pattern: RegExp, wanted: string): boolean {
  let places = 0
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (isStart(text, index, wanted) && isEnd(text, index + found.length, wanted)) return true
    if (++places >= MOST_PLACES) return false
  }
  return false
}

/** Places looked at: a text of one character over and over has too many for a dictionary. */
const MOST_PLACES = 1000

function containsWords(text: string, wanted: string, isWhole?: IsWhole): boolean {
  let places = 0
  for (let at = text.indexOf(wanted); at >= 0 && places < MOST_PLACES; at = text.indexOf(wanted, at + 1)) {
    places++
    const end = at + wanted.length
    if (isStart(text, at, wanted) && isEnd(text, end, wanted) && (isWhole?.(text, at, end) ?? true))
      return true
  }
  return false
}

type IsWhole = (text: string, at: number, end: number) => boolean

/** @param plain the same with numbers in digits @returns whether no numeral stands beside one with which the answer begins or ends. */
function wholeNumbers(wanted: string, plain: string): IsWhole | undefined {
  if (wanted === plain) return undefined
  const begins = digit(plain[0])
  const ends = isChineseNumeral(wanted.at(-1)) && /[\d%‰]$/.test(plain)
  if (!begins && !ends) return undefined
  return (text, at, end) =>
    !(
      begins &&
      (/[几数]/.test(text[at - 1] ?? '') ||
        isChineseNumeral(text[at - 1]) ||
        (digit(text[at - 1]) && !digit(wanted[0])))
    ) && !(ends && (isChineseNumeral(text[end]) || digit(text[end])))
}

const digit = (character: string | undefined) =>
  character !== undefined && character >= '0' && character <= '9'

function isStart(text: string, at: number, wanted: string): boolean {
  if (wanted[0] === '-' && digit(wanted[1]) && !isMinus(text, at + 1)) return false
  if (digit(text[at])) {
    // Not in -40, 1.40, 1,040, 10^40 or 12:40; of a date, a year may be asked for.
    if (isMinus(text, at)) return false
    if (digit(text[at - 2]) && /[.,'^]/.test(text[at - 1]!)) return false
    if (digit(text[at - 2]) && /[/:]/.test(text[at - 1]!)) return /^\d{4}/.test(text.slice(at, at + 4))
  }
  return isBoundary(text, at, wanted, false)
}

/** @param wanted which ends at `at` */
function isEnd(text: string, at: number, wanted: string): boolean {
  const next = text[at]
  if (digit(wanted.at(-1)) && next !== undefined) {
    if (digit(text[at + 1]) && /[.,'^]/.test(next)) return false
    if (digit(text[at + 1]) && /[/:]/.test(next)) return /\d{4}$/.test(wanted)
    // 40 000, parted by blanks.
    if (next === ' ' && /^ \d{3}(?:\D|$)/.test(text.slice(at, at + 5)))
      return !/(?:^|\D)\d{1,3}$/.test(wanted)
    // 35 is not in 35万.
    if (next === LABEL_MARK || /[百千万亿]/.test(next)) return false
  }
  if (next === '+' || next === '#')
    return !/\p{L}$/u.test(wanted) || !/^(?:\+\+|#|\+)(?![\p{L}\p{N}])/u.test(text.slice(at, at + 3))
  return isBoundary(text, at, wanted, true)
}

/** So many Korean syllables are no part of another word by chance, … */
const LONG_KOREAN = 4
/** … and so many letters of a script that sets no blanks, for which else a dictionary says where words meet. */
const LONG = 8

/** What Korean glues to a noun. */
const PARTICLES =
  /^(?:은|는|이|가|을|를|의|에|도|만|와|과|로|으로|에서|에게|께서?|한테|까지|부터|처럼|보다|마다|조차|밖에|하고|이나|나|이랑|랑|이며|며|이고|고|이?라고|이?라는|이다|다|입니다|이?었다|였다|이?었고|였고|이?었습니다|였습니다|예요|이에요)(?:는|은|도|만|의|이|가|를|을|로)?(?!\p{Script=Hangul})/u

/** What Arabic and Hebrew glue to the front of a noun: and, in, to, from, as, that. */
const PREFIXED = /(?:^|[^\p{L}\p{M}])(?:[وفبكلس]{1,2}|[והבכלמש]{1,3})$/u
const SEMITIC = /^[\p{Script=Arabic}\p{Script=Hebrew}]/u

/** What never begins a word: accents, vowels that follow a consonant, small kana. */
const FOLLOWS =
  /^[\p{M}\u0E30\u0E32\u0E33\u0E45\u0E46\u0EB0\u0EB2\u0EB3\u30FCぁぃぅぇぉっゃゅょァィゥェォッャュョ]/u
/** Vowels of Thai and Lao that stand before their consonant. */
const LEADS = /^[\u0E40-\u0E44\u0EC0-\u0EC4]/
const HAN = /^\p{Script=Han}/u
const HANGUL = /^\p{Script=Hangul}/u
const HIRAGANA = /^\p{Script=Hiragana}/u

/** Whether words meet at `at`, the beginning or the end of what is looked for. */
function isBoundary(text: string, at: number, wanted: string, isEnding: boolean): boolean {
  const [before, after] = [characterBefore(text, at), characterAt(text, at)]
  if (!IS_LETTER.test(before) || !IS_LETTER.test(after)) return true
  if (!isEnding && PREFIXED.test(text.slice(Math.max(0, at - 5), at)) && SEMITIC.test(after)) return true
  if (FOLLOWS.test(after) || LEADS.test(before)) return false
  if (!isCharacter(before) || !isCharacter(after)) return isCharacter(before) !== isCharacter(after)
  if (HANGUL.test(before) && HANGUL.test(after)) {
    return isEnding && (wanted.length >= LONG_KOREAN || PARTICLES.test(text.slice(at, at + 8)))
  }
  if (HAN.test(before) || HAN.test(after) || HIRAGANA.test(before) !== HIRAGANA.test(after)) return true
  return wanted.length >= LONG || isSegmentEnd(text, at)
}

const characterAt = (text: string, at: number) =>
  at < text.length ? String.fromCodePoint(text.codePointAt(at)!) : ''
const characterBefore = (text: string, at: number) =>
  Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? ''
