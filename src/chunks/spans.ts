/** Places in a text, in UTF-16 units: chunks are slices, so nothing is copied or rewritten on the way. */
export interface Span {
  start: number
  /** One past the last. */
  end: number
}

/**
 * The longest string that is counted or becomes one chunk, in UTF-16 units. Tokenizers are slow,
 * or fail, on giant ones: 400,000 repeated characters end a Unigram model's recursion.
 */
export const MAX_SPAN = 20_000

/** The span without the white space (as String.trim knows it) at both its ends. */
export function trimSpan(text: string, start: number, end: number): Span {
  let from = start
  let to = end
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return { start: from, end: to }
}

function isSpace(code: number): boolean {
  if (code < 0xa0) return code === 0x20 || (code >= 0x09 && code <= 0x0d)
  return /\s/.test(String.fromCharCode(code))
}
