/** A look at one sample, for a person who wants to see what the file holds. */
import type { JsonObject } from '../../files/json-value.js'
import { isIntegers } from './wrong-type.js'

const TEXT_MAX = 200

/** Null stands for what is missing or of the wrong type. */
export interface FirstSample {
  line: number
  /** At most 200 characters, then `…`; the first of a list. */
  question: string | null
  docs: number | null
  /** Characters (code points) of each doc; null for one that is no string. */
  docLengths: (number | null)[] | null
  posIndex: number[] | null
  /** `answer`, else `gold_answer`, else the first of `answers`; cut as the question is. */
  answer: string | null
}

export function firstSampleOf(line: number, row: JsonObject): FirstSample {
  const docs: unknown[] | null = Array.isArray(row.docs) ? row.docs : null
  return {
    line,
    question: cut(firstOf(row.question)),
    docs: docs?.length ?? null,
    docLengths: docs?.map((doc) => (typeof doc === 'string' ? characters(doc) : null)) ?? null,
    posIndex: isIntegers(row.pos_index) ? row.pos_index : null,
    answer: cut(row.answer) ?? cut(row.gold_answer) ?? cut(firstOf(row.answers)),
  }
}

/** The first stage has lists. */
function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value
}

function characters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

/** Counts code points, so that no surrogate pair is cut in two. */
function cut(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const start = [...value.slice(0, 2 * TEXT_MAX + 2)]
  return start.length > TEXT_MAX ? `${start.slice(0, TEXT_MAX).join('')}…` : value
}
