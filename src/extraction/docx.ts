/**
 * Word: mammoth makes HTML of it, and that becomes Markdown. What mammoth does not read (formulas, text boxes, labels
 * of lists and headings, older pictures) is put into the document as text before.
 */
import { zipSync } from 'fflate'
import mammoth from 'mammoth'
import { ClaraError, messageOf } from '../errors.js'
import { CODE } from './docx/code.js'
import { buildLists } from './docx/lists.js'
import { Numbering } from './docx/numbering.js'
import { mainPart, relationships, xmlPart } from './docx/package.js'
import { pictureTexts } from './docx/pictures.js'
import { HEADING, prepare } from './docx/prepare.js'
import { readStyles } from './docx/styles.js'
import { parsePage } from './html/dom.js'
import { pageMarkdown } from './html/to-markdown.js'
import { ImageList } from './image-list.js'
import type { Parser } from './parsed.js'
import { type Archive, unzip } from './zip.js'

const STYLE_MAP = [
  ...[1, 2, 3, 4, 5, 6].map((n) => `p.${HEADING}${n} => h${n}:fresh`),
  `p.${CODE} => pre:separator('\\n')`,
  'r[style-name="Strong"] => strong',
  'r[style-name="Emphasis"] => em',
]

export const parseDocx: Parser = async (bytes, limits) => {
  const archive = await unzip(bytes, limits, (name) => /\.(?:xml|rels)$|\/media\//i.test(name))
  const main = mainPart(archive)
  if (!archive.has(main)) throw new ClaraError('input', 'no Word document: the archive has no main part')
  const list = new ImageList()
  const { document, body } = parsePage(await htmlOf(prepared(archive, main, list)))
  buildLists(document, body)
  for (const back of [...body.querySelectorAll('a[href^="#footnote-ref"], a[href^="#endnote-ref"]')])
    back.remove()
  return { markdown: pageMarkdown(document, body), images: list.images }
}

/** The archive with another main part, nothing compressed, and no list that mammoth would number. */
function prepared(archive: Archive, main: string, list: ImageList): Buffer {
  const xml = xmlPart(archive, main)!
  const entries: Record<string, Uint8Array> = {}
  for (const [name, content] of archive) if (!/\/media\//i.test(name)) entries[name] = content
  if (xml.documentElement?.tagName === 'w:document') {
    const parts = [...relationships(archive, main).values()]
    const partOf = (type: string) => parts.find((part) => part.type === type)?.part
    const styles = readStyles(xmlPart(archive, partOf('styles')))
    const numbering = new Numbering(xmlPart(archive, partOf('numbering')), styles)
    prepare(xml, { styles, numbering, pictureText: pictureTexts(archive, main, list) })
    entries[main] = Buffer.from(xml.toString())
    const lists = partOf('numbering')
    if (lists !== undefined) entries[lists] = Buffer.from(EMPTY_NUMBERING)
  }
  return Buffer.from(zipSync(entries, { level: 0 }))
}

const EMPTY_NUMBERING =
  '<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"></w:numbering>'

async function htmlOf(buffer: Buffer): Promise<string> {
  try {
    const { value } = await mammoth.convertToHtml(
      { buffer },
      {
        styleMap: STYLE_MAP,
        includeEmbeddedStyleMap: false,
        externalFileAccess: false,
        convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
      },
    )
    return value
  } catch (error) {
    throw new ClaraError('input', `no Word document that can be read: ${messageOf(error)}`, { cause: error })
  }
}
