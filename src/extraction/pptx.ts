/**
 * Slides (Office Open XML, ECMA-376) in the order of the show. Speakers' notes, headers, footers and slide numbers are left
 * out; so are vector pictures (EMF, WMF, SVG), which neither browsers nor vision models take.
 */
import { ClaraError, messageOf } from '../errors.js'
import type { ParseLimits, Parser } from './parsed.js'
import { Parts } from './pptx/parts.js'
import { Pictures } from './pptx/pictures.js'
import { slideText } from './pptx/slide.js'
import { child, childrenOf } from './pptx/xml.js'
import { type Archive, unzip } from './zip.js'

const WANTED = /^(?:_rels\/|ppt\/)(?!embeddings\/|fonts\/|theme\/)|^\[Content_Types\]\.xml$/

export const parsePptx: Parser = async (bytes, limits) => {
  const archive = await unpacked(bytes, limits)
  try {
    return presented(new Parts(archive))
  } catch (error) {
    if (error instanceof ClaraError) throw error
    throw new ClaraError('input', `not a readable presentation: ${messageOf(error)}`, { cause: error })
  }
}

/** Office programs put an encrypted presentation into another kind of file (MS-OFFCRYPTO), which is no archive. */
async function unpacked(bytes: Uint8Array, limits: ParseLimits): Promise<Archive> {
  const isCompoundFile = [0xd0, 0xcf, 0x11, 0xe0].every((byte, i) => bytes[i] === byte)
  if (isCompoundFile) throw new ClaraError('input', 'the presentation is encrypted, or of PowerPoint 97-2003')
  return unzip(bytes, limits, (name) => WANTED.test(name))
}

function presented(parts: Parts) {
  const presentation = parts.document()
  if (presentation.root.name !== 'presentation')
    throw new ClaraError('input', 'an archive, but no presentation')
  const pictures = new Pictures(parts)
  const texts = childrenOf(child(presentation.root, 'sldIdLst'), 'sldId').map((each) => {
    const id = each.attributes.get('r:id') ?? ''
    const name = presentation.relations.get(id)?.target
    if (name === undefined) throw new ClaraError('input', `${presentation.name}: slide ${id} is nowhere`)
    return slideText(parts.part(name), presentation, parts, pictures)
  })
  const markdown = texts.filter(Boolean).join('\n\n')
  return { markdown: markdown && `${markdown}\n`, images: pictures.images }
}
