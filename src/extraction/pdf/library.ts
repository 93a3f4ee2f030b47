/** pdf.js without a browser: no fetching, no evaluated code, no fonts of the system, nothing printed. */
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import type { PDFDocumentProxy } from 'pdfjs-dist'
import { ClaraError, messageOf } from '../../errors.js'

type Library = typeof import('pdfjs-dist')

const FOLDER = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))

/** Pixels; A3 at 600 dpi has 70 million, and each takes up to four bytes twice. */
const LARGEST_IMAGE = 80e6

let loaded: Promise<Library> | undefined

export function pdfjs(): Promise<Library> {
  loaded ??= load()
  return loaded
}

/** Names that pdf.js's drawing code refers to when it is loaded; it takes them from a canvas package if there is one. */
const DRAWING = ['DOMMatrix', 'ImageData', 'Path2D']

/** Nothing is drawn here, so that empty classes do, and its warnings that they are missing mean nothing. */
async function load(): Promise<Library> {
  const missing = DRAWING.filter((name) => !(name in globalThis))
  for (const name of missing)
    Object.defineProperty(globalThis, name, { value: class {}, configurable: true, writable: true })
  const warn = console.warn
  console.warn = () => {}
  process.on('unhandledRejection', leaveToPdfjs)
  try {
    return (await import('pdfjs-dist/legacy/build/pdf.mjs')) as Library
  } finally {
    console.warn = warn
    for (const name of missing) Reflect.deleteProperty(globalThis, name)
  }
}

/** Of damaged files, pdf.js rejects a promise or two that nobody waits for beside the one that is; all others end the process as ever. */
function leaveToPdfjs(reason: unknown): void {
  if (!(reason instanceof Error && reason.stack?.includes('pdfjs-dist'))) throw reason
}

/** @throws ClaraError `input` for what is encrypted with a password, or no PDF. */
export async function openPdf(bytes: Uint8Array): Promise<PDFDocumentProxy> {
  const library = await pdfjs()
  const folder = (name: string) => join(FOLDER, name) + sep
  const task = library.getDocument({
    // pdf.js takes the buffer for itself, and refuses Node's.
    data: Uint8Array.from(bytes),
    verbosity: library.VerbosityLevel.ERRORS,
    isEvalSupported: false,
    disableFontFace: true,
    useSystemFonts: false,
    useWorkerFetch: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    maxImageSize: LARGEST_IMAGE,
    cMapUrl: folder('cmaps'),
    cMapPacked: true,
    standardFontDataUrl: folder('standard_fonts'),
    wasmUrl: folder('wasm'),
    iccUrl: folder('iccs'),
  })
  try {
    return await task.promise
  } catch (error) {
    await task.destroy()
    if (error instanceof Error && error.name === 'PasswordException')
      throw new ClaraError('input', 'the PDF is encrypted: it opens with a password only', { cause: error })
    throw new ClaraError('input', `not a readable PDF: ${messageOf(error)}`, { cause: error })
  }
}
