/** Pictures of pages as PNG files. */
import { createHash } from 'node:crypto'
import { encode } from 'fast-png'
import type { Picture, Pixels } from './page.js'

/** Pixels a side: vision models see no more, and a scanned page at 600 dpi has thrice as many. */
const LARGEST_SIDE = 3000
/** Points and pixels: what is smaller is a rule, a bullet or a piece of decoration. */
const [SMALLEST_SIDE, SMALLEST_AREA, SMALLEST_PIXELS] = [12, 900, 16]

export interface Png {
  /** The same for the same pixels. */
  id: string
  bytes: Uint8Array
}

export function isWorthKeeping({ x0, y0, x1, y1 }: Picture): boolean {
  const [width, height] = [x1 - x0, y1 - y0]
  return Math.min(width, height) >= SMALLEST_SIDE && width * height >= SMALLEST_AREA
}

/** Undefined for what is tiny, of one colour, or not whole. */
export function pngOf(pixels: Pixels): Png | undefined {
  const { width, height, kind, data } = pixels
  if (!(width >= SMALLEST_PIXELS && height >= SMALLEST_PIXELS)) return undefined
  const channels = kind === 2 ? 3 : kind === 3 ? 4 : 1
  const needed = channels === 1 ? ((width + 7) >> 3) * height : width * height * channels
  if (!ArrayBuffer.isView(data) || data.length < needed) return undefined
  const step = Math.ceil(Math.max(width, height) / LARGEST_SIDE)
  const samples = channels === 1 ? greys(pixels) : data
  if (isPlain(samples, channels, width * height)) return undefined
  const id = createHash('sha256').update(`${width} ${kind} `).update(data).digest('hex')
  const shown = step > 1 ? smaller(samples, width, height, channels, step) : { width, height, data: samples }
  return { id, bytes: encode({ ...shown, data: Uint8Array.from(shown.data), channels, depth: 8 }) }
}

/** A bit a pixel becomes a byte; of masks the zeros are painted, so that they are black as well. */
function greys({ width, height, data }: Pixels): Uint8Array {
  const stride = (width + 7) >> 3
  const greys = new Uint8Array(width * height)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      greys[i] = (data[y * stride + (x >> 3)]! >> (7 - (x & 7))) & 1 ? 255 : 0
  return greys
}

function isPlain(data: ArrayLike<number>, channels: number, pixels: number): boolean {
  for (let i = channels; i < pixels * channels; i++) if (data[i] !== data[i % channels]) return false
  return true
}

/** Each pixel the mean of `step` by `step`. */
function smaller(data: ArrayLike<number>, width: number, height: number, channels: number, step: number) {
  const [columns, rows] = [Math.floor(width / step), Math.floor(height / step)]
  const means = new Uint8Array(columns * rows * channels)
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let channel = 0; channel < channels; channel++, i++) {
        let sum = 0
        for (let y = row * step; y < (row + 1) * step; y++)
          for (let x = column * step; x < (column + 1) * step; x++)
            sum += data[(y * width + x) * channels + channel]!
        means[i] = Math.round(sum / (step * step))
      }
  return { width: columns, height: rows, data: means }
}

/** Without those that lie mostly within a larger one: shadows and parts of one figure. */
export function outermost<T extends Picture>(pictures: readonly T[]): T[] {
  const kept: T[] = []
  for (const picture of [...pictures].sort((a, b) => areaOf(b) - areaOf(a)))
    if (!kept.some((larger) => shared(larger, picture) > 0.6 * areaOf(picture))) kept.push(picture)
  return pictures.filter((picture) => kept.includes(picture))
}

function areaOf({ x0, y0, x1, y1 }: Picture): number {
  return (x1 - x0) * (y1 - y0)
}

function shared(a: Picture, b: Picture): number {
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0)
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0)
  return Math.max(width, 0) * Math.max(height, 0)
}
