/** Running headers, footers and page numbers: what stands at the same place on several pages, and numbers at the edges. */
import { type Line, linesOf, rowsOf } from './lines.js'
import type { Segment } from './segments.js'

interface PageText {
  height: number
  segments: Segment[]
}

/** Of a page's height, from each edge. */
const ZONE = 0.13
/** Lines from the outside in that may be furniture, on each side. */
const DEEPEST = 4
/** Points by which it may move from page to page. */
const NEAR = 6

/** Times the body's size: what is larger is a title, and chapters may all begin at the same place. */
const LARGER = 1.15

const PAGE_NUMBER =
  /^(?:[-–—|·•\s]*(?:page|seite|p\.|pág(?:ina)?\.?|стр\.?|صفحه|第)?\s*(?:\p{N}{1,4}|[ivxlc]{1,7}|\p{N}{1,3}[-–.]\p{N}{1,4})(?:\s*(?:of|\/|von|de|sur|из|页|頁)\s*(?:\p{N}{1,4})?(?:\s*页)?)?[-–—|·•\s]*)$/iu

interface Edge {
  key: string
  y: number
  row: Segment[]
  line: Line
  /** Nothing stands further out. */
  outermost: boolean
  /** More than a line's height parts it from what stands further in. */
  apart: boolean
}

/** The same pages without it. */
export function withoutFurniture(pages: readonly PageText[]): Segment[][] {
  const body = bodySize(pages)
  const edges = pages.map((page) => edgesOf(page).filter(({ line }) => line.size < LARGER * body))
  const repeated = repeatedEdges(edges)
  return pages.map(({ segments }, page) => {
    const dropped = new Set<Segment>()
    for (const edge of edges[page]!)
      if (isFurniture(edge, repeated)) for (const each of edge.row) dropped.add(each)
    return segments.filter((segment) => !dropped.has(segment))
  })
}

function isFurniture(edge: Edge, repeated: ReadonlySet<Edge>): boolean {
  if (repeated.has(edge)) return true
  if (PAGE_NUMBER.test(edge.line.text)) return edge.outermost
  if (!edge.apart) return false
  // The chapter's name changes, its place does not.
  for (const { y, line } of repeated)
    if (Math.abs(y - edge.y) < 1.5 && Math.abs(line.size - edge.line.size) < 0.3) return true
  return false
}

/** Those whose text, digits aside, or whose page number stands at the same place on other pages. */
function repeatedEdges(edges: readonly (readonly Edge[])[]): Set<Edge> {
  const needed = edges.length <= 5 ? 2 : 3
  const groups = new Map<string, { edge: Edge; page: number }[]>()
  for (const [page, found] of edges.entries())
    for (const edge of found)
      for (const key of [edge.key, ...(edge.apart ? numberKeys(edge, page) : [])])
        groups.set(key, [...(groups.get(key) ?? []), { edge, page }])
  const repeated = new Set<Edge>()
  for (const group of groups.values())
    for (const { edge } of group) {
      const near = group.filter((each) => Math.abs(each.edge.y - edge.y) < NEAR)
      if (new Set(near.map(({ page }) => page)).size >= needed) repeated.add(edge)
    }
  return repeated
}

/** The same on all pages if a number at the row's start or end counts them. */
function numberKeys({ line, y }: Edge, page: number): string[] {
  const numbers = [/^\d{1,4}(?=\s)/, /(?<=\s)\d{1,4}$/].map((at) => at.exec(line.text)?.[0])
  return numbers.flatMap((number) =>
    number ? [`counts ${Number(number) - page} ${Math.round(y / NEAR)}`] : [],
  )
}

function edgesOf({ height, segments }: PageText): Edge[] {
  const rows = rowsOf(segments).map((row) => ({ row, line: linesOf(row)[0]! }))
  rows.sort((a, b) => a.line.baseline - b.line.baseline)
  const edgeOf = (index: number, outermost: boolean, inner: number): Edge => {
    const { row, line } = rows[index]!
    const next = rows[inner]?.line
    const apart = !next || Math.abs(next.baseline - line.baseline) > 1.7 * Math.max(line.size, next.size)
    return { key: keyOf(line), y: line.baseline, row, line, outermost, apart }
  }
  const edges: Edge[] = []
  for (const [i, { line }] of rows.entries()) {
    const fromEnd = rows.length - 1 - i
    if (i < DEEPEST && line.y1 < height * ZONE) edges.push(edgeOf(i, i === 0, i + 1))
    else if (fromEnd < DEEPEST && line.y0 > height * (1 - ZONE)) edges.push(edgeOf(i, fromEnd === 0, i - 1))
  }
  return edges
}

/** Numbers change from page to page. */
function keyOf({ text }: Line): string {
  return text
    .toLowerCase()
    .replace(/\p{N}+/gu, '#')
    .replace(/\s+/g, ' ')
}

/** Of most letters. */
function bodySize(pages: readonly PageText[]): number {
  const letters = new Map<number, number>()
  for (const { segments } of pages)
    for (const { size, words } of segments) {
      const rounded = Math.round(size * 2) / 2
      const count = words.reduce((sum, { text }) => sum + text.length, 0)
      letters.set(rounded, (letters.get(rounded) ?? 0) + count)
    }
  return [...letters].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 10
}
