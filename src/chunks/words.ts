/** Cuts below the sentence, for sentences that are too long: lines, clauses, words, characters. */
import { linesOf } from './paragraphs.js'
import { type Span, trimSpan } from './spans.js'

const words = new Intl.Segmenter('en', { granularity: 'word' })
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** UTF-16 units segmented at a time: ICU looks Chinese words up in quadratic time (100,000: 5 s). */
const WINDOW = 2_000
/** A word that ends nearer than this to the window's end may go on, or be read another way. */
const MARGIN = 64
/** The longest word that is left whole, in UTF-16 units. */
const MAX_WORD = 1_000
/** The longest piece of several words, in UTF-16 units: well inside a window. */
const MAX_RUN = 500
/** A blank, or Chinese commas with the closing quotes after them, but for those of numbers and titles. Bounded: giant runs exhaust the regexp stack. */
const CLAUSE_END = /\s|(?!(?<=\d)[，：](?=\d))(?![^《》\n]{0,40}》)[，；：、]{1,64}[”’」』）】]{0,8}/g

/** The lines of a part of a text that are not blank. */
export function* filledLinesOf(text: string, { start, end }: Span): Generator<Span> {
  for (const line of linesOf(text, start, end)) {
    const trimmed = trimSpan(text, line.start, line.end)
    if (trimmed.start < trimmed.end) yield trimmed
  }
}

/** Pieces between blanks and after Chinese commas: English words, Chinese clauses. */
export function* clausesOf(text: string, { start, end }: Span): Generator<Span> {
  let from = start
  for (const { index, 0: mark } of text.slice(start, end).matchAll(CLAUSE_END)) {
    const stop = start + index + mark.length
    const clause = trimSpan(text, from, stop)
    if (clause.start < clause.end) yield clause
    from = stop
  }
  if (from < end) yield { start: from, end }
}

/**
 * Whole words by Intl.Segmenter (Chinese ones by its dictionary), as many to a piece as `length`
 * UTF-16 units hold (at most MAX_RUN), at least one. A word over MAX_WORD units is cut to that.
 */
export function* wordsOf(text: string, { start, end }: Span, length: number): Generator<Span> {
  const most = Math.max(1, Math.min(Math.floor(length), MAX_RUN))
  for (let from = start; from < end; ) {
    const to = Math.min(splitsPair(text, from + WINDOW) ? from + WINDOW + 1 : from + WINDOW, end)
    const window = words.segment(text.slice(from, to))
    const sure = to === end ? to - from : to - from - MARGIN
    let at = 0
    while (at < to - from) {
      const stop = wordEnd(window, at, most) ?? to - from
      if (stop > sure && at > 0) break
      yield* piecesOf(text, { start: from + at, end: from + stop }, Math.ceil((stop - at) / MAX_WORD))
      at = stop
    }
    from += at
  }
}

/** The last end of a word up to `most` after `at`, or else the end of the word at `at`; none: the window's end. */
function wordEnd(window: Intl.Segments, at: number, most: number): number | undefined {
  const next = window.containing(at + most)
  if (next === undefined) return undefined
  return next.index > at ? next.index : next.index + next.segment.length
}

/** About `count` parts of about equal length, cut between graphemes, or code points of a giant grapheme. */
export function* piecesOf(text: string, { start, end }: Span, count: number): Generator<Span> {
  let from = start
  for (let left = count; left > 1 && from < end; left--) {
    const stop = cutNear(text, from, Math.ceil((end - from) / left), end)
    yield { start: from, end: stop }
    from = stop
  }
  if (from < end) yield { start: from, end }
}

function cutNear(text: string, from: number, length: number, end: number): number {
  if (from + length >= end) return end
  const part = text.slice(from, Math.min(from + length + MARGIN, end))
  const grapheme = graphemes.segment(part).containing(length)!.index
  if (grapheme > 0) return from + grapheme
  if (!splitsPair(text, from + length)) return from + length
  return length > 1 ? from + length - 1 : from + 2
}

function splitsPair(text: string, at: number): boolean {
  return isSurrogate(text.charCodeAt(at - 1), 0xd800) && isSurrogate(text.charCodeAt(at), 0xdc00)
}

function isSurrogate(code: number, first: number): boolean {
  return code >= first && code < first + 0x400
}
