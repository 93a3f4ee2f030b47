/** The beginning of a text, which may be a megabyte of anything. */

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
  const end = isHighSurrogate(text.charCodeAt(most - 1)) ? most - 1 : most
  // A slice would keep the whole text in memory.
  const copy = Buffer.from(text.slice(0, end), 'utf16le').toString('utf16le')
  return { text: copy, more: text.length - end }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}
