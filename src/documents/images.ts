/**
 * Images of raw_knowledge.jsonl: records of their descriptions, and the marks in documents that stand for them.
 * As the Python scripts do it: a mark is replaced by the description, and the list of images at a document's end is
 * left out. A description that stands in a document is no document of its own.
 */
import { basename } from 'node:path'
import { ClaraError } from '../errors.js'
import { isObject, type JsonObject } from '../files/json-value.js'
import { readJsonl } from '../files/records.js'
import type { CorpusFile } from './sources.js'

export interface Images {
  /** A document's text with descriptions in place of marks. */
  fill(text: string): string
  /** Whether a record describes an image that stands in a document. */
  isEmbedded(record: JsonObject): boolean
}

const MARK = /\[IMAGE_REF:\s*([^\]\n]{1,4096})\]/g
const LIST = '--- Extracted Images ---'
const EMPTY_MARK = /<!--\s*image\s*-->/g

/** Reads the files once for the descriptions and the marks; memory is that of the descriptions. What is wrong with them is not its matter. */
export async function readImages(files: readonly CorpusFile[]): Promise<Images> {
  const descriptions = new Map<string, string>()
  const marked = new Set<string>()
  const take = (record: unknown) => {
    if (!isObject(record) || typeof record.content !== 'string') return
    const name = imageName(record)
    if (name !== undefined) descriptions.set(name, record.content)
    else for (const mark of beforeList(record.content).matchAll(MARK)) marked.add(nameIn(mark[1]!))
  }
  for (const { path, holds } of files) {
    if (holds !== 'records') continue
    try {
      for await (const { value } of readJsonl(path, () => {}, mayNameImages)) take(value)
    } catch (error) {
      if (!(error instanceof ClaraError)) throw error
    }
  }
  return {
    fill: (text) => filled(text, descriptions),
    isEmbedded(record) {
      const name = imageName(record)
      return name !== undefined && marked.has(name)
    },
  }
}

function mayNameImages(bytes: Buffer): boolean {
  return bytes.includes('IMAGE_REF') || bytes.includes('"image"')
}

/** @returns a mark that a text still has, as an excerpt: it was never filled in. */
export function imageMarkIn(text: string): string | undefined {
  if (text.includes(LIST)) return LIST
  return text.includes('[IMAGE_REF:') ? text.match(MARK)?.[0].slice(0, 80) : undefined
}

/** Of a record that describes an image. */
function imageName({ source_type: type, filename }: JsonObject): string | undefined {
  return type === 'image' && typeof filename === 'string' ? filename : undefined
}

function filled(text: string, descriptions: Map<string, string>): string {
  const own = beforeList(text)
  if (own.length === text.length && !text.includes('[IMAGE_REF:') && !text.includes('<!--')) return text
  const unknown = /\p{Script=Han}/u.test(own) ? '[图片]' : '[image]'
  return own
    .replace(MARK, (_, path: string) => {
      const description = descriptions.get(nameIn(path))
      return description === undefined ? unknown : `\n\n${description.trim()}\n\n`
    })
    .replace(EMPTY_MARK, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

function beforeList(text: string): string {
  const end = text.indexOf(LIST)
  return end < 0 ? text : text.slice(0, end)
}

/** Paths come from any system. */
function nameIn(path: string): string {
  return basename(path.trim().replaceAll('\\', '/'))
}
