/** A passage as checks look at it: folded, its words and its numbers. */
import { chineseNumbersInDigits } from '../../text/chinese-numbers.js'
import { foldCharacters } from '../../text/fold.js'
import { numbersOf, numbersWithMagnitude, plainNumbers, writtenNumbers } from '../../text/numbers.js'
import { readWords, type TextWords } from '../../text/support.js'
import { type Language, languageOf } from '../language.js'
import { instructs } from './instructs.js'

export interface Passage extends TextWords {
  text: string
  /** Folded but for marks and hyphens: for what looks for those. */
  characters: string
  language: Language | undefined
  /** Numbers, digits only, and those that are written as words. */
  numbers: ReadonlySet<string>
  /** It speaks to the model: nothing that is written about it is believed. */
  instructs: boolean
}

export function readPassage(text: string): Passage {
  const read = readWords(text)
  const { folded, words } = read
  const characters = foldCharacters(text)
  return {
    text,
    ...read,
    characters,
    language: languageOf(text),
    numbers: new Set([
      ...numbersOf(folded),
      ...numbersOf(plainNumbers(folded)),
      ...writtenNumbers(folded, words),
      ...numbersWithMagnitude(folded).map(({ value }) => value),
    ]),
    instructs: instructs(text, characters) || instructs(text, folded),
  }
}

/** Numbers of a text that no passage has. "40 below zero" is -40. @param folded as `foldText` returns it */
export function foreignNumbers(folded: string, passages: Passage[]): string[] {
  const isBelow = BELOW.test(folded)
  const has = (number: string) => passages.some(({ numbers }) => numbers.has(number))
  const written = new Set(numbersOf(folded))
  const scaled = new Set(
    numbersWithMagnitude(folded).flatMap(({ number, value }) => (has(value) ? number : [])),
  )
  // 一个 is "a" as often as "one".
  const counts = (number: string) => number.length > 1 || written.has(number)
  return numbersOf(chineseNumbersInDigits(folded)).filter(
    (number) => counts(number) && !has(number) && !scaled.has(number) && !(isBelow && has(`-${number}`)),
  )
}

const BELOW = /\b(?:below|minus|negative|under)\b|[负零]/
