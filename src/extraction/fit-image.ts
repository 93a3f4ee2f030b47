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
/** OpenAI takes no longer ones; base64 makes a third more of them. */
const MAX_SENT_BYTES = 20 << 20
/** Of a file: 100 million points of a BMP are longer. */
const MAX_IMAGE_BYTES = 256 << 20

export interface FittedImage {
  /** Of media. */
  type: string
  bytes: Uint8Array
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
    if (isRight && !needsRedrawing(header)) return asItIs(bytes)
    if (width * height > MOST_POINTS) {
      return { problem: `has ${width} x ${height} points, ${MOST_POINTS / 1e6} million at most are drawn` }
    }
    if (isCutOff) return { problem: 'is cut off: its end is missing' }
    return await children().redraw({ image: path, longest: LONGEST_SIDE })
  } catch (error) {
    return { problem: `cannot be read: ${messageOf(error)}` }
  }
}

function needsRedrawing({ width, height, isPlain }: ImageHeader): boolean {
  return !isPlain || Math.max(width, height) > LONGEST_SIDE
}

/** JPEGs of PDF files often do; whether more is missing cannot be told, and models bear it. */
function lacksItsEndOnly(bytes: Uint8Array): boolean {
  return imageExtension(bytes) === 'jpg'
}

function asItIs(bytes: Uint8Array): Fitted {
  const type = TYPES[imageExtension(bytes)!]!
  if (bytes.byteLength > MAX_SENT_BYTES) return { problem: `larger than ${MAX_SENT_BYTES >> 20} MiB` }
  return { type, bytes }
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
