/** Segments of one column as lines of text. */
import { readingText } from './bidi.js'
import { isIdeographic, isRtl } from './characters.js'
import type { Box, Font } from './page.js'
import type { Segment, Word } from './segments.js'

export interface Line extends Box {
  text: string
  baseline: number
  /** Of most of its letters. */
  size: number
  font: Font
  /** All of it. */
  bold: boolean
  italic: boolean
  /** Dots lead to its last word, as in a table of contents. */
  leads: boolean
  /** What stands apart in it, from left to right. */
  cells: Cell[]
}

export interface Cell {
  text: string
  x0: number
  x1: number
}

const LEADER = /(?:\s?[.·…_]){5,}/g

/** In ems: cells of a table are at least so far apart. */
const APART = 1.2

/** From top to bottom; @param apart ems from which on cells are parted. */
export function linesOf(segments: readonly Segment[], apart = APART): Line[] {
  return rowsOf(segments)
    .map((row) => lineOf(row, apart))
    .sort((a, b) => a.baseline - b.baseline || a.x0 - b.x0)
}

/** The segments of each line. */
export function rowsOf(segments: readonly Segment[]): Segment[][] {
  const rows: Segment[][] = []
  for (const segment of [...segments].sort((a, b) => a.baseline - b.baseline || a.x0 - b.x0)) {
    const row = rows.slice(-4).findLast((each) => onOneLine(each, segment))
    if (row) row.push(segment)
    else rows.push([segment])
  }
  return rows
}

/** Small raised or lowered ones belong to the line that they overlap, unless something stands there already. */
function onOneLine(row: readonly Segment[], next: Segment): boolean {
  const main = row.reduce((a, b) => (b.size > a.size ? b : a))
  const shared = Math.min(main.y1, next.y1) - Math.max(main.y0, next.y0)
  if (shared < 0.5 * Math.min(main.y1 - main.y0, next.y1 - next.y0)) return false
  return row.every(
    (each) => Math.min(each.x1, next.x1) - Math.max(each.x0, next.x0) < 0.3 * Math.min(each.size, next.size),
  )
}

function lineOf(row: Segment[], apart: number): Line {
  row.sort((a, b) => a.x0 - b.x0)
  const letters = (segment: Segment) => segment.words.reduce((sum, { text }) => sum + text.length, 0)
  const main = row.reduce((a, b) => (letters(b) > letters(a) ? b : a))
  const words = row.flatMap(wordsInLine)
  const groups = groupsOf(words, apart * main.size)
  return {
    text: textOf(words, main.size),
    x0: Math.min(...row.map(({ x0 }) => x0)),
    x1: Math.max(...row.map(({ x1 }) => x1)),
    y0: main.y0,
    y1: main.y1,
    baseline: main.baseline,
    size: main.size,
    font: main.font,
    bold: row.every(({ bold }) => bold),
    italic: row.every(({ italic }) => italic),
    leads:
      words
        .map((word) => word.text)
        .join(' ')
        .search(LEADER) >= 0,
    cells: groups.map((group) => ({
      text: textOf(group, main.size),
      x0: group[0]!.x0,
      x1: group.at(-1)!.x1,
    })),
  }
}

function wordsInLine(segment: Segment, index: number, row: readonly Segment[]): Word[] {
  const before = row[index - 1]
  if (!before) return segment.words
  const [first, ...others] = segment.words
  const gap = segment.x0 - before.x1
  const spaced = first!.spaced || before.open || gap > 0.15 * Math.min(segment.size, before.size)
  return [{ ...first!, spaced }, ...others]
}

function groupsOf(words: readonly Word[], apart: number): Word[][] {
  const groups: Word[][] = []
  for (const word of words) {
    const last = groups.at(-1)?.at(-1)
    if (last && word.x0 - last.x1 < apart) groups.at(-1)!.push(word)
    else groups.push([word])
  }
  return groups
}

/** In the order in which it is read. Ideographs have no blanks between them, dots that lead to a page number are one blank. */
function textOf(words: readonly Word[], size: number): string {
  const cells: string[] = []
  for (const [i, word] of words.entries()) {
    const last = words[i - 1]
    if (last && word.spaced && !joinsIdeographs(last, word, size)) cells.push(' ')
    cells.push(...(word.cells ?? word.text))
  }
  return parted(cells.some(isRtl) ? readingText(cells) : cells.join(''))
    .normalize('NFC')
    .replace(LEADER, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

function joinsIdeographs(last: Word, next: Word, size: number): boolean {
  return (
    isIdeographic([...last.text].at(-1)!) &&
    isIdeographic([...next.text][0]!) &&
    next.x0 - last.x1 < APART * size
  )
}

const RTL = '\\p{Script=Arabic}\\p{Script=Hebrew}'
const SCRIPTS_MEET = new RegExp(`(?<=[${RTL}])(?=\\p{Script=Latin})|(?<=\\p{Script=Latin})(?=[${RTL}])`, 'gu')

/** Arabic and Latin words touch without a blank where they do in speech; as words they are two. */
function parted(text: string): string {
  return text.replace(SCRIPTS_MEET, ' ')
}
