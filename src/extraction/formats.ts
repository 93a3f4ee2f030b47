/** Which parser reads which file: by the ending, loaded when the first such file comes. */
import { extname } from 'node:path'
import { ClaraError } from '../errors.js'
import { imageExtension } from './image-type.js'
import type { Parser } from './parsed.js'

const FORMATS: Record<string, () => Promise<Parser>> = {
  '.docx': async () => (await import('./docx.js')).parseDocx,
  '.htm': async () => (await import('./html.js')).parseHtml,
  '.html': async () => (await import('./html.js')).parseHtml,
  '.markdown': async () => (await import('./markdown.js')).parseMarkdown,
  '.md': async () => (await import('./markdown.js')).parseMarkdown,
  '.pdf': async () => (await import('./pdf.js')).parsePdf,
  '.pptx': async () => (await import('./pptx.js')).parsePptx,
  '.text': async () => (await import('./text.js')).parseText,
  '.txt': async () => (await import('./text.js')).parseText,
}

/** Of files that have parsers, lower case, with the point. */
export const ENDINGS: readonly string[] = Object.keys(FORMATS)

interface Content {
  what: string
  endings: readonly string[]
}

/** What files begin with that are often given another's ending. */
const SIGNS: readonly (Content & { sign: string })[] = [
  { sign: '%PDF-', what: 'a PDF', endings: ['.pdf'] },
  { sign: 'PK\x03\x04', what: 'an archive or Office file', endings: ['.docx', '.pptx'] },
]

/** The others begin with what texts may begin with, or are texts. */
const IMAGES: Record<string, string> = { png: 'a PNG image', jpg: 'a JPEG image' }

export function endingOf(path: string): string {
  return extname(path).toLowerCase()
}

/** @throws ClaraError `input` for an ending that no parser reads. */
export async function parserOf(path: string): Promise<Parser> {
  const ending = endingOf(path)
  const load = Object.hasOwn(FORMATS, ending) ? FORMATS[ending] : undefined
  if (!load) throw new ClaraError('input', `no parser for files ending in ${ending}: ${ENDINGS.join(', ')}`)
  return load()
}

/** @throws ClaraError `input` for a file without content, or whose content is not what its ending says. */
export function requireContent(path: string, bytes: Uint8Array): void {
  if (bytes.byteLength === 0) throw new ClaraError('input', 'is empty')
  const ending = endingOf(path)
  const content = contentOf(bytes)
  if (content && !content.endings.includes(ending)) {
    throw new ClaraError('input', `is ${content.what} by its content, not what ${ending} says`)
  }
}

function contentOf(bytes: Uint8Array): Content | undefined {
  const image = IMAGES[imageExtension(bytes) ?? '']
  if (image) return { what: image, endings: [] }
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 8)).toString('latin1')
  return SIGNS.find(({ sign }) => start.startsWith(sign))
}
