/** The beginning of a text, which may be a megabyte of anything. */
import { cutText } from '../../files/well-formed.js'

export interface Excerpt {
  text: string
  /** Characters (UTF-16 units) that are left out. */
  more: number
}

export const MOST_PASSAGE = 1600
export const MOST_QUESTION = 600
export const MOST_ANSWER = 1200

/** @param most UTF-16 units; a surrogate pair is not torn. */
export function excerptOf(text: string, most: number): Excerpt {
  if (text.length <= most) return { text, more: 0 }
  const start = cutText(text, most)
  // A slice would keep the whole text in memory.
  return { text: Buffer.from(start, 'utf16le').toString('utf16le'), more: text.length - start.length }
}
