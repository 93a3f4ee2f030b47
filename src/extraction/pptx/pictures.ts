/** Pictures of slides, each file once however often it is shown. */
import { rasterExtension } from '../image-type.js'
import { imageMark, type ParsedImage } from '../parsed.js'
import type { Part, Parts } from './parts.js'
import { at, child, find, type XmlNode } from './xml.js'

export class Pictures {
  readonly images: ParsedImage[] = []
  readonly #parts: Parts
  readonly #names = new Map<string, string>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The mark of the picture that fills a shape; empty if it has none, it is missing, or it is no raster image. */
  mark(shape: XmlNode, slide: Part): string {
    const id = child(fillOf(shape), 'blip')?.attributes.get('embed')
    const target = id && slide.relations.get(id)?.target
    if (!target) return ''
    const known = this.#names.get(target)
    if (known) return imageMark(known)
    const bytes = this.#parts.bytes(target)
    const type = bytes && rasterExtension(bytes)
    if (!type) return ''
    const name = `image-${this.images.length + 1}.${type}`
    this.#names.set(target, name)
    this.images.push({ name, bytes })
    return imageMark(name)
  }
}

/** Not just any below: bullets may be pictures, too. */
function fillOf(shape: XmlNode): XmlNode | undefined {
  if (shape.name === 'graphicFrame') return child(find(shape, 'pic'), 'blipFill')
  return child(shape, 'blipFill') ?? at(shape, 'spPr', 'blipFill')
}
