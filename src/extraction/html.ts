/** HTML: all that a reader sees, as Markdown. */
import { decodeText } from '../files/decode-text.js'
import { clean } from './html/clean.js'
import { parsePage } from './html/dom.js'
import { markImages } from './html/images.js'
import { pageMarkdown } from './html/to-markdown.js'
import { ImageList } from './image-list.js'
import type { Beside, ParsedDocument, Parser } from './parsed.js'

/** Where a page names its charset (HTML, 13.2.3.2). */
const HEAD_BYTES = 1024

export const parseHtml: Parser = async (bytes, _limits, beside) =>
  htmlDocument(decodeText(bytes, charsetOf(bytes)), { beside })

/** Images in `data:` URLs and beside the page are taken out; others leave their labels: nothing is fetched. */
export async function htmlDocument(
  html: string,
  { list = new ImageList(), beside }: { list?: ImageList; beside?: Beside | undefined } = {},
): Promise<ParsedDocument> {
  const { document, body } = parsePage(html)
  clean(document, body)
  await markImages(body, list, beside)
  return { markdown: pageMarkdown(document, body), images: list.images }
}

function charsetOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString(
    'latin1',
  )
  return /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(head)?.[1]
}
