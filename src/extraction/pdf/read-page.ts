/** A page of a PDF: its text as segments, its lines, and its pictures as files. */
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist'
import { Drawing, type FontObject } from './drawing.js'
import { isWorthKeeping, outermost, type Png, pngOf } from './images.js'
import { interpret } from './interpret.js'
import { pdfjs } from './library.js'
import { IDENTITY, matrixOf } from './matrix.js'
import type { Box, Picture, Pixels, Rule } from './page.js'
import type { Operators } from './paths.js'
import { type Segment, segmentsOf } from './segments.js'
import { uprightPage } from './turn.js'

export interface ReadPage {
  width: number
  height: number
  segments: Segment[]
  /** Text that is turned against the page's own. */
  asides: Segment[][]
  rules: Rule[]
  pictures: PagePicture[]
}

export interface PagePicture extends Box {
  png: Png
}

/** Of a page: what has more is drawn with pictures as a wall is with bricks. */
const MOST_PICTURES = 100

/** Milliseconds: images come with the operators, so that one that is not there soon never comes. */
const PATIENCE = 10_000

export async function readPage(document: PDFDocumentProxy, number: number): Promise<ReadPage> {
  const page = await document.getPage(number)
  try {
    const { OPS } = await pdfjs()
    const operators = await page.getOperatorList()
    const { width, height, transform } = page.getViewport({ scale: 1 })
    const drawing = new Drawing(width, height, matrixOf(transform) ?? IDENTITY, (name) =>
      fontNamed(page, name),
    )
    const drawn = interpret(OPS as Operators, operators.fnArray, operators.argsArray, drawing)
    const { glyphs, asides, rules, pictures, ...size } = uprightPage(drawn)
    const visible = glyphs.filter(
      ({ x, y }) => x > -size.width && x < 2 * size.width && y > -5 && y < size.height + 5,
    )
    return {
      ...size,
      segments: segmentsOf(visible),
      asides: asides.map(segmentsOf),
      rules,
      pictures: await filesOf(page, outermost(onPage(pictures, size).filter(isWorthKeeping))),
    }
  } finally {
    page.cleanup()
  }
}

/** What reaches beyond the page is not seen. */
function onPage(
  pictures: readonly Picture[],
  { width, height }: { width: number; height: number },
): Picture[] {
  const within = (value: number, most: number) => Math.min(Math.max(value, 0), most)
  return pictures.map(({ x0, y0, x1, y1, source }) => ({
    x0: within(x0, width),
    x1: within(x1, width),
    y0: within(y0, height),
    y1: within(y1, height),
    source,
  }))
}

function fontNamed(page: PDFPageProxy, name: string): FontObject {
  return page.commonObjs.has(name) ? ((page.commonObjs.get(name) as FontObject | null) ?? {}) : {}
}

async function filesOf(page: PDFPageProxy, pictures: readonly Picture[]): Promise<PagePicture[]> {
  const files: PagePicture[] = []
  for (const { source, ...box } of pictures) {
    if (files.length >= MOST_PICTURES) break
    const pixels = await pixelsOf(page, source)
    const png = pixels && pngOf(pixels)
    if (png) files.push({ ...box, png })
  }
  return files
}

async function pixelsOf(page: PDFPageProxy, source: string | Pixels): Promise<Pixels | undefined> {
  if (typeof source !== 'string') {
    if (typeof source.data !== 'string') return source
    const mask = await objectNamed(page, source.data)
    return mask && { ...source, ...mask, kind: 4 }
  }
  return objectNamed(page, source)
}

function objectNamed(page: PDFPageProxy, name: string): Promise<Pixels | undefined> {
  const objects = name.startsWith('g_') ? page.commonObjs : page.objs
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), PATIENCE)
    objects.get(name, (found: Pixels | null) => {
      clearTimeout(timer)
      resolve(found ?? undefined)
    })
  })
}
