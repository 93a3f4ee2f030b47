/** Writes small presentations: slides as XML, with the parts that they refer to. */
import { strToU8, zipSync } from 'fflate'

export interface TinySlide {
  shapes: string
  /** By id: type and name of another part. */
  relations?: Record<string, [type: string, target: string]>
}

const NAMESPACES =
  'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
const RELATION = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

/** @param order numbers of slides as they are shown; @param parts whatever else is in the archive. */
export function tinyPptx(
  slides: readonly TinySlide[],
  parts: Record<string, string | Uint8Array> = {},
  order = slides.map((_, i) => i),
): Uint8Array {
  const files: Record<string, string | Uint8Array> = {
    '_rels/.rels': relations({ rId1: ['officeDocument', 'ppt/presentation.xml'] }),
    'ppt/presentation.xml': `<p:presentation ${NAMESPACES}><p:sldIdLst>${order
      .map((slide, i) => `<p:sldId id="${256 + i}" r:id="rId${slide}"/>`)
      .join('')}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations(
      Object.fromEntries(slides.map((_, i) => [`rId${i}`, ['slide', `slides/slide${i}.xml`]])),
    ),
    'ppt/slideLayouts/slideLayout1.xml': `<p:sldLayout ${NAMESPACES}>${tree(
      placeholder('title', '', { x: 0, y: 0 }) + placeholder('body', '', { x: 0, y: 1 }, 1),
    )}</p:sldLayout>`,
    'ppt/slideLayouts/_rels/slideLayout1.xml.rels': relations({
      rId1: ['slideMaster', '../slideMasters/slideMaster1.xml'],
    }),
    'ppt/slideMasters/slideMaster1.xml': `<p:sldMaster ${NAMESPACES}>${tree('')}<p:txStyles><p:titleStyle/><p:bodyStyle><a:lvl1pPr><a:buChar char="•"/></a:lvl1pPr><a:lvl2pPr><a:buChar char="–"/></a:lvl2pPr></p:bodyStyle><p:otherStyle/></p:txStyles></p:sldMaster>`,
    ...parts,
  }
  for (const [i, { shapes, relations: own = {} }] of slides.entries()) {
    files[`ppt/slides/slide${i}.xml`] = `<?xml version="1.0"?><p:sld ${NAMESPACES}>${tree(shapes)}</p:sld>`
    files[`ppt/slides/_rels/slide${i}.xml.rels`] = relations({
      layout: ['slideLayout', '../slideLayouts/slideLayout1.xml'],
      ...own,
    })
  }
  return zipSync(
    Object.fromEntries(
      Object.entries(files).map(([name, part]) => [name, typeof part === 'string' ? strToU8(part) : part]),
    ),
  )
}

function tree(shapes: string): string {
  return `<p:cSld><p:spTree><p:nvGrpSpPr/><p:grpSpPr/>${shapes}</p:spTree></p:cSld>`
}

function relations(each: Record<string, [string, string]>): string {
  const list = Object.entries(each).map(
    ([id, [type, target]]) => `<Relationship Id="${id}" Type="${RELATION}/${type}" Target="${target}"/>`,
  )
  return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${list.join('')}</Relationships>`
}

/** In quarters of an inch. */
export interface Place {
  x: number
  y: number
}

export function transform({ x, y }: Place, prefix = 'a'): string {
  return `<${prefix}:xfrm><a:off x="${x * 228600}" y="${y * 228600}"/><a:ext cx="228600" cy="228600"/></${prefix}:xfrm>`
}

export function paragraph(words: string, properties = ''): string {
  return `<a:p>${properties}<a:r><a:t>${words}</a:t></a:r></a:p>`
}

export function box(paragraphs: string, place?: Place): string {
  return `<p:sp><p:nvSpPr><p:cNvPr id="2" name=""/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr>${place ? transform(place) : ''}</p:spPr><p:txBody><a:bodyPr/>${paragraphs}</p:txBody></p:sp>`
}

export function placeholder(type: string, paragraphs: string, place?: Place, index?: number): string {
  const idx = index === undefined ? '' : ` idx="${index}"`
  return box(paragraphs, place).replace('<p:nvPr/>', `<p:nvPr><p:ph type="${type}"${idx}/></p:nvPr>`)
}

export function picture(relation: string, place: Place): string {
  return `<p:pic><p:nvPicPr><p:cNvPr id="3" name=""/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:embed="${relation}"/></p:blipFill><p:spPr>${transform(place)}</p:spPr></p:pic>`
}

/** A table, chart or diagram. */
export function frame(graphic: string, place: Place): string {
  return `<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="4" name=""/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr>${transform(place, 'p')}<a:graphic><a:graphicData>${graphic}</a:graphicData></a:graphic></p:graphicFrame>`
}
