/** Blocks of a document as one Markdown text. */
import type { Block } from './blocks.js'
import type { Line } from './lines.js'
import { listItem } from './list-marks.js'
import { joinLines, joinTwo, type Vocabulary, vocabularyOf } from './words.js'

interface Style {
  /** Points: the size of most letters. */
  body: number
  /** Sizes of headings, largest first. */
  headings: number[]
  vocabulary: Vocabulary
}

/** Times the body's size from which short text is a heading. */
const LARGER = 1.13
const [MOST_LINES, MOST_LETTERS, MOST_BOLD_LETTERS] = [4, 200, 120]
const LEVELS = 4

interface Rendered {
  text: string
  kind: 'paragraph' | 'item' | 'other'
}

/** @param columns blocks of each column, in the order in which they are read. */
export function markdownOf(columns: readonly (readonly Block[])[], style: Style): string {
  const done: Rendered[] = []
  for (const column of columns) {
    for (const [index, block] of column.entries()) {
      const next = rendered(block, style)
      const last = done.at(-1)
      if (!next.text) continue
      if (index === 0 && last && goesOn(last, next))
        last.text = joinTwo(last.text, next.text, style.vocabulary)
      else done.push(next)
    }
  }
  let markdown = ''
  for (const [i, { text, kind }] of done.entries())
    markdown += (i === 0 ? '' : kind === 'item' && done[i - 1]!.kind === 'item' ? '\n' : '\n\n') + text
  return markdown && `${markdown}\n`
}

/** A paragraph that a column's end parts. */
function goesOn(last: Rendered, next: Rendered): boolean {
  return (
    last.kind !== 'other' &&
    next.kind === 'paragraph' &&
    !/[.!?:;。！？؟]["”’)]?$/.test(last.text) &&
    /^[\p{Ll}\p{Lo}(]/u.test(next.text)
  )
}

function rendered(block: Block, style: Style): Rendered {
  if (block.kind === 'table') return { text: block.markdown, kind: 'other' }
  if (block.kind === 'picture') return { text: block.mark, kind: 'other' }
  if (block.kind === 'code') return { text: code(block.lines), kind: 'other' }
  const text = joinLines(
    block.lines.map((line) => line.text),
    style.vocabulary,
  )
  const level = headingLevel(block.lines, text, style)
  if (level) return { text: `${'#'.repeat(level)} ${text}`, kind: 'other' }
  const item = listItem(text)
  return item === undefined ? { text, kind: 'paragraph' } : { text: item, kind: 'item' }
}

/** 0 for what is none. */
function headingLevel(lines: readonly Line[], text: string, { body, headings }: Style): number {
  const size = lines[0]!.size
  if (lines.length > MOST_LINES || text.length > MOST_LETTERS || !/\p{L}{2}/u.test(text)) return 0
  if (lines.some(({ leads }) => leads)) return 0
  if (size >= LARGER * body) return levelOf(size, headings)
  const bold = lines.every((line) => line.bold) && size > 0.9 * body && text.length <= MOST_BOLD_LETTERS
  const ends = /[.,;:。，；：]$/.test(text) || listItem(text)?.startsWith('- ')
  return bold && !ends ? Math.min(headings.length, LEVELS) + 1 : 0
}

function levelOf(size: number, headings: readonly number[]): number {
  const rank = headings.findIndex((each) => size > each - 0.6)
  return Math.min(rank < 0 ? headings.length : rank, LEVELS - 1) + 1
}

/** Sizes that stand out from the body's, those that are nearly the same as one. */
export function styleOf(columns: readonly (readonly Block[])[]): Style {
  const lines = columns.flat().flatMap((block) => ('lines' in block ? block.lines : []))
  const vocabulary = vocabularyOf(lines.map(({ text }) => text))
  const letters = new Map<number, number>()
  for (const { size, text } of lines) {
    const rounded = Math.round(size * 2) / 2
    letters.set(rounded, (letters.get(rounded) ?? 0) + text.length)
  }
  const body = [...letters].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 10
  const headings: number[] = []
  for (const size of [...letters.keys()].sort((a, b) => b - a))
    if (size >= LARGER * body && (headings.length === 0 || headings.at(-1)! - size > 1)) headings.push(size)
  return { body, headings, vocabulary }
}

/** Indented as it is on the page, fenced unless it is a line or two within text. */
function code(lines: readonly Line[]): string {
  const left = Math.min(...lines.map(({ x0 }) => x0))
  const indented = lines.map(({ cells, x0, size }) => {
    const column = (x: number) => Math.max(Math.round((x - left) / (0.6 * size)), 0)
    let text = ' '.repeat(column(x0))
    for (const [i, cell] of cells.entries()) {
      if (i > 0) text += ' '.repeat(Math.max(column(cell.x0) - text.length, 1))
      text += cell.text
    }
    return text
  })
  const fence = indented.some((line) => line.includes('```')) ? '~~~~' : '```'
  return [fence, ...indented, fence].join('\n')
}
