/** Everything that one pair can be found out by without a model. Pure; it looks at the pair and its passages alone. */

import { statesAnswer } from '../../text/find-answer.js'
import { foldText } from '../../text/fold.js'
import { numbersOf } from '../../text/numbers.js'
import { supportOf } from '../../text/support.js'
import { type Language, languageOf, otherThan } from '../language.js'
import type { PairType } from '../pair-types.js'
import type { WrittenPair } from '../reply.js'
import type { AnswersIn } from '../template.js'
import type { LeakFinder } from './leak.js'
import { foreignNumbers, type Passage } from './passage.js'
import { isQuoteOf } from './quote.js'
import { type TextFault, textFaults } from './text-faults.js'
import { LEADING_DEMONSTRATIVES, LEADING_PRONOUNS, LEANS_ON_PASSAGE, YES_OR_NO } from './words.js'

export type PairFault =
  | TextFault
  | 'the passage gives instructions'
  | 'the prompt shows through'
  | 'a quote that is not in the passage'
  | 'an answer that the passage does not support'
  | 'a number that the passage does not have'
  | 'a question that leans on the passage'
  | 'a question that begins with a pronoun'
  | 'a question about something else'
  | 'the wrong language'
  | 'an absurd length'

interface TypedPair extends WrittenPair {
  type: PairType
}

export interface PairGrounds {
  passages: Passage[]
  leak: LeakFinder
  /** Of cross-lingual pairs; default: the passage's. */
  answersIn?: AnswersIn
}

/** Shares of an answer's words that the passage must have. A reason is put in words of one's own; a fact is copied. */
const LEAST_SUPPORT: Record<PairType, number> = {
  fact: 0.6,
  'cross-lingual': 0.6,
  reasoning: 0.4,
  'multi-hop': 0.4,
}
/** Of a question in the passage's language; low, as it may name things in other words. */
const LEAST_IN_QUESTION = 0.2
/** Fewer words of a question, in words of its own, say nothing. */
const LEAST_COUNTED = 4

const QUESTION_CHARS = { least: 8, most: 400 }
/** In Chinese, Japanese and Korean. */
const QUESTION_CHARS_DENSE = { least: 4, most: 200 }
const MOST_ANSWER_CHARS = 1000
const MOST_QUOTE_CHARS = 1000

/** @returns each fault once, in the order in which they are looked for. */
export function pairFaults(pair: TypedPair, { passages, leak, answersIn }: PairGrounds): PairFault[] {
  // Nothing else is looked for: the other checks take texts of a size that a pair has.
  if (isAbsurd(pair)) return ['an absurd length']
  const faults = new Set<PairFault>()
  const { type, question, answer, quotes } = pair
  if (passages.some((passage) => passage.instructs)) faults.add('the passage gives instructions')
  for (const text of [question, answer, ...quotes]) {
    for (const fault of textFaults(text, passages)) faults.add(fault)
    if (leak.leaks(text, passages)) faults.add('the prompt shows through')
  }
  if (!areQuotes(quotes, passages)) faults.add('a quote that is not in the passage')
  const crosses = type === 'cross-lingual' && answersIn === 'question'
  for (const fault of answerFaults(answer, type, passages, crosses)) faults.add(fault)
  for (const fault of questionFaults(question, type, passages)) faults.add(fault)
  return [...faults]
}

/** Each is in a passage, and each passage has one. */
function areQuotes(quotes: string[], passages: Passage[]): boolean {
  return (
    quotes.every((quote) => passages.some((passage) => isQuoteOf(quote, passage))) &&
    passages.every((passage) => quotes.some((quote) => isQuoteOf(quote, passage)))
  )
}

/** @param crosses whether the answer is to be in another language than the passages. */
function answerFaults(answer: string, type: PairType, passages: Passage[], crosses: boolean): PairFault[] {
  const faults: PairFault[] = []
  const folded = foldText(answer)
  const numbers = numbersOf(folded)
  if (foreignNumbers(folded, passages).length > 0) {
    faults.push('a number that the passage does not have')
  }
  const isStated = () => passages.some((passage) => statesAnswer(answer)(passage.folded))
  if (crosses && isTranslation(answer, passages)) {
    if (!sharesNames(answer, passages)) faults.push('an answer that the passage does not support')
    return faults
  }
  const { counted, found } = supportOf(answer, passages)
  // A word of Japanese, Thai or Korean may be too short to count.
  const mayBeStated = counted > 0 || SHORT_SCRIPT.test(folded)
  const share = counted > 0 ? found / counted : Number(numbers.length > 0)
  const isSupported = share >= LEAST_SUPPORT[type] || (mayBeStated && isStated())
  if (!isSupported && !YES_OR_NO.test(folded)) {
    faults.push('an answer that the passage does not support')
  }
  const copied = passages.some((passage) => passage.folded.includes(folded))
  const wanted = (language: Language) => (crosses ? otherThan(language) : language)
  const isForeign = passages.every(({ language }) => language && !hasScriptOf(wanted(language), answer))
  if (!copied && isForeign && !(crosses && isStated())) faults.push('the wrong language')
  return faults
}

/** Of a translation words cannot be looked for, but for names in Latin letters that a Chinese answer leaves as they are. */
function isTranslation(answer: string, passages: Passage[]): boolean {
  const language = languageOf(answer)
  return (
    language !== undefined && passages.every((passage) => passage.language && passage.language !== language)
  )
}

function sharesNames(answer: string, passages: Passage[]): boolean {
  if (languageOf(answer) !== 'zh') return true
  const { counted, found } = supportOf(answer.replace(HAN, ' '), passages)
  return counted === 0 || found / counted >= LEAST_SUPPORT['cross-lingual']
}

const SHORT_SCRIPT =
  /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

/** A name in the other script may stand in an answer; a digit or a formula is of no language. */
function hasScriptOf(language: Language, text: string): boolean {
  return !languageOf(text) || SCRIPT[language].test(text)
}

const SCRIPT: Record<Language, RegExp> = { en: /\p{Script=Latin}/u, zh: /\p{Script=Han}/u }

/** A name, or a number, after the first word. */
const NAMES = /\s\P{L}*\p{Lu}|\d|[《“「]|\p{Script=Han}.*[A-Za-z]/u
const HAN = /\p{Script=Han}/gu
/** So long a question in Chinese has a name in it, though no capital shows which. */
const HAN_OF_NAMED = 18

/** The author Jane Austen. */
const NAMED_AUTHOR = /\bthe authors? (?=\p{Lu})/gu

function questionFaults(question: string, type: PairType, passages: Passage[]): PairFault[] {
  const faults: PairFault[] = []
  const folded = foldText(question)
  const unnamed = foldText(question.replace(NAMED_AUTHOR, ''))
  if (LEANS_ON_PASSAGE.some((pattern) => pattern.test(unnamed)))
    faults.push('a question that leans on the passage')
  const isNamed = NAMES.test(question) || (question.match(HAN)?.length ?? 0) >= HAN_OF_NAMED
  const leading = isNamed ? LEADING_PRONOUNS : [...LEADING_PRONOUNS, ...LEADING_DEMONSTRATIVES]
  if (leading.some((pattern) => pattern.test(folded))) faults.push('a question that begins with a pronoun')
  const language = languageOf(question)
  const wanted = passages.map((passage) =>
    passage.language && type === 'cross-lingual' ? otherThan(passage.language) : passage.language,
  )
  if (wanted.every((each) => each !== undefined && each !== language)) faults.push('the wrong language')
  const { counted, found } = supportOf(question, passages)
  const comparable =
    passages.some((passage) => passage.language === language) &&
    !numbersOf(folded).some((number) => passages.some(({ numbers }) => numbers.has(number)))
  if (comparable && counted >= LEAST_COUNTED && found / counted < LEAST_IN_QUESTION)
    faults.push('a question about something else')
  return faults
}

const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu

function isAbsurd({ question, answer, quotes }: WrittenPair): boolean {
  if (question.length > QUESTION_CHARS.most || answer.length > MOST_ANSWER_CHARS) return true
  if (quotes.some((quote) => quote.length > MOST_QUOTE_CHARS)) return true
  const isDense = 2 * (question.match(WIDE)?.length ?? 0) > question.length
  const { least, most } = isDense ? QUESTION_CHARS_DENSE : QUESTION_CHARS
  return (
    question.length < least ||
    question.length > most ||
    question.includes('\n') ||
    repeatsItself(question) ||
    repeatsItself(answer)
  )
}

/** A model that has got stuck writes one word, or one stretch, over and over. */
function repeatsItself(text: string): boolean {
  return /(.{1,40}?)\1{7,}/su.test(text)
}
