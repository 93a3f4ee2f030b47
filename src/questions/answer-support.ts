/** Whether passages bear out an answer: word for word, or by its words. */
import { statesAnswer } from '../text/find-answer.js'
import { foldText } from '../text/fold.js'
import { remember } from '../text/remember.js'
import { shareScripts } from '../text/scripts.js'
import { supportOf, wordsOfFolded } from '../text/support.js'
import { YES_OR_NO } from './checks/words.js'
import { languageOf } from './language.js'

/** UTF-16 units of passages whose words are kept, twice: some 100 MB. */
const KEPT_UNITS = 2 << 20
const wordsOf = remember(wordsOfFolded, KEPT_UNITS)

/**
 * @param texts folded
 * @returns the share of the answer's words that the texts have; 1 where they state it, or where its words say nothing
 * about it (yes and no, numbers, another script).
 */
export function supportFor(answer: string, texts: string[]): number {
  const states = statesAnswer(answer)
  if (texts.some(states)) return 1
  if (isYesOrNo(answer)) return 1
  if (!shareScripts(answer, texts)) return 1
  const { counted, found } = supportOf(answer, texts.map(wordsOf))
  return counted === 0 ? 1 : found / counted
}

/**
 * Whether the answer is in the question's language and the texts are in the other: a translation, whose words cannot be looked
 * for. @param texts folded or not
 */
export function isTranslated(question: string, answer: string, texts: string[]): boolean {
  const language = languageOf(answer)
  if (language === undefined || languageOf(question) !== language) return false
  return texts.every((text) => {
    const other = languageOf(text)
    return other !== undefined && other !== language
  })
}

export const isYesOrNo = (answer: string) => YES_OR_NO.test(foldText(answer))
