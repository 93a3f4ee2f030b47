/** Word files of a few parts, written by hand. */
import { strToU8, zipSync } from 'fflate'

const NAMESPACES = [
  'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"',
  'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"',
  'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"',
  'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"',
  'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"',
  'xmlns:v="urn:schemas-microsoft-com:vml"',
  'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"',
].join(' ')

export interface Word {
  body: string
  styles?: string
  numbering?: string
  /** Name in word/media -> bytes; `r:embed` is the name. */
  media?: Record<string, Uint8Array>
  /** Addresses outside of the file, by their ids. */
  external?: Record<string, string>
}

export function word({ body, styles = '', numbering = '', media = {}, external = {} }: Word): Uint8Array {
  const part = (name: string, inner: string) =>
    strToU8(`<?xml version="1.0"?><w:${name} ${NAMESPACES}>${inner}</w:${name}>`)
  const relation = (id: string, type: string, target: string, mode = '') =>
    `<Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${target}"${mode}/>`
  const relations = (...all: string[]) =>
    strToU8(
      `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${all.join('')}</Relationships>`,
    )
  return zipSync({
    '_rels/.rels': relations(relation('main', 'officeDocument', 'word/document.xml')),
    'word/document.xml': part('document', `<w:body>${body}</w:body>`),
    'word/styles.xml': part('styles', styles),
    'word/numbering.xml': part('numbering', numbering),
    'word/_rels/document.xml.rels': relations(
      relation('styles', 'styles', 'styles.xml'),
      relation('numbering', 'numbering', 'numbering.xml'),
      ...Object.keys(media).map((name) => relation(name, 'image', `media/${name}`)),
      ...Object.entries(external).map(([id, url]) => relation(id, 'image', url, ' TargetMode="External"')),
    ),
    ...Object.fromEntries(Object.entries(media).map(([name, bytes]) => [`word/media/${name}`, bytes])),
  })
}

/** A paragraph of a style, with runs of its own after the text. */
export function p(
  text: string,
  { style, properties = '', more = '' }: { style?: string; properties?: string; more?: string } = {},
): string {
  const named = style === undefined ? '' : `<w:pStyle w:val="${style}"/>`
  const run = text === '' ? '' : `<w:r><w:t xml:space="preserve">${text}</w:t></w:r>`
  return `<w:p><w:pPr>${named}${properties}</w:pPr>${run}${more}</w:p>`
}

export const numbered = (list: number, level = 0) =>
  `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="${list}"/></w:numPr>`

/** The smallest PNG: one pixel. */
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
