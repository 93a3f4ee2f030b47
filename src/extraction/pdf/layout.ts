/** A page's parts in the order in which they are read: the blocks of each column. */

import { type Block, blocksOf } from './blocks.js'
import { isRtl } from './characters.js'
import { type Item, inColumns } from './columns.js'
import { linesOf } from './lines.js'
import type { Box, Rule } from './page.js'
import type { Segment } from './segments.js'
import { takeTables } from './tables.js'

interface LaidOut {
  segments: readonly Segment[]
  asides: readonly (readonly Segment[])[]
  rules: readonly Rule[]
  pictures: readonly (Box & { mark: string })[]
}

interface Part extends Item {
  segment?: Segment
  block?: Block
}

export function layOut({ segments, asides, rules, pictures }: LaidOut): Block[][] {
  const { tables, rest } = takeTables(segments, rules)
  const parts: Part[] = [
    ...rest.map(textPart),
    ...tables.map(({ markdown, ...box }) => solidPart(box, { kind: 'table', markdown })),
    ...pictures.map(({ mark, ...box }) => solidPart(box, { kind: 'picture', mark })),
  ]
  const columns = inColumns(parts, readsFromTheRight(rest))
  return [...columns.map(columnBlocks), ...asides.filter(isText).map((aside) => blocksOf(linesOf(aside)))]
}

/** Letters: what is shorter and written across is a stamp, or names an axis. */
const SHORTEST_ASIDE = 80

function isText(aside: readonly Segment[]): boolean {
  return aside.flatMap(({ words }) => words).reduce((sum, { text }) => sum + text.length, 0) >= SHORTEST_ASIDE
}

function textPart(segment: Segment): Part {
  const { x0, y0, x1, y1, size, words } = segment
  return { x0, y0, x1, y1, size, letters: words.reduce((sum, { text }) => sum + text.length + 1, 0), segment }
}

function solidPart({ x0, y0, x1, y1 }: Box, block: Block): Part {
  return {
    x0,
    y0,
    x1,
    y1,
    size: 10,
    letters: Math.round((y1 - y0) / 12) * 40,
    block,
    loose: block.kind === 'picture',
  }
}

function readsFromTheRight(segments: readonly Segment[]): boolean {
  let balance = 0
  for (const { words } of segments) for (const { text } of words) balance += isRtl(text) ? 1 : -1
  return balance > 0
}

/** Tables and pictures stand between the lines above and below their tops. */
function columnBlocks(column: readonly Part[]): Block[] {
  const solid = column.filter(({ block }) => block).sort((a, b) => a.y0 - b.y0)
  const lines = linesOf(column.flatMap(({ segment }) => segment ?? []))
  const blocks: Block[] = []
  let from = 0
  for (const { y0, y1, block } of solid) {
    const top = block!.kind === 'picture' && y1 - y0 < 30 ? y1 : y0
    const to = Math.max(from, lines.findLastIndex(({ baseline, size }) => baseline - 0.3 * size < top) + 1)
    blocks.push(...blocksOf(lines.slice(from, to)), block!)
    from = to
  }
  return [...blocks, ...blocksOf(lines.slice(from))]
}
