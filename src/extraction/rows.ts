/** Rows of raw_knowledge.jsonl, with the fields and marks that the Python scripts write. */
import type { JsonObject } from '../files/json-value.js'
import type { InputFile } from '../files/walk.js'
import { imageMark } from './parsed.js'
import type { SavedImage } from './save-images.js'

/** `dict`: images are marked where they stand. `markdown`: in a list at the end. The names are the script's. */
export const MODES = ['dict', 'markdown'] as const
export type ExtractionMode = (typeof MODES)[number]

const MARK = /(\n*)\[IMAGE_REF:\s*([^\]\n]*)\]/g
/** Readers of the file cut a document here. */
const LIST = '--- Extracted Images ---'

export function documentRow(
  file: InputFile,
  markdown: string,
  images: readonly SavedImage[],
  mode: ExtractionMode,
): JsonObject {
  const paths = images.map(({ path }) => path)
  const text = marked(markdown, mode === 'dict' ? images : [])
  const list =
    mode === 'markdown' && paths.length > 0
      ? `\n\n${LIST}\n${paths.map((path) => `${imageMark(path)}\n`).join('')}`
      : ''
  return {
    file_path: file.path,
    filename: nameOf(file.name),
    content: `${text}${list}`,
    product_area: file.area,
    extracted_images: paths,
  }
}

/** Of an image's description, as `extract_images.py` writes it. */
export function imageRow(path: string, area: string, description: string): JsonObject {
  const name = nameOf(path.replaceAll('\\', '/'))
  return {
    file_path: path,
    filename: name,
    content: `[IMAGE DESCRIPTION of ${name}]\n${description.trim()}`,
    product_area: area,
    source_type: 'image',
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** A mark that is text of the document itself must not stand for an image. */
function marked(markdown: string, images: readonly SavedImage[]): string {
  const paths = new Map(images.map(({ name, path }) => [name, path]))
  return markdown
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(MARK, (_, before: string, name: string) => {
      const path = paths.get(name.trim())
      return path === undefined ? '' : `${before}${imageMark(path)}`
    })
    .replaceAll(LIST, LIST.replaceAll('---', '--'))
    .trim()
}
