/**
 * A process that parses files, one after the other, and may be killed at any time. What it reads is not to be trusted:
 * it knows nothing of the run but the file it is told, and has none of the environment.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { replaceFile, sha256 } from '../files/durable-file.js'
import { readBeside } from './beside.js'
import type { Fitted } from './fit-image.js'
import { endingOf, parserOf, requireContent } from './formats.js'
import type { ParseLimits } from './parsed.js'

export interface ParseRequest {
  path: string
  limits: ParseLimits
  /** Where images go, each by its hash; none: they are not kept. */
  imageFolder: string | undefined
  /** Images in this folder that a page or Markdown file refers to are its own. */
  inputDir: string
}

/** To be drawn anew, no side longer than `longest` points. */
export interface RedrawRequest {
  image: string
  longest: number
}

export interface StoredDocument {
  markdown: string
  /** Halves of surrogate pairs in it that are U+FFFD now. */
  repaired?: number
  /** The name that marks in the text have, and the file in the image folder. */
  images: { name: string; file: string }[]
}

export type ParseReply = { document: StoredDocument } | { problem: string }

/** A longer line could not be read back from JSONL. */
const MAX_TEXT_BYTES = 48 << 20

interface Started {
  started: true
}

process.on('message', async (request: ParseRequest | RedrawRequest) => {
  process.send!(await ('image' in request ? redraw(request) : reply(request)))
})
process.once('disconnect', () => process.exit())
// A parser that never returns would outlive us: its process could not hear of our end.
new Worker(new URL('./orphan.worker.js', import.meta.url)).unref()
process.send!({ started: true } satisfies Started)

async function redraw({ image, longest }: RedrawRequest): Promise<Fitted> {
  try {
    const { redrawImage } = await import('./redraw-image.js')
    return await redrawImage(image, longest)
  } catch (error) {
    return { problem: `cannot be decoded: ${messageOf(error)}` }
  }
}

async function reply({ path, limits, imageFolder, inputDir }: ParseRequest): Promise<ParseReply> {
  try {
    const bytes = await readFile(path)
    requireContent(path, bytes)
    const parse = await parserOf(path)
    const beside = imageFolder === undefined ? undefined : readBeside(inputDir, path, limits)
    const { markdown, images } = await parse(bytes, limits, beside)
    if (Buffer.byteLength(markdown) > MAX_TEXT_BYTES) {
      return { problem: `holds more than ${MAX_TEXT_BYTES >> 20} MiB of text: split it` }
    }
    const stored: StoredDocument['images'] = []
    for (const { name, bytes: image } of imageFolder === undefined ? [] : images) {
      const file = `${sha256(image)}${endingOf(name)}`
      await replaceFile(join(imageFolder!, file), image)
      stored.push({ name, file })
    }
    return { document: { markdown, images: stored } }
  } catch (error) {
    return { problem: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError && /call stack/i.test(error.message)) return 'is nested too deeply'
  if (error instanceof ClaraError) return error.message
  return isErrno(error) ? `cannot be read: ${error.message}` : `cannot be parsed: ${messageOf(error)}`
}
