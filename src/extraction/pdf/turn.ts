/** A page turned so that most of its text reads from left to right, with what is written across it apart. */
import type { Box, Glyph, Page, Rule } from './page.js'

interface Upright extends Page {
  /** Text that is turned against the page's own, each direction apart, made upright. */
  asides: Glyph[][]
}

export function uprightPage(page: Page): Upright {
  const counts = new Map<number, number>()
  for (const { turn } of page.glyphs) counts.set(turn, (counts.get(turn) ?? 0) + 1)
  const turns = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([turn]) => turn)
  const main = turns[0] ?? 0
  const facing = (turn: number) =>
    page.glyphs.filter((glyph) => glyph.turn === turn).map((glyph) => turnedGlyph(glyph, turn, page))
  const sideways = main === 90 || main === 270
  return {
    width: sideways ? page.height : page.width,
    height: sideways ? page.width : page.height,
    glyphs: facing(main),
    rules: page.rules.map((rule) => turnedRule(rule, main, page)),
    pictures: page.pictures.map((picture) => ({ ...picture, ...turnedBox(picture, main, page) })),
    asides: turns.slice(1).map(facing),
  }
}

interface Size {
  width: number
  height: number
}

/** Where a point goes when text that was turned by so many degrees is made upright. */
function turned(x: number, y: number, turn: number, { width, height }: Size): [number, number] {
  if (turn === 90) return [y, width - x]
  if (turn === 180) return [width - x, height - y]
  if (turn === 270) return [height - y, x]
  return [x, y]
}

function turnedGlyph(glyph: Glyph, turn: number, size: Size): Glyph {
  const [x, y] = turned(glyph.x, glyph.y, turn, size)
  return { ...glyph, x, y, turn: 0 }
}

function turnedBox({ x0, y0, x1, y1 }: Box, turn: number, size: Size): Box {
  const [[a, b], [c, d]] = [turned(x0, y0, turn, size), turned(x1, y1, turn, size)]
  return { x0: Math.min(a, c), y0: Math.min(b, d), x1: Math.max(a, c), y1: Math.max(b, d) }
}

function turnedRule({ horizontal, at, from, to }: Rule, turn: number, size: Size): Rule {
  const [a, b] = horizontal ? turned(from, at, turn, size) : turned(at, from, turn, size)
  const [c, d] = horizontal ? turned(to, at, turn, size) : turned(at, to, turn, size)
  const flat = horizontal === (turn % 180 === 0)
  return flat
    ? { horizontal: true, at: b, from: Math.min(a, c), to: Math.max(a, c) }
    : { horizontal: false, at: a, from: Math.min(b, d), to: Math.max(b, d) }
}
