/** Decodes an image and draws it anew, as large as models take it. Only in a process of its own: the decoders are native. */
import { readFile } from 'node:fs/promises'
import { inflateSync } from 'node:zlib'
import { type Canvas, createCanvas, type Image, loadImage } from '@napi-rs/canvas'
import type { FittedImage } from './fit-image.js'
import { imageExtension } from './image-type.js'

const JPEG_QUALITY = 90
/** Drawings and text are sharp as PNG; a photograph of a PNG is too long for some endpoints. */
const LONGEST_PNG_BYTES = 4 << 20

/** Upright, as EXIF has it; the first picture of several; in sRGB. Neither side is longer than `longest` points. */
export async function redrawImage(path: string, longest: number): Promise<FittedImage> {
  const bytes = await readFile(path)
  const extension = imageExtension(bytes)
  if (extension === 'png') requireAllRows(bytes)
  const image = await loadImage(bytes)
  const scale = Math.min(1, longest / Math.max(image.width, image.height))
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)))
  const drawn = draw(image, width!, height!)
  if (extension !== 'jpg') {
    const png = await drawn.encode('png')
    if (png.byteLength <= LONGEST_PNG_BYTES) return { type: 'image/png', bytes: png }
  }
  return { type: 'image/jpeg', bytes: await drawn.encode('jpeg', JPEG_QUALITY) }
}

/**
 * The decoder leaves blank what it cannot decode, and says nothing.
 * @throws Error where the rows are not all there.
 */
function requireAllRows(bytes: Buffer): void {
  const parts: Buffer[] = []
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(bytes.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  const channels = CHANNELS[bytes.readUInt8(25)] ?? 1
  const needed = height * (1 + Math.ceil((width * channels * bytes.readUInt8(24)) / 8))
  const { length } = inflateSync(Buffer.concat(parts), { maxOutputLength: 2 * needed + (1 << 16) })
  if (length < needed) throw new Error(`holds ${length} bytes of points, ${needed} were expected`)
}

/** Of PNG's colour types: grey, RGB, palette, grey and alpha, RGBA. */
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/** By halves, each point the mean of four: one long step would leave out thin lines and letters. */
function draw(image: Image, width: number, height: number): Canvas {
  let from: Image | Canvas = image
  while (from.width >= 2 * width && from.height >= 2 * height && from.width > 2 && from.height > 2) {
    from = drawnOnWhite(from, Math.ceil(from.width / 2), Math.ceil(from.height / 2))
  }
  return drawnOnWhite(from, width, height)
}

/** What is transparent is meant for paper: models that know no transparency would see black letters on black. */
function drawnOnWhite(from: Image | Canvas, width: number, height: number): Canvas {
  const canvas = createCanvas(width, height)
  const context = canvas.getContext('2d', { alpha: false })
  context.fillStyle = 'white'
  context.fillRect(0, 0, width, height)
  context.imageSmoothingEnabled = true
  context.drawImage(from, 0, 0, width, height)
  return canvas
}
