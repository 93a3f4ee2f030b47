/** Whether a passage states the answer. */
import { normalise } from '../chunks/same-text.js'

/** "1963" or "the king" stand in many a passage by chance: so many characters without blanks are asked for. */
const LEAST_LETTERS = 8
/** Chinese says in two characters what English says in seven. */
const LEAST_HAN = 4
const HAN = /\p{Script=Han}/gu
const LETTER = /[\p{L}\p{M}\p{N}]/u

/**
 * @returns whether a normalised text contains the answer as whole words; `undefined` for an answer too short to
 * mean anything. Punctuation at the answer's ends makes no difference.
 */
export function answerFinder(answer: string): ((normalised: string) => boolean) | undefined {
  const wanted = wantedOf(answer)
  const han = wanted.match(HAN)?.length ?? 0
  const letters = wanted.replace(/[^\p{L}\p{M}\p{N}]/gu, '').length
  if (han < LEAST_HAN && letters < LEAST_LETTERS) return undefined
  return (text) => containsWords(text, wanted)
}

/** As answerFinder, of an answer of any length: for texts that are said to have it. */
export function statesAnswer(answer: string): (normalised: string) => boolean {
  const wanted = wantedOf(answer)
  return (text) => wanted === '' || containsWords(text, wanted)
}

function wantedOf(answer: string): string {
  return normalise(answer).replace(/^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, '')
}

function containsWords(text: string, wanted: string): boolean {
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    if (isBoundary(text, at) && isBoundary(text, at + wanted.length)) return true
  }
  return false
}

/** Between Chinese characters there is always one. */
function isBoundary(text: string, at: number): boolean {
  const [before, after] = [characterBefore(text, at), characterAt(text, at)]
  const inWord = LETTER.test(before) && LETTER.test(after)
  return !inWord || isHan(before) || isHan(after)
}

const isHan = (character: string) => /^\p{Script=Han}$/u.test(character)
const characterAt = (text: string, at: number) =>
  at < text.length ? String.fromCodePoint(text.codePointAt(at)!) : ''
const characterBefore = (text: string, at: number) =>
  Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? ''
