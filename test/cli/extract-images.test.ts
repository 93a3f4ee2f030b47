/** What vision models are sent of images that are large, turned, moving, old or damaged. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32, deflateSync } from 'node:zlib'
import { createCanvas, loadImage } from '@napi-rs/canvas'
import { describe, expect, it } from 'vitest'
import type { LlmReply } from '../llm-server.js'
import { p, word } from '../support/word.js'
import { clara, readRows, workFolder } from './clara.js'
import { serve } from './synth-run.js'

const work = workFolder()
const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../fixtures/extraction/${name}`, import.meta.url)))
let next = 0

/** Red, its lower half blue. */
function painted(width: number, height: number) {
  const canvas = createCanvas(width, height)
  const context = canvas.getContext('2d')
  context.fillStyle = '#f00'
  context.fillRect(0, 0, width, height)
  context.fillStyle = '#00f'
  context.fillRect(0, height / 2, width, height / 2)
  return canvas
}

/** Hardly to be compressed. */
function noise(width: number, height: number) {
  const canvas = createCanvas(width, height)
  const context = canvas.getContext('2d')
  const points = context.createImageData(width, height)
  let state = 1
  for (let i = 0; i < points.data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    points.data[i] = i % 4 === 3 ? 255 : state >>> 24
  }
  context.putImageData(points, 0, 0)
  return canvas
}

function chunk(type: string, data: Buffer): Buffer {
  const [typed, length, sum] = [Buffer.concat([Buffer.from(type), data]), Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(typed))
  return Buffer.concat([length, typed, sum])
}

/** Eight bits of grey a point. */
function png(width: number, height: number, points: Buffer): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(points)),
    chunk('IEND', Buffer.of()),
  ])
}

/** Bottom row first, as BMP has it; `claims`: a size that it does not have. */
function bmp(width: number, height: number, claims = [width, height]): Buffer {
  const row = Math.ceil((width * 3) / 4) * 4
  const bytes = Buffer.alloc(54 + row * height)
  bytes.write('BM')
  bytes.writeUInt32LE(bytes.length, 2)
  bytes.writeUInt32LE(54, 10)
  bytes.writeUInt32LE(40, 14)
  bytes.writeInt32LE(claims[0]!, 18)
  bytes.writeInt32LE(claims[1]!, 22)
  bytes.writeUInt16LE(1, 26)
  bytes.writeUInt16LE(24, 28)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) bytes[54 + y * row + 3 * x + (y < height / 2 ? 0 : 2)] = 255
  return bytes
}

/** Turned by a quarter, says its EXIF. */
function turned(jpeg: Buffer): Buffer {
  const tiff = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0', 'latin1')
  const segment = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(segment.length + 2)
  return Buffer.concat([jpeg.subarray(0, 2), Buffer.of(0xff, 0xe1), length, segment, jpeg.subarray(2)])
}

/** What came of a folder of images: what was sent of each, as it is seen, and what was said. */
async function describeAll(
  files: Record<string, Uint8Array>,
  behave: (index: number) => LlmReply = (index) => ({ content: `Picture ${index}.` }),
  ...flags: string[]
) {
  const input = join(work, `in-${next}`)
  const output = join(work, `out-${next++}.jsonl`)
  mkdirSync(input)
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(input, name), bytes)
  const { url, requests } = await serve((_, index) => behave(index))
  const run = await clara([
    ...['extract', '--input-dir', input, '--output-file', output, '--image-output-dir', `${output}.images`],
    ...['--vision-model', 'eye', '--base-url', url, '--vision-concurrency', '1', '--overwrite', ...flags],
  ])
  const sent = requests.map(({ messages }) => {
    const content = messages[0]!.content as unknown as { image_url?: { url: string } }[]
    const [, type, data] = /^data:(.*);base64,(.*)$/.exec(content[1]!.image_url!.url)!
    return { type: type!, bytes: Buffer.from(data!, 'base64') }
  })
  return { ...run, output, sent }
}

async function seen(bytes: Buffer) {
  const image = await loadImage(bytes)
  const canvas = createCanvas(image.width, image.height)
  const context = canvas.getContext('2d')
  context.drawImage(image, 0, 0)
  const colour = (x: number, y: number) => {
    const [red, green, blue, alpha] = context.getImageData(x, y, 1, 1).data
    if (alpha !== 255) return 'transparent'
    if (red! > 200 && green! > 200) return 'white'
    return red! > 200 && blue! < 60 ? 'red' : blue! > 200 && red! < 60 ? 'blue' : `${red},${green},${blue}`
  }
  const { width, height } = image
  if (height < 3) return [width, height]
  return [width, height, colour(2, 2), colour(width - 3, 2), colour(2, height - 3)]
}

describe('an image', () => {
  it.each<[string, () => Promise<Buffer> | Buffer, string, unknown[]]>([
    ['wide.png', () => painted(4100, 1000).encode('png'), 'image/png', [2048, 500, 'red', 'red', 'blue']],
    ['high.jpg', () => painted(1000, 4100).encode('jpeg'), 'image/jpeg', [500, 2048, 'red', 'red', 'blue']],
    ['large.webp', () => painted(2049, 2049).encode('webp'), 'image/png', [2048, 2048, 'red', 'red', 'blue']],
    ['heavy.png', () => noise(1700, 1700).encode('png'), 'image/jpeg', [1700, 1700]],
    ['strip.png', () => png(9000, 5, Buffer.alloc(9001 * 5, 255).fill(0, 0, 1)), 'image/png', [2048, 1]],
    ['small.bmp', () => bmp(31, 20), 'image/png', [31, 20, 'red', 'red', 'blue']],
    ['large.bmp', () => bmp(2100, 20), 'image/png', [2048, 20, 'red', 'red', 'blue']],
    ['print.jpg', () => fixture('red-cmyk.jpg'), 'image/jpeg', [24, 16, 'red', 'red', 'red']],
    ['moving.gif', () => fixture('red-then-blue.gif'), 'image/png', [24, 16, 'red', 'red', 'red']],
    [
      'phone.jpg',
      async () => turned(await painted(60, 40).encode('jpeg')),
      'image/jpeg',
      [40, 60, 'blue', 'red', 'blue'],
    ],
    [
      'glass.png',
      () => createCanvas(3000, 30).encode('png'),
      'image/png',
      [2048, 20, 'white', 'white', 'white'],
    ],
  ])('%s is sent as models take it', async (name, make, type, looks) => {
    const bytes = await make()
    const { code, stderr, sent, output } = await describeAll({ [name]: bytes })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(sent.map((image) => image.type)).toEqual([type])
    expect(sent[0]!.bytes.equals(bytes)).toBe(false) // who decodes may turn it or not
    expect((await seen(sent[0]!.bytes)).slice(0, looks.length)).toEqual(looks)
    expect(readRows(output)[0]).toMatchObject({ filename: name, source_type: 'image' })
  })

  it('that is small and plain is sent as it is', async () => {
    const files = {
      'a.png': await painted(2048, 20).encode('png'),
      'b.jpg': await painted(20, 2048).encode('jpeg'),
      'c.webp': await painted(20, 20).encode('webp'),
      'd.jpg': (await painted(20, 20).encode('jpeg')).subarray(0, -2), // as in many a PDF
    }
    const { code, sent } = await describeAll(files)
    expect(code).toBe(0)
    expect(sent.map(({ bytes }) => bytes)).toEqual(Object.values(files))
  })

  it('of a document is read as BMP, too, and is described where it stands', async () => {
    const more = '<w:r><w:pict><v:imagedata r:id="a"/></w:pict></w:r>'
    const { code, sent, output } = await describeAll({
      'a.docx': word({ body: p('x', { more }), media: { a: bmp(30, 20) } }),
    })
    expect(code).toBe(0)
    expect(await seen(sent[0]!.bytes)).toEqual([30, 20, 'red', 'red', 'blue'])
    expect(readRows(output).map(({ filename }) => filename)).toEqual(['a.docx', 'a_img_0.bmp'])
  })

  it('that was described is not drawn or paid again', async () => {
    const files = { 'a.bmp': bmp(30, 20), 'b.bmp': bmp(30, 20) }
    const { code, sent, stdout } = await describeAll(files, undefined, '--json')
    expect({ code, sent: sent.length, ...JSON.parse(stdout) }).toMatchObject({
      ...{ code: 0, sent: 1, descriptions: 2 },
      vision: { calls: 1, from_journal: 1 },
    })
  })

  it('that is damaged, or would not fit into memory, costs a line and nothing else', async () => {
    const [whole, jpeg] = [await painted(2500, 2500).encode('png'), await painted(2500, 2500).encode('jpeg')]
    const bad: Record<string, [Buffer, RegExp]> = {
      'cut.bmp': [bmp(30, 20).subarray(0, 300), /is cut off/],
      'cut.gif': [fixture('red-then-blue.gif').subarray(0, 60), /is cut off/],
      'cut.jpg': [jpeg.subarray(0, jpeg.length / 2), /is cut off/],
      'cut.png': [whole.subarray(0, whole.length / 2), /is cut off/],
      'header.jpg': [jpeg.subarray(0, 30), /header cannot be read/],
      'huge.bmp': [bmp(1, 1, [2 ** 31 - 1, 2 ** 31 - 1]), /has 2147483647 x 2147483647 points, 100 million/],
      'huge.png': [png(60_000, 60_000, Buffer.alloc(10)), /has 60000 x 60000 points, 100 million/],
      'lies.png': [png(5000, 5000, Buffer.alloc(10)), /holds 10 bytes of points, 25005000 were expected/],
      'bomb.png': [png(2500, 2500, Buffer.alloc(50_000_000)), /cannot be decoded/],
      'none.png': [Buffer.from('a text'), /is no PNG, JPEG, GIF, WebP or BMP image/],
    }
    const files = Object.fromEntries(Object.entries(bad).map(([name, [bytes]]) => [name, bytes]))
    const { code, stderr, sent } = await describeAll({ ...files, 'good.bmp': bmp(30, 20) })
    expect({ code, sent: sent.length, stderr }).toMatchObject({ code: 1, sent: 1 })
    for (const [name, [, reason]] of Object.entries(bad)) {
      expect(stderr).toMatch(new RegExp(`${name}: not described: .*${reason.source}`))
    }
  })

  it('whose decoder fails takes its process along, not the run', async () => {
    const runs = bmp(4000, 1)
    runs.writeUInt16LE(8, 28)
    runs.writeUInt32LE(1, 30) // run-length encoded, with no palette and no runs
    runs.writeInt32LE(4000, 22)
    const { code, stderr, sent } = await describeAll({ 'a.bmp': runs, 'b.bmp': bmp(30, 20) })
    expect({ code, sent: sent.length, stderr }).toMatchObject({ sent: code === 0 ? 2 : 1 })
    if (code !== 0) expect(stderr).toMatch(/a\.bmp: not described: /)
  })

  it('that is too small for a model is a note, and does not stop the run', async () => {
    const dots = Array.from({ length: 12 }, (_, i) => [`a${i}.png`, png(1 + i, 1, Buffer.alloc(2 + i, i))])
    const files = { ...Object.fromEntries(dots), 'b.bmp': bmp(40, 40) }
    const small = { status: 400, error: { message: 'height:1 or width:1 must be larger than 10' } }
    const { code, stderr, output } = await describeAll(files, (index) =>
      index < 12 ? small : { content: 'B.' },
    )
    expect(code).toBe(0)
    expect(stderr).toMatch(/a0\.png: note: not described: too small for the model: .*must be larger than 10/)
    expect(readRows(output).map(({ filename }) => filename)).toEqual(['b.bmp'])
  })
})
