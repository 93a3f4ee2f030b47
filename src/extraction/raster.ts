/** What a picture's own bytes say it is. */

/** Its usual extension; undefined for what is none of the raster types that viewers and vision models read. */
export function rasterType(bytes: Uint8Array): 'png' | 'jpg' | 'gif' | 'bmp' | 'webp' | 'tif' | undefined {
  const starts = (text: string, from = 0) =>
    bytes.length >= from + text.length && [...text].every((c, i) => bytes[from + i] === c.charCodeAt(0))
  if (starts('\x89PNG\r\n\x1a\n')) return 'png'
  if (starts('\xff\xd8\xff')) return 'jpg'
  if (starts('GIF87a') || starts('GIF89a')) return 'gif'
  if (starts('BM') && bytes.length > 26) return 'bmp'
  if (starts('RIFF') && starts('WEBP', 8)) return 'webp'
  if (starts('II*\0') || starts('MM\0*')) return 'tif'
  return undefined
}
