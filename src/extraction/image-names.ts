/** Names of saved images, as the Python script makes them: `<document>_img_<n>`, all in one folder. */
import { basename, extname } from 'node:path'
import { sha256 } from '../files/durable-file.js'
import type { InputFile } from '../files/walk.js'

const MAX_STEM_BYTES = 120

/**
 * The stem of each document's images. Those of documents that would share one have a piece of the path's hash in
 * theirs: which it is does not depend on the other files, but whether it is needed does.
 */
export function imageStems(files: readonly InputFile[]): Map<InputFile, string> {
  const count = new Map<string, number>()
  const plain = new Map(files.map((file) => [file, safeStem(file.name)]))
  for (const stem of plain.values()) count.set(folded(stem), (count.get(folded(stem)) ?? 0) + 1)
  for (const [file, stem] of plain) {
    if (count.get(folded(stem))! > 1) plain.set(file, `${stem}_${sha256(Buffer.from(file.name)).slice(0, 8)}`)
  }
  return plain
}

/** Some file systems know no case, and keep accents otherwise. */
function folded(stem: string): string {
  return stem.normalize('NFC').toLowerCase()
}

/** No character that ends a mark, a line or a folder's name, or that a shell or another system would stumble over. */
function safeStem(name: string): string {
  const stem = basename(name, extname(name))
  let safe = stem
    .replace(/[[\](){}/\\:*?"'`<>|$&;!#%\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu, '_')
    .replace(/^[\s.-]+|[\s.]+$/gu, '')
  while (Buffer.byteLength(safe) > MAX_STEM_BYTES) safe = [...safe].slice(0, -1).join('')
  return safe === '' ? 'document' : safe
}
