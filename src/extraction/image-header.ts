/** What an image's header says of it, without decoding a point: a few bytes may claim any size. */
import { imageExtension } from './image-type.js'

export interface ImageHeader {
  /** Points, as they are stored; what EXIF turns is turned later. */
  width: number
  height: number
  /** Its end is not there: it would be drawn with a grey rest. */
  isCutOff: boolean
  /** As every model takes it: one picture, upright, grey or RGB. */
  isPlain: boolean
}

/** @returns `undefined` for what is no PNG, JPEG, GIF, WebP or BMP with a header that can be read. */
export function imageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const extension = imageExtension(bytes)
  const read = extension !== undefined && Object.hasOwn(READERS, extension) ? READERS[extension] : undefined
  if (!read) return undefined
  try {
    const header = read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    return header && header.width > 0 && header.height > 0 ? header : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined // it ends within its header
    throw error
  }
}

const READERS: Record<string, (bytes: Buffer) => ImageHeader | undefined> = {
  png: pngHeader,
  jpg: jpegHeader,
  gif: gifHeader,
  webp: webpHeader,
  bmp: bmpHeader,
}

function pngHeader(bytes: Buffer): ImageHeader {
  let at = 8
  while (at + 12 <= bytes.length && bytes.toString('latin1', at + 4, at + 8) !== 'IEND') {
    at += 12 + bytes.readUInt32BE(at)
  }
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  return { width, height, isCutOff: at + 12 > bytes.length, isPlain: true }
}

/** Of JPEG: starts of frames, but for the three codes among them that are tables. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
const [START_OF_SCAN, EXIF] = [0xda, 0xe1]

function jpegHeader(bytes: Buffer): ImageHeader | undefined {
  let frame: Pick<ImageHeader, 'width' | 'height'> | undefined
  let [components, orientation] = [3, 1]
  for (let at = 2; ; ) {
    if (bytes.readUInt8(at) !== 0xff) return undefined
    const marker = bytes.readUInt8(at + 1)
    if (marker === 0xff) {
      at += 1
      continue
    }
    const length = bytes.readUInt16BE(at + 2)
    if (length < 2) return undefined
    if (isFrame(marker)) {
      frame = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
      components = bytes.readUInt8(at + 9)
    }
    if (marker === EXIF) orientation = orientationIn(bytes.subarray(at + 4, at + 2 + length)) ?? orientation
    at += 2 + length
    if (marker !== START_OF_SCAN) continue
    const isCutOff = bytes.lastIndexOf(Buffer.of(0xff, 0xd9)) < at
    return (
      frame && { ...frame, isCutOff, isPlain: orientation === 1 && (components === 1 || components === 3) }
    )
  }
}

const ORIENTATION_TAG = 0x0112

/** Of an EXIF segment: 1 is upright, 2 to 8 are turned or mirrored. */
function orientationIn(segment: Buffer): number | undefined {
  if (segment.toString('latin1', 0, 6) !== 'Exif\0\0' || segment.length < 14) return undefined
  const tiff = segment.subarray(6)
  const isLittle = tiff.toString('latin1', 0, 2) === 'II'
  const short = (at: number) => {
    if (at + 2 > tiff.length) return undefined
    return isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at)
  }
  const directory = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  const entries = short(directory) ?? 0
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i
    const tag = short(at)
    if (tag === undefined) return undefined
    if (tag === ORIENTATION_TAG) return short(at + 8)
  }
  return undefined
}

/** Models differ in whether they take any; that one moves is not worth finding out. */
function gifHeader(bytes: Buffer): ImageHeader {
  const end = bytes.subarray(-64).toString('latin1').replace(/\0+$/, '')
  return {
    width: bytes.readUInt16LE(6),
    height: bytes.readUInt16LE(8),
    isCutOff: !end.endsWith(';'),
    isPlain: false,
  }
}

const ANIMATED = 0x02

function webpHeader(bytes: Buffer): ImageHeader | undefined {
  const isCutOff = bytes.readUInt32LE(4) + 8 > bytes.length
  const kind = bytes.toString('latin1', 12, 16)
  if (kind === 'VP8X') {
    const [width, height] = [bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1]
    return { width, height, isCutOff, isPlain: (bytes.readUInt8(20) & ANIMATED) === 0 }
  }
  if (kind === 'VP8 ') {
    const [width, height] = [bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff]
    return { width, height, isCutOff, isPlain: true }
  }
  if (kind !== 'VP8L') return undefined
  const bits = bytes.readUInt32LE(21)
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, isCutOff, isPlain: true }
}

/** Sizes of the headers that BMP has had; `BM` alone is the beginning of many a text. */
const BMP_HEADERS = [12, 40, 52, 56, 64, 108, 124]
const UNCOMPRESSED = [0, 3]

function bmpHeader(bytes: Buffer): ImageHeader | undefined {
  const size = bytes.readUInt32LE(14)
  if (!BMP_HEADERS.includes(size)) return undefined
  const isOld = size === 12
  const width = isOld ? bytes.readUInt16LE(18) : bytes.readInt32LE(18)
  const height = isOld ? bytes.readUInt16LE(20) : Math.abs(bytes.readInt32LE(22))
  const bits = bytes.readUInt16LE(isOld ? 24 : 28)
  const row = Math.ceil((width * bits) / 8)
  const end = bytes.readUInt32LE(10) + Math.ceil(row / 4) * 4 * (height - 1) + row
  const isPlainRows = isOld || UNCOMPRESSED.includes(bytes.readUInt32LE(30))
  return { width, height, isCutOff: isPlainRows && end > bytes.length, isPlain: false }
}
