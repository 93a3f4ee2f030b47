/** Makes of an image what vision models take: at most 2,048 points a side, PNG, JPEG or WebP, upright, one picture. */
import { readFile, stat } from 'node:fs/promises'
import { messageOf } from '../errors.js'
import type { Children } from './children.js'
import { type ImageHeader, imageHeader } from './image-header.js'
import { imageExtension } from './image-type.js'

/** OpenAI scales larger ones down itself, others refuse them; the Python scripts send no larger ones either. */
const LONGEST_SIDE = 2048
/** 400 MB once decoded; an A3 page at 600 points an inch has 70 million. */
const MOST_POINTS = 100_000_000
/** Base64 makes a third more of them, and DashScope takes 10 MB. */
const MOST_SENT_BYTES = 7 << 20
/** Models refuse images with a side of up to so many: 10 (DashScope), 28, 32 (Qwen's patches). */
const TINY_SIDE = 32
/** Of a file: 100 million points of a BMP are longer. */
const MAX_IMAGE_BYTES = 256 << 20

export interface FittedImage {
  /** Of media. */
  type: string
  bytes: Uint8Array
  /** So small that a model may refuse it, as it does no other. */
  isTiny?: boolean
}

export type Fitted = FittedImage | { problem: string }

/** What models take (OpenAI, "Images and vision"), if it is small and plain enough. */
const TYPES: Record<string, string> = { png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp' }

/** Whether it is an image of points that can be shown to a model. */
export function canBeShown(bytes: Uint8Array): boolean {
  const extension = imageExtension(bytes)
  if (extension === undefined) return false
  return extension in TYPES || (['gif', 'bmp'].includes(extension) && imageHeader(bytes) !== undefined)
}

/** @returns what is wrong with it is a problem; nothing of it throws. */
export async function fitImage(path: string, children: () => Children): Promise<Fitted> {
  try {
    const bytes = await readFile(path)
    const header = imageHeader(bytes)
    if (!header) return { problem: 'is damaged: its header cannot be read' }
    const { width, height, isCutOff } = header
    const isRight = !isCutOff || lacksItsEndOnly(bytes)
    const isTiny = shortestSide(header) <= TINY_SIDE
    if (isRight && !needsRedrawing(header, bytes)) {
      return { type: TYPES[imageExtension(bytes)!]!, bytes, isTiny }
    }
    if (width * height > MOST_POINTS) {
      return { problem: `has ${width} x ${height} points, ${MOST_POINTS / 1e6} million at most are drawn` }
    }
    if (isCutOff) return { problem: 'is cut off: its end is missing' }
    return { ...(await children().redraw({ image: path, longest: LONGEST_SIDE })), isTiny }
  } catch (error) {
    return { problem: `cannot be read: ${messageOf(error)}` }
  }
}

function needsRedrawing({ width, height, isPlain }: ImageHeader, { byteLength }: Uint8Array): boolean {
  return !isPlain || Math.max(width, height) > LONGEST_SIDE || byteLength > MOST_SENT_BYTES
}

/** As it is sent. */
function shortestSide({ width, height }: ImageHeader): number {
  return Math.min(width, height) * Math.min(1, LONGEST_SIDE / Math.max(width, height))
}

/** JPEGs of PDF files often do; whether more is missing cannot be told, and models bear it. */
function lacksItsEndOnly(bytes: Uint8Array): boolean {
  return imageExtension(bytes) === 'jpg'
}

/** @returns the bytes, or why they are not read. */
export async function readImage(path: string): Promise<Buffer | { problem: string }> {
  try {
    const { size } = await stat(path)
    if (size > MAX_IMAGE_BYTES) return { problem: `larger than ${MAX_IMAGE_BYTES >> 20} MiB` }
    return await readFile(path)
  } catch (error) {
    return { problem: `cannot be read: ${messageOf(error)}` }
  }
}
