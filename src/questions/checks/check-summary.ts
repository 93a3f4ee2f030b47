/** What a summary can be found out by without a model. */

import { foldText } from '../../text/fold.js'
import { supportOf } from '../../text/support.js'
import { languageOf } from '../language.js'
import type { PairFault, PairGrounds } from './check-pair.js'
import { foreignNumbers, type Passage } from './passage.js'
import { textFaults } from './text-faults.js'

export type SummaryFault = PairFault | 'a sentence that the passage does not support' | 'no summary'

/** Of the words of each sentence. */
const LEAST_SUPPORT = 0.5
const LEAST_CHARS = 10
/** A summary is shorter than its passage, but for the shortest. */
const SPARE_CHARS = 40
const MOST_CHARS = 8000
const SENTENCE_END = /(?<=[.!?。！？；;\n])\s*/u

export function summaryFaults(summary: string, { passages, leak }: PairGrounds): SummaryFault[] {
  if (summary === '') return ['no summary']
  const longest = passages.reduce((sum, { text }) => sum + text.length, 0) + SPARE_CHARS
  if (summary.length < LEAST_CHARS || summary.length > Math.min(longest, MOST_CHARS))
    return ['an absurd length']
  const faults = new Set<SummaryFault>()
  if (passages.some((passage) => passage.instructs)) faults.add('the passage gives instructions')
  for (const fault of textFaults(summary, passages)) faults.add(fault)
  if (leak.leaks(summary, passages)) faults.add('the prompt shows through')
  if (foreignNumbers(foldText(summary), passages).length > 0) {
    faults.add('a number that the passage does not have')
  }
  if (!summary.split(SENTENCE_END).every((sentence) => isSupported(sentence, passages))) {
    faults.add('a sentence that the passage does not support')
  }
  const language = languageOf(summary)
  if (passages.every((passage) => passage.language && passage.language !== language))
    faults.add('the wrong language')
  return [...faults]
}

function isSupported(sentence: string, passages: Passage[]): boolean {
  const { counted, found } = supportOf(sentence, passages)
  return counted === 0 || found / counted >= LEAST_SUPPORT
}
