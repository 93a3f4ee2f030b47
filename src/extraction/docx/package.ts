/** The parts of an Office file and what they refer to (ECMA-376, part 2). */
import { posix } from 'node:path'
import { type Document, parseXml } from '../html/dom.js'
import type { Archive } from '../zip.js'
import { RESERVED } from './lists.js'

export function xmlPart(archive: Archive, name: string | undefined): Document | undefined {
  const bytes = name === undefined ? undefined : archive.get(name)
  return bytes && parseXml(xmlText(bytes).replace(RESERVED, ''))
}

function xmlText(bytes: Buffer): string {
  const charset =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8'
  return new TextDecoder(charset).decode(bytes)
}

/** Id -> the part that is meant; addresses outside of the file are left out. */
export function relationships(archive: Archive, part: string): Map<string, { part: string; type: string }> {
  const found = new Map<string, { part: string; type: string }>()
  const xml = xmlPart(archive, posix.join(posix.dirname(part), '_rels', `${posix.basename(part)}.rels`))
  for (const element of xml?.getElementsByTagName('Relationship') ?? []) {
    const [id, target] = [element.getAttribute('Id'), element.getAttribute('Target')]
    if (id === null || target === null || element.getAttribute('TargetMode') === 'External') continue
    const path = target.startsWith('/') ? target.slice(1) : posix.join(posix.dirname(part), target)
    found.set(id, { part: path, type: element.getAttribute('Type')?.split('/').at(-1) ?? '' })
  }
  return found
}

/** Where an archive's main document is. */
export function mainPart(archive: Archive): string {
  const found = [...relationships(archive, '').values()].find(({ type }) => type === 'officeDocument')
  return found?.part ?? 'word/document.xml'
}
