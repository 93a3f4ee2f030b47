import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { imageMark, type ParsedDocument, type Parser } from '#clara/extraction/parsed.js'
import { score } from '../../bench/extract/measure.mjs'

export const LIMITS = { unpackedBytes: 100e6, entries: 1000 }

/** Real documents with reference texts; empty where the shared data is absent. */
export function referenceDocuments(kind: string): string[] {
  const folder = folderOf(kind)
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(`.${kind}`)) : []
}

/** Token F1 against a document's reference text. */
export async function referenceScore(kind: string, name: string, parse: Parser): Promise<number> {
  const bytes = Uint8Array.from(readFileSync(join(folderOf(kind), name)))
  const { markdown } = await parse(bytes, LIMITS)
  return score(markdown, readFileSync(join(folderOf(kind), 'groundtruth', `${name}.md`), 'utf8')).f1
}

function folderOf(kind: string): string {
  return fileURLToPath(new URL(`../../../shared/data/documents/${kind}`, import.meta.url))
}

/** Each image has its mark, in the order of the marks. */
export function marksOf({ markdown }: ParsedDocument): string[] {
  return [...new Set(markdown.match(/\[IMAGE_REF: [^\]]*\]/g) ?? [])]
}

export function expectedMarks({ images }: ParsedDocument): string[] {
  return images.map(({ name }) => imageMark(name))
}
