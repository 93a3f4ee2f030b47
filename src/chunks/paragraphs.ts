/** Paragraphs and Markdown headings: the strongest places to cut a text. */
import { type Span, trimSpan } from './spans.js'

interface Paragraph extends Span {
  /** A Markdown heading line, which belongs to the paragraph after it. */
  heading: boolean
}

/** CR, LF, and the line and paragraph separators of Unicode. */
const LINE_BREAK = /\r\n|[\n\r\u2028\u2029]/g
const HEADING = /^#{1,6}\s+\S/
/** Longer than this is no heading, whatever it starts with. */
const MAX_HEADING = 200

/** The paragraphs in order: runs of lines between blank lines, each heading line on its own. */
export function* paragraphsOf(text: string): Generator<Paragraph> {
  let open: Paragraph | undefined
  for (const line of linesOf(text, 0, text.length)) {
    const trimmed = trimSpan(text, line.start, line.end)
    const blank = trimmed.start === trimmed.end
    const heading = !blank && isHeading(text, line, trimmed)
    if (open !== undefined && (blank || heading)) {
      yield open
      open = undefined
    }
    if (heading) yield { ...trimmed, heading }
    else if (open !== undefined) open.end = trimmed.end
    else if (!blank) open = { ...trimmed, heading: false }
  }
  if (open !== undefined) yield open
}

/** The lines of a part of a text, each with its line break. */
export function* linesOf(text: string, start: number, end: number): Generator<Span> {
  let from = start
  for (const { index, 0: lineBreak } of text.slice(start, end).matchAll(LINE_BREAK)) {
    const next = start + index + lineBreak.length
    yield { start: from, end: next }
    from = next
  }
  if (from < end) yield { start: from, end }
}

/** Whether a line break ends just before `at`. */
export function isLineEnd(text: string, at: number): boolean {
  return /[\n\r\u2028\u2029]/.test(text.charAt(at - 1))
}

function isHeading(text: string, line: Span, trimmed: Span): boolean {
  // Four blanks or more before it make it code (CommonMark 4.2).
  if (text[trimmed.start] !== '#' || trimmed.start - line.start > 3) return false
  return trimmed.end - trimmed.start <= MAX_HEADING && HEADING.test(text.slice(trimmed.start, trimmed.end))
}
