/** Sentences and list lines of a paragraph, in English and Chinese. */
import { isLineEnd, linesOf } from './paragraphs.js'
import { breaksWrongly } from './sentence-breaks.js'
import { type Span, trimSpan } from './spans.js'

/** A fixed locale: the machine's own must not change where a text is cut. */
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })
/**
 * UTF-16 units segmented at a time. ICU 78 takes quadratic time on runs such as `1. 1. 1. …`
 * (1,000,000 units: 228 s; in windows of 4,000: under 1 s); ordinary text runs at 70 MB/s.
 */
const WINDOW = 4_000
/** What ends a sentence within a line: the STerm and ATerm of UAX #29, and the control U+0085. */
const TERMINATOR = /[.\u0085\u2024\uFE52\uFF0E\p{Sentence_Terminal}]/u

/**
 * The sentences of a part of a text, in order, trimmed. A line break ends one too (list items,
 * table rows, code), unless the line is wrapped prose. Intl.Segmenter's breaks after
 * abbreviations and initials are taken back.
 */
export function* sentencesOf(text: string, start: number, end: number): Generator<Span> {
  let from = start
  let lineStart = start
  let stop = start
  for (const next of breaksOf(text, start, end)) {
    if (stop > from && !breaksWrongly(text, { from, stop, next, lineStart })) {
      yield trimSpan(text, from, stop)
      from = stop
    }
    if (stop > start && isLineEnd(text, stop)) lineStart = stop
    stop = next
  }
  if (stop > from) yield trimSpan(text, from, stop)
}

/**
 * Where Intl.Segmenter ends the sentences. Line by line, as a line break always ends one; a line
 * without a full stop or the like is one sentence, and asking ICU would take most of the time.
 */
function* breaksOf(text: string, start: number, end: number): Generator<number> {
  for (const line of linesOf(text, start, end)) {
    if (!TERMINATOR.test(text.slice(line.start, line.end))) yield line.end
    else yield* breaksOfLine(text, line.start, line.end)
  }
}

function* breaksOfLine(text: string, start: number, end: number): Generator<number> {
  for (let from = start; from < end; ) {
    for (const stop of sureBreaks(text, from, end)) {
      yield stop
      from = stop
    }
  }
}

/**
 * At least one of the next breaks. A window's end cuts the last sentence short and may falsify
 * the break before it, which looks ahead for a lower-case letter: so those two do not count.
 */
function sureBreaks(text: string, from: number, end: number): number[] {
  if (end - from <= WINDOW) return segmentEnds(text, from, end)
  const ends = segmentEnds(text, from, from + WINDOW)
  if (ends.length > 2) return ends.slice(0, -2)
  // Longer than the window: look for the first break only, further and further on.
  for (let to = from + 2 * WINDOW; ; to += to - from) {
    const first = segmentEnds(text, from, Math.min(to, end), 3)
    if (first.length > 2) return first.slice(0, 1)
    if (to >= end) return first
  }
}

/** What begins the next sentence: UAX #29 takes all brackets and quotes behind a full stop for closing ones. */
const OPENING = '“‘「『（《〈【〔〖﹁﹃(['

/** In “一。”“二。” the third mark opens. */
function beforeOpening(text: string, from: number, end: number): number {
  let stop = end
  while (stop > from && OPENING.includes(text[stop - 1]!)) stop--
  return stop > from ? stop : end
}

function segmentEnds(text: string, from: number, to: number, most = Number.POSITIVE_INFINITY): number[] {
  const ends: number[] = []
  for (const { index, segment } of segmenter.segment(text.slice(from, to))) {
    ends.push(beforeOpening(text, from + index, from + index + segment.length))
    if (ends.length === most) break
  }
  return ends
}
