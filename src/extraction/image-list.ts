/** The images of one document, each once however often it is shown. */
import { sha256 } from '../files/durable-file.js'
import { imageExtension } from './image-type.js'
import { imageMark, type ParsedImage } from './parsed.js'

export class ImageList {
  readonly images: ParsedImage[] = []
  #names = new Map<string, string>()

  /** @returns the mark; '' for bytes that are no image. */
  add(bytes: Uint8Array): string {
    const extension = imageExtension(bytes)
    if (!extension) return ''
    const hash = sha256(bytes)
    const known = this.#names.get(hash)
    if (known) return imageMark(known)
    const name = `image-${this.images.length + 1}.${extension}`
    this.#names.set(hash, name)
    this.images.push({ name, bytes })
    return imageMark(name)
  }

  /** @returns as `add`; `undefined` for an address of any other kind. */
  addDataUrl(url: string): string | undefined {
    if (!/^\s*data:/i.test(url)) return undefined
    const comma = url.indexOf(',')
    if (comma < 0) return ''
    const body = url.slice(comma + 1)
    return this.add(
      /;\s*base64\s*$/i.test(url.slice(0, comma))
        ? Buffer.from(unescaped(body), 'base64')
        : Buffer.from(unescaped(body)),
    )
  }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
