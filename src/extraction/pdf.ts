/**
 * PDF: pdf.js decodes pages to drawing operators; text, columns, tables and headings are found from where things stand. Formulas
 * come as the characters that they are drawn with, drawings not at all.
 */
import type { PDFDocumentProxy } from 'pdfjs-dist'
import { ClaraError, messageOf } from '../errors.js'
import { imageMark, type ParsedDocument, type ParsedImage, type ParseLimits, type Parser } from './parsed.js'
import { withoutFurniture } from './pdf/furniture.js'
import { layOut } from './pdf/layout.js'
import { openPdf } from './pdf/library.js'
import { markdownOf, styleOf } from './pdf/markdown.js'
import { type ReadPage, readPage } from './pdf/read-page.js'
import { withoutArtifacts, worthShowing } from './pdf/relevance.js'

export const parsePdf: Parser = async (bytes, limits) => {
  const document = await openPdf(bytes)
  try {
    return documentOf(await readPages(document, limits))
  } catch (error) {
    if (error instanceof ClaraError) throw error
    throw new ClaraError('input', `not a readable PDF: ${messageOf(error)}`, { cause: error })
  } finally {
    await document.destroy()
  }
}

async function readPages(document: PDFDocumentProxy, { unpackedBytes }: ParseLimits): Promise<ReadPage[]> {
  const pages: ReadPage[] = []
  let left = unpackedBytes
  for (let number = 1; number <= document.numPages; number++) {
    const page = await readPage(document, number)
    for (const { png } of page.pictures) left -= png.bytes.length
    if (left < 0) throw new ClaraError('input', `a PDF with more than ${unpackedBytes} bytes of images`)
    pages.push(page)
  }
  return pages
}

function documentOf(pages: readonly ReadPage[]): ParsedDocument {
  const segments = withoutFurniture(
    pages.map((page) => ({ height: page.height, segments: withoutArtifacts(page.segments, pages.length) })),
  )
  const shown = worthShowing(pages)
  const images = new Map<string, ParsedImage>()
  const columns = pages.flatMap(({ asides, rules, pictures }, index) =>
    layOut({
      segments: segments[index]!,
      asides,
      rules,
      pictures: pictures
        .filter((picture) => shown.has(picture))
        .map(({ png, ...box }) => {
          const image = images.get(png.id) ?? { name: `image-${images.size + 1}.png`, bytes: png.bytes }
          images.set(png.id, image)
          return { ...box, mark: imageMark(image.name) }
        }),
    }),
  )
  const markdown = markdownOf(columns, styleOf(columns))
  if (!markdown) throw new ClaraError('input', 'neither text nor images in it')
  return { markdown, images: [...images.values()] }
}
