/**
 * Questions that are asked more than once: a file that names one positive a line asks some of them on several lines, and a
 * BEIR folder under several ids. What answers one line of them answers the others.
 */

import { foldText } from '../text/fold.js'
import { type Key, KeyTable, keyOfText } from '../text/key-table.js'
import type { Question } from './question.js'

/** What is known to answer a question, of one of the lines that ask it. */
export type Asked = Pick<Question, 'answer' | 'docIds' | 'passages'>

/** One object for all lines that ask the same. */
export interface SameQuestion {
  lines: Asked[]
}

/** 16 bytes each: 128 MiB, for six million questions. */
const MOST_SLOTS = 1 << 23
/** UTF-16 units of answers and passages that are held, of questions that are asked more than once. */
const MOST_UNITS = 64 << 20

/**
 * The same for questions that differ in form, commas and quotation marks, and the marks at their ends only. A question of
 * nothing but marks is its own text.
 */
export function questionKey(question: string): Key {
  const folded = foldText(question).replace(QUOTED, '$1$2$3').replace(COMMAS, '')
  const words = folded.replace(ENDS, '')
  return keyOfText(words === '' ? folded : words)
}

const QUOTED = /"([^"]*)"|《([^》]*)》|(?<![\p{L}\p{N}])'([^']*)'(?![\p{L}\p{N}])/gu
const COMMAS = /,(?!\d)/g
/** "C#" and ".NET" keep theirs. */
const ENDS = /^[\s¿¡"'“‘«]+|[\s?!.,:;…。、؟؛।۔"'”’»]+$/gu

export interface EqualQuestions<T> {
  /** `undefined` where no other line asks the same. */
  of(item: T): SameQuestion | undefined
  /** Lines that were not compared with all others: there were too many before them. */
  notCompared: number
}

/**
 * Reads the items twice where a question comes twice, else once.
 * @param askedOf an item's question and what answers it; `undefined` for an item without.
 */
export async function findEqualQuestions<T>(
  items: AsyncIterable<T>,
  askedOf: (item: T) => (Asked & { question: string }) | undefined,
): Promise<EqualQuestions<T>> {
  const seen = new KeyTable(MOST_SLOTS)
  let repeats = 0
  for await (const item of items) {
    const asked = askedOf(item)
    if (!asked) continue
    const key = questionKey(asked.question)
    const times = seen.get(key)
    if (times > 0) repeats++
    if (times < 2) seen.set(key, times + 1)
  }
  const groups = new Map<string, SameQuestion>()
  const groupOf = (key: Key) => groups.get(`${key.high} ${key.low}`)
  let notCompared = seen.refused
  let units = 0
  if (repeats > 0) {
    for await (const item of items) {
      const asked = askedOf(item)
      const key = asked && questionKey(asked.question)
      if (!key || seen.get(key) < 2) continue
      const { answer, docIds, passages } = asked
      units += [answer, ...docIds, ...passages].reduce((sum, { length }) => sum + length, 0)
      if (units > MOST_UNITS) {
        notCompared++
        continue
      }
      const group = groupOf(key) ?? { lines: [] }
      group.lines.push({ answer, docIds, passages })
      groups.set(`${key.high} ${key.low}`, group)
    }
  }
  return {
    of(item) {
      const asked = groups.size > 0 ? askedOf(item) : undefined
      return asked && groupOf(questionKey(asked.question))
    },
    notCompared,
  }
}
