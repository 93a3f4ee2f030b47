/** A passage as checks look at it: folded, its words and its numbers. */
import { normalise } from '../../chunks/same-text.js'
import { type Language, languageOf } from '../language.js'
import { instructs } from './instructs.js'
import { NUMBER_WORDS, STOP_WORDS } from './words.js'

export interface PassageWords {
  folded: string
  words: Set<string>
  /** Beginnings of its long words: endings differ between a statement and a question about it. */
  stems: Set<string>
  /** Chinese characters. */
  han: Set<string>
}

export interface Passage extends PassageWords {
  text: string
  language: Language | undefined
  /** Numbers, digits only, and those that are written as words. */
  numbers: Set<string>
  /** It speaks to the model: nothing that is written about it is believed. */
  instructs: boolean
}

/** A word of five letters or more is known by its first five. */
const STEM = 5

const WORD = /[\p{L}\p{M}\p{N}]+/gu
const HAN = /\p{Script=Han}/gu
const NUMBER = /\p{Nd}+(?:[.,]\p{Nd}+)*/gu

/**
 * As `normalise`; invisible characters are left out, and quotation marks, dashes and ellipses are of one form.
 */
export function fold(text: string): string {
  return normalise(text.replace(/[\p{Cf}\p{Co}\p{Cn}]|[^\P{Cc}\s]/gu, ''))
    .replace(/[‘’‛`´]/g, "'")
    .replace(/[“”„‟«»「」『』]/g, '"')
    .replace(/[‐-―−]/g, '-')
}

export function readPassage(text: string): Passage {
  const read = readWords(text)
  const { folded, words } = read
  return {
    text,
    ...read,
    language: languageOf(text),
    numbers: new Set([...numbersOf(folded), ...writtenNumbers(folded, words)]),
    instructs: instructs(text, folded),
  }
}

/** All that supportOf looks at. */
export function readWords(text: string): PassageWords {
  const folded = fold(text)
  const words = new Set(wordsOf(folded))
  return {
    folded,
    words,
    stems: new Set([...words].filter((word) => word.length >= STEM).map((word) => word.slice(0, STEM))),
    han: new Set(folded.match(HAN)),
  }
}

/** @param folded words in other letters than Chinese ones; those with a Chinese character are left out. */
function wordsOf(folded: string): string[] {
  return (folded.replace(HAN, ' ').match(WORD) ?? []).filter((word) => word !== '')
}

/** @returns without the commas that part thousands, and without zeros that say nothing. */
export function numbersOf(folded: string): string[] {
  return (folded.match(NUMBER) ?? []).map((number) => {
    const plain = number.replace(/,(?=\d{3}(?:\D|$))/g, '').replace(/^0+(?=\d)/, '')
    return /^\d+\.\d+$/.test(plain) ? plain.replace(/\.?0+$/, '') : plain
  })
}

function writtenNumbers(folded: string, words: Set<string>): string[] {
  const single = Object.entries(NUMBER_WORDS).flatMap(([word, number]) => (words.has(word) ? [number] : []))
  const tens = Array.from(folded.matchAll(TENS_AND_ONES), ([, ten, one]) =>
    String(Number(NUMBER_WORDS[ten!]) + Number(NUMBER_WORDS[one!])),
  )
  const chinese = (folded.match(CHINESE_NUMBER) ?? []).flatMap((text) => [
    chineseNumber(text),
    ...Array.from(text, chineseNumber),
  ])
  return [...single, ...tens, ...chinese]
}

const TENS_AND_ONES =
  /\b(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[ -](one|two|three|four|five|six|seven|eight|nine)\b/g
const CHINESE_NUMBER = /[零一二两三四五六七八九十百千万]+/g
const DIGITS = '零一二三四五六七八九'
const UNITS: Record<string, number> = { 十: 10, 百: 100, 千: 1000 }

/** 四千五百 is 4500, 十二 is 12; digits in a row are a number in digits. */
function chineseNumber(text: string): string {
  const plain = text.replaceAll('两', '二')
  if (!/[十百千万]/.test(plain)) return Array.from(plain, (digit) => DIGITS.indexOf(digit)).join('')
  let [sum, part, digit] = [0, 0, 0]
  for (const character of plain) {
    if (character === '万') {
      sum = (sum + part + digit || 1) * 10_000
      part = 0
      digit = 0
    } else if (character in UNITS) {
      part += (digit || 1) * UNITS[character]!
      digit = 0
    } else digit = DIGITS.indexOf(character)
  }
  return String(sum + part + digit)
}

interface Support {
  /** Words and Chinese characters that mean something. */
  counted: number
  /** Those that the passages have. */
  found: number
}

/** How many of a text's words the passages have. Numbers are left to a check of their own. */
export function supportOf(text: string, passages: PassageWords[]): Support {
  const folded = fold(text)
  const words = wordsOf(folded).filter((word) => !STOP_WORDS.has(word) && !/^\d+$/.test(word))
  const han = (folded.match(HAN) ?? []).filter((character) => !STOP_WORDS.has(character))
  const foundWords = words.filter((word) => passages.some((passage) => hasWord(passage, word)))
  const foundHan = han.filter((character) => passages.some((passage) => passage.han.has(character)))
  return { counted: words.length + han.length, found: foundWords.length + foundHan.length }
}

function hasWord({ words, stems }: PassageWords, word: string): boolean {
  return words.has(word) || (word.length >= STEM && stems.has(word.slice(0, STEM)))
}
