/** Running headers, footers and page numbers: what stands at the same place on several pages, and numbers at the edges. */
import { type Line, linesOf, rowsOf } from './lines.js'
import type { Segment } from './segments.js'

export interface PageText {
  height: number
  segments: Segment[]
}

/** Of a page's height, from each edge. */
const ZONE = 0.13
/** Lines from the outside in that may be furniture, on each side. */
const DEEPEST = 4
/** Points by which it may move from page to page. */
const NEAR = 6

const PAGE_NUMBER =
  /^(?:[-–—|·•\s]*(?:page|seite|p\.|pág(?:ina)?\.?|стр\.?|صفحه|第)?\s*(?:\p{N}{1,4}|[ivxlc]{1,7}|\p{N}{1,3}[-–.]\p{N}{1,4})(?:\s*(?:of|\/|von|de|sur|из|页|頁)\s*(?:\p{N}{1,4})?(?:\s*页)?)?[-–—|·•\s]*)$/iu

interface Edge {
  key: string
  y: number
  row: Segment[]
  line: Line
  /** Nothing stands further out. */
  outermost: boolean
}

/** The same pages without it. */
export function withoutFurniture(pages: readonly PageText[]): Segment[][] {
  const edges = pages.map(edgesOf)
  const places = new Map<string, { y: number; page: number }[]>()
  for (const [page, found] of edges.entries())
    for (const { key, y } of found) places.set(key, [...(places.get(key) ?? []), { y, page }])
  const needed = pages.length <= 5 ? 2 : 3
  const repeats = ({ key, y }: Edge) =>
    new Set(places.get(key)!.flatMap((each) => (Math.abs(each.y - y) < NEAR ? [each.page] : []))).size >=
    needed
  return pages.map(({ segments }, page) => {
    const dropped = new Set<Segment>()
    for (const edge of edges[page]!)
      if (PAGE_NUMBER.test(edge.line.text) ? edge.outermost || repeats(edge) : repeats(edge))
        for (const segment of edge.row) dropped.add(segment)
    return segments.filter((segment) => !dropped.has(segment))
  })
}

function edgesOf({ height, segments }: PageText): Edge[] {
  const rows = rowsOf(segments).map((row) => ({ row, line: linesOf(row)[0]! }))
  rows.sort((a, b) => a.line.baseline - b.line.baseline)
  const top = rows.slice(0, DEEPEST).filter(({ line }) => line.y1 < height * ZONE)
  const bottom = rows.slice(-DEEPEST).filter(({ line }) => line.y0 > height * (1 - ZONE))
  return [
    ...top.map((each, i) => edgeOf(each.row, each.line, i === 0)),
    ...bottom.map((each, i) => edgeOf(each.row, each.line, i === bottom.length - 1)),
  ]
}

/** Numbers change from page to page. */
function edgeOf(row: Segment[], line: Line, outermost: boolean): Edge {
  return {
    key: line.text
      .toLowerCase()
      .replace(/\p{N}+/gu, '#')
      .replace(/\s+/g, ' '),
    y: line.baseline,
    row,
    line,
    outermost,
  }
}
