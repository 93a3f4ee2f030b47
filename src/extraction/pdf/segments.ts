/** Glyphs that follow each other closely on one baseline, as words. What stands further apart may be another column. */
import { accented, isIdeographic, isRtl } from './characters.js'
import type { Box, Font, Glyph } from './page.js'

export interface Word {
  /** In the order in which it is seen, from left to right. */
  text: string
  /** The same glyph by glyph, if it is written from right to left. */
  cells?: string[]
  x0: number
  x1: number
  /** White space stands before it. */
  spaced: boolean
}

export interface Segment extends Box {
  words: Word[]
  baseline: number
  size: number
  /** Of its middle. */
  font: Font
  /** Throughout. */
  bold: boolean
  italic: boolean
  artifact: boolean
  /** White space stands after its last word. */
  open: boolean
}

/** In ems. Blanks of justified lines are hardly wider than the first, kerning hardly wider than the second. */
const FAR = 1
const BLANK = 0.15
/** Where blanks are drawn, those that are not need more. */
const BLANK_BESIDE_BLANKS = 0.25

export function segmentsOf(glyphs: readonly Glyph[]): Segment[] {
  const runs: Glyph[][] = []
  let blanks: Glyph[] = []
  let last: Glyph | undefined
  for (const glyph of withoutDoubles(glyphs)) {
    if (glyph.text === ' ') {
      blanks.push(glyph)
      continue
    }
    const run = runs.at(-1)
    if (run && last && follows(last, glyph)) run.push(...blanks, glyph)
    else {
      // They are drawn before what they follow on the page, in some right-to-left files.
      run?.push(...blanks.filter((blank) => isBeside(blank, last!)))
      runs.push([...blanks.filter((blank) => isBeside(blank, glyph)), glyph])
    }
    last = glyph
    blanks = []
  }
  return runs.map(segmentOf).filter((segment) => segment !== undefined)
}

function isBeside(blank: Glyph, glyph: Glyph): boolean {
  const gap = Math.max(blank.x - (glyph.x + glyph.width), glyph.x - (blank.x + blank.width))
  return Math.abs(blank.y - glyph.y) < 0.3 * glyph.size && gap < 0.3 * glyph.size
}

function follows(last: Glyph, next: Glyph): boolean {
  const size = Math.max(last.size, next.size)
  const gap = Math.max(next.x - (last.x + last.width), last.x - (next.x + next.width))
  return (
    Math.abs(next.y - last.y) < 0.2 * size &&
    gap < FAR * size &&
    next.size > 0.6 * last.size &&
    last.size > 0.6 * next.size &&
    last.artifact === next.artifact &&
    last.font.mono === next.font.mono
  )
}

/** Bold type is sometimes the same type twice, a hair apart. */
function withoutDoubles(glyphs: readonly Glyph[]): Glyph[] {
  const seen = new Map<string, Glyph[]>()
  return glyphs.filter((glyph) => {
    if (glyph.text === ' ') return true
    const near = 0.12 * glyph.size
    const [column, row] = [Math.round(glyph.x / 4), Math.round(glyph.y / 4)]
    for (let i = column - 1; i <= column + 1; i++)
      for (let j = row - 1; j <= row + 1; j++)
        for (const other of seen.get(`${i} ${j} ${glyph.text}`) ?? [])
          if (Math.abs(other.x - glyph.x) < near && Math.abs(other.y - glyph.y) < near) return false
    const key = `${column} ${row} ${glyph.text}`
    seen.set(key, [...(seen.get(key) ?? []), glyph])
    return true
  })
}

function segmentOf(run: readonly Glyph[]): Segment | undefined {
  const drawn = run.filter(({ text }) => text !== ' ')
  if (drawn.length === 0) return undefined
  const main = drawn.reduce((a, b) => (b.text.length * b.width > a.text.length * a.width ? b : a))
  const sorted = composed([...run].sort((a, b) => a.x - b.x))
  const words = wordsOf(sorted)
  if (words.length === 0) return undefined
  const size = Math.max(...drawn.map((glyph) => glyph.size))
  return {
    words,
    x0: words[0]!.x0,
    x1: Math.max(...words.map(({ x1 }) => x1)),
    y0: main.y - 0.75 * size,
    y1: main.y + 0.22 * size,
    baseline: main.y,
    size,
    font: drawn[Math.floor(drawn.length / 2)]!.font,
    bold: drawn.every(({ font }) => font.bold),
    italic: drawn.every(({ font }) => font.italic),
    artifact: main.artifact,
    open: sorted.at(-1)!.text === ' ',
  }
}

function wordsOf(sorted: readonly Glyph[]): Word[] {
  const threshold = blankWidth(sorted)
  const words: Word[] = []
  let [cells, blank] = [[] as Glyph[], false]
  const end = () => {
    if (cells.length > 0) words.push(wordOf(cells, blank))
    ;[cells, blank] = [[], true]
  }
  for (const glyph of sorted) {
    const last = cells.at(-1)
    if (glyph.text === ' ') end()
    else if (last && glyph.x - (last.x + last.width) > gapAllowed(last, glyph, threshold) * glyph.size) end()
    if (glyph.text !== ' ') cells.push(glyph)
  }
  end()
  return words
}

/** Ideographs are set with gaps that mean nothing. */
function gapAllowed(last: Glyph, next: Glyph, threshold: number): number {
  return isIdeographic(last.text) && isIdeographic(next.text) ? Math.max(threshold, 0.9) : threshold
}

/** In ems: letters of headings are sometimes set apart, so that what counts is more than their usual distance. */
function blankWidth(sorted: readonly Glyph[]): number {
  const gaps: number[] = []
  let blanks = 0
  for (const [i, glyph] of sorted.entries()) {
    const last = sorted[i - 1]
    if (glyph.text === ' ') blanks++
    else if (last && last.text !== ' ') gaps.push((glyph.x - (last.x + last.width)) / glyph.size)
  }
  const usual = gaps.length < 3 ? 0 : gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]!
  const tracking = usual > 0.08 && usual < 0.6 ? usual : 0
  return tracking + (blanks * 15 > sorted.length ? BLANK_BESIDE_BLANKS : BLANK)
}

function wordOf(glyphs: readonly Glyph[], spaced: boolean): Word {
  const text = glyphs.map((glyph) => glyph.text).join('')
  const place = { x0: glyphs[0]!.x, x1: Math.max(...glyphs.map(({ x, width }) => x + width)) }
  if (!isRtl(text)) return { text: text.normalize('NFC'), ...place, spaced }
  return { text, cells: glyphs.map((glyph) => glyph.text), ...place, spaced }
}

/** Marks go with the glyph that they stand over. */
function composed(sorted: readonly Glyph[]): Glyph[] {
  const done: Glyph[] = []
  for (const glyph of sorted) {
    const last = done.at(-1)
    const both = last && overlap(last, glyph) ? together(last, glyph) : undefined
    if (both !== undefined)
      done[done.length - 1] = { ...(last!.width > glyph.width ? last! : glyph), text: both }
    else done.push(glyph)
  }
  return done
}

function together(a: Glyph, b: Glyph): string | undefined {
  if (/^\p{M}+$/u.test(b.text) && a.text !== ' ') return a.text + b.text
  if (/^\p{M}+$/u.test(a.text) && b.text !== ' ') return b.text + a.text
  return accented(a.text, b.text) ?? accented(b.text, a.text)
}

function overlap(a: Glyph, b: Glyph): boolean {
  const shared = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  return shared > 0.5 * Math.min(a.width, b.width) || Math.min(a.width, b.width) < 0.05 * a.size
}
