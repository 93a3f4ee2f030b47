/** What a shape takes over from its slide's layout and master: its place, and whether paragraphs have bullets. */
import type { Part } from './parts.js'
import { at, child, findAll, type XmlNode } from './xml.js'

export interface Ancestry {
  layout: Part | undefined
  master: Part | undefined
  presentation: Part
}

/** Types that count as one when a slide's placeholder looks for its layout's, and a layout's for its master's. */
const KINDS = new Map([
  ['ctrTitle', 'title'],
  ['subTitle', 'body'],
  ['obj', 'body'],
  ['tbl', 'body'],
  ['chart', 'body'],
  ['dgm', 'body'],
  ['media', 'body'],
  ['clipArt', 'body'],
  ['pic', 'body'],
])

/** `title`, `body`, `sldNum` …; undefined for what is no placeholder. */
export function placeholderKind(shape: XmlNode): string | undefined {
  const type = placeholderOf(shape)?.attributes.get('type') ?? (placeholderOf(shape) && 'obj')
  return type && (KINDS.get(type) ?? type)
}

function placeholderOf(shape: XmlNode): XmlNode | undefined {
  const properties = shape.children.find((each) => /^nv\w*Pr$/.test(each.name))
  return at(properties, 'nvPr', 'ph')
}

/** The layout's and the master's shape that this one fills, nearest first. */
export function forebears(shape: XmlNode, { layout, master }: Ancestry): XmlNode[] {
  const own = placeholderOf(shape)
  if (!own) return []
  const [index, kind] = [own.attributes.get('idx'), placeholderKind(shape)]
  const inLayout = placeholders(layout)
  const first =
    (index === undefined
      ? undefined
      : inLayout.find((each) => placeholderOf(each)?.attributes.get('idx') === index)) ??
    inLayout.find((each) => placeholderKind(each) === kind)
  const second = placeholders(master).find((each) => placeholderKind(each) === kind)
  return [first, second].filter((each) => each !== undefined)
}

function placeholders(part: Part | undefined): XmlNode[] {
  return part ? findAll(part.root, 'sp').filter((each) => placeholderOf(each)) : []
}

/** Where a level's style may stand, nearest first: each has children `lvl1pPr` … `lvl9pPr`. */
export function listStyles(shape: XmlNode, ancestry: Ancestry): XmlNode[] {
  const own = [shape, ...forebears(shape, ancestry)].map((each) => at(each, 'txBody', 'lstStyle'))
  const kind = placeholderKind(shape)
  const name = kind === 'title' ? 'titleStyle' : kind === 'body' ? 'bodyStyle' : 'otherStyle'
  const general = kind
    ? at(ancestry.master?.root, 'txStyles', name)
    : child(ancestry.presentation.root, 'defaultTextStyle')
  return [...own, general].filter((each) => each !== undefined)
}
