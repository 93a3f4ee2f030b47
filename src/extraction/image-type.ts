/** What kind of image bytes are: names of files come from the bytes, not from what a document says of them. */

type Extension = 'png' | 'jpg' | 'gif' | 'webp' | 'bmp' | 'tiff' | 'emf' | 'wmf' | 'svg'

const MAGIC: readonly [Extension, number, string][] = [
  ['png', 0, '\x89PNG\r\n\x1a\n'],
  ['jpg', 0, '\xff\xd8\xff'],
  ['gif', 0, 'GIF8'],
  ['webp', 8, 'WEBP'],
  ['bmp', 0, 'BM'],
  ['tiff', 0, 'II*\0'],
  ['tiff', 0, 'MM\0*'],
  ['emf', 40, ' EMF'],
  ['wmf', 0, '\xd7\xcd\xc6\x9a'],
  ['wmf', 0, '\x01\0\x09\0'],
]

/** @returns `undefined` of what is no image that we know. */
export function imageExtension(bytes: Uint8Array): Extension | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024)).toString(
    'latin1',
  )
  const found = MAGIC.find(([, offset, magic]) => start.startsWith(magic, offset))
  if (found) return found[0]
  return /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]/.test(start)
    ? 'svg'
    : undefined
}

const DRAWINGS: readonly (string | undefined)[] = ['emf', 'wmf', 'svg']

/** As imageExtension, of images made of points only: what viewers and vision models read. */
export function rasterExtension(bytes: Uint8Array): Extension | undefined {
  const extension = imageExtension(bytes)
  return DRAWINGS.includes(extension) ? undefined : extension
}
