/** A slide as Markdown: its title, then what stands on it, from top to bottom and from left to right. */
import { chartText, diagramText, frameReference } from './chart.js'
import { type Part, type Parts, related } from './parts.js'
import type { Pictures } from './pictures.js'
import { type Ancestry, forebears, listStyles, placeholderKind } from './placeholders.js'
import { slideTable } from './table.js'
import { alternative, paragraphText, textBody } from './text.js'
import { at, child, childrenOf, find, numberOf, type XmlNode } from './xml.js'

/** In EMU, 914,400 an inch: shapes whose tops differ by less stand side by side. */
const SAME_ROW = 914_400 / 4

/** Repeated on each slide, or about the file: not what the slide says. */
const FURNITURE = new Set(['dt', 'ftr', 'hdr', 'sldNum', 'sldImg'])

const SHAPES = new Set(['sp', 'pic', 'graphicFrame', 'grpSp', 'AlternateContent', 'contentPart', 'cxnSp'])

interface Setting {
  slide: Part
  ancestry: Ancestry
  parts: Parts
  pictures: Pictures
}

export function slideText(slide: Part, presentation: Part, parts: Parts, pictures: Pictures): string {
  const layout = parts.partIfWhole(related(slide, 'slideLayout'))
  const master = parts.partIfWhole(related(layout, 'slideMaster'))
  const setting: Setting = { slide, ancestry: { layout, master, presentation }, parts, pictures }
  return treeText(at(slide.root, 'cSld', 'spTree'), setting)
}

function treeText(tree: XmlNode | undefined, setting: Setting): string {
  const shapes = (tree?.children ?? [])
    .filter(({ name }) => SHAPES.has(name))
    .map((shape) => ({ shape, place: placeOf(shape, setting.ancestry) }))
  return inReadingOrder(shapes)
    .map(({ shape }) => shapeText(shape, setting))
    .filter(Boolean)
    .join('\n\n')
}

interface Placed {
  shape: XmlNode
  place: { x: number; y: number } | undefined
}

/** Shapes without a place keep theirs in the file: after the one before them. */
function inReadingOrder(shapes: readonly Placed[]): Placed[] {
  const isTitle = ({ shape }: Placed) => placeholderKind(shape) === 'title'
  const titles = shapes.filter(isTitle)
  const rest: (Placed & { x: number; y: number })[] = []
  for (const each of shapes) {
    if (isTitle(each)) continue
    const { x, y } = each.place ?? rest.at(-1) ?? { x: 0, y: 0 }
    rest.push({ ...each, x, y })
  }
  rest.sort((a, b) => a.y - b.y)
  const rows: (typeof rest)[] = []
  for (const each of rest) {
    const row = rows.at(-1)
    if (row && each.y - row[0]!.y < SAME_ROW) row.push(each)
    else rows.push([each])
  }
  return [...titles, ...rows.flatMap((row) => row.sort((a, b) => a.x - b.x))]
}

function placeOf(shape: XmlNode, ancestry: Ancestry): Placed['place'] {
  const own = shape.name === 'AlternateContent' ? alternative(shape) : shape
  const offset = [own, ...forebears(own, ancestry)]
    .map((each) => child(ownTransform(each), 'off'))
    .find((each) => each !== undefined)
  return offset && { x: numberOf(offset, 'x'), y: numberOf(offset, 'y') }
}

function ownTransform(shape: XmlNode): XmlNode | undefined {
  return (
    at(shape, 'spPr', 'xfrm') ??
    at(shape, 'grpSpPr', 'xfrm') ??
    child(shape, 'xfrm') ??
    (shape.name === 'Choice' || shape.name === 'Fallback' ? find(shape, 'xfrm') : undefined)
  )
}

function shapeText(shape: XmlNode, setting: Setting): string {
  const kind = placeholderKind(shape)
  if (kind && FURNITURE.has(kind)) return ''
  if (shape.name === 'grpSp') return treeText(shape, setting)
  if (shape.name === 'AlternateContent') return treeText(alternative(shape), setting)
  if (shape.name === 'graphicFrame') return frameText(shape, setting)
  const mark = setting.pictures.mark(shape, setting.slide)
  const body = child(shape, 'txBody')
  const text =
    body && kind === 'title' ? heading(body) : body && textBody(body, listStyles(shape, setting.ancestry))
  return [mark, text].filter(Boolean).join('\n\n')
}

function heading(body: XmlNode): string {
  const title = childrenOf(body, 'p').map(paragraphText).filter(Boolean).join(' ')
  return title && `# ${title}`
}

/** A table, a chart, a diagram, or the picture of an embedded object. */
function frameText(frame: XmlNode, { slide, parts, pictures }: Setting): string {
  const table = at(frame, 'graphic', 'graphicData', 'tbl')
  if (table) return slideTable(table)
  const id = frameReference(frame)
  const relation = id === undefined ? undefined : slide.relations.get(id)
  const part = parts.partIfWhole(relation?.target)
  if (!part) return pictures.mark(frame, slide)
  return relation?.type === 'diagramData' ? diagramText(part) : chartText(part)
}
