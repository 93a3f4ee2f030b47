/** HTML: all that a reader sees, as Markdown. */
import { decodeText } from './decode.js'
import { clean } from './html/clean.js'
import { parsePage } from './html/dom.js'
import { pageMarkdown } from './html/to-markdown.js'
import { ImageList } from './image-list.js'
import type { ParsedDocument, Parser } from './parsed.js'

/** Where a page names its charset (HTML, 13.2.3.2). */
const HEAD_BYTES = 1024

export const parseHtml: Parser = async (bytes) => htmlDocument(decodeText(bytes, charsetOf(bytes)))

/** Images in `data:` URLs are taken out; others leave their label: nothing is fetched. */
export function htmlDocument(html: string, { labels = true, list = new ImageList() } = {}): ParsedDocument {
  const { document, body } = parsePage(html)
  clean(document, body)
  return { markdown: pageMarkdown(document, body, { list, labels }), images: list.images }
}

function charsetOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString(
    'latin1',
  )
  return /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(head)?.[1]
}
