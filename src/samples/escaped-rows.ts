/** Rows of the files that the trainer of CLaRa reads: no text in them is taken for one of its tokens. */
import { escapeTrainerTokens } from '../text/trainer-tokens.js'

/** Of the row: all fields that hold texts. */
const TEXTS = ['question', 'docs', 'gold_answer', 'answer', 'answers'] as const

/**
 * @returns the row as it is to be written, and how many of its texts are not what they were: `answer` and `gold_answer`, the same text, are one.
 */
export function escapedRow<Row extends object>(row: Row): { row: Row; escaped: number } {
  const texts = { ...row } as Record<string, unknown>
  let escaped = 0
  const written = (text: string, counts: boolean) => {
    const safe = escapeTrainerTokens(text)
    if (safe !== text && counts) escaped++
    return safe
  }
  for (const field of TEXTS) {
    const value = texts[field]
    const counts = field !== 'gold_answer'
    if (typeof value === 'string') texts[field] = written(value, counts)
    else if (Array.isArray(value)) texts[field] = value.map((text: string) => written(text, counts))
  }
  return escaped === 0 ? { row, escaped } : { row: texts as Row, escaped }
}
