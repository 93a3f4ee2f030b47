/** A docling-serve server in place of our parsers: one file a call, Markdown with its images in it comes back. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { request } from 'undici'
import { ClaraError, messageOf } from '../errors.js'
import { replaceFile, sha256 } from '../files/durable-file.js'
import { isObject } from '../files/json-value.js'
import { endingOf } from './formats.js'
import { ImageList } from './image-list.js'
import { takeDataImages } from './markdown.js'
import type { ParseReply, StoredDocument } from './parse.child.js'
import type { Converter } from './parse-files.js'

interface DoclingServer {
  url: string
  timeoutMs: number
  /** Servers that ask for one take it as `X-Api-Key`. */
  apiKey?: string | undefined
}

/** What docling reads better than it is read here, or as well; text stays text. */
const TYPES: Record<string, string> = {
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.pdf': 'application/pdf',
  '.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
}
/** Images come as base64 in it. */
const MAX_ANSWER_BYTES = 256 << 20
const MAX_REASON_CHARS = 300

/** @throws ClaraError `usage` for an address that is none. */
export function doclingConverter(server: DoclingServer): Converter {
  const base = URL.canParse(server.url) ? new URL(server.url) : undefined
  if (!base || !/^https?:$/.test(base.protocol)) {
    throw new ClaraError('usage', `--docling-url ${server.url}: expected http://… or https://…`)
  }
  const endpoint = new URL(`${base.pathname.replace(/\/(?:v1\/?)?$/, '')}/v1/convert/file`, base)
  return {
    name: `docling ${endpoint}`,
    reads: (path) => Object.hasOwn(TYPES, endingOf(path)),
    async convert(path, imageFolder) {
      try {
        return await store(await ask(endpoint, path, server), imageFolder)
      } catch (error) {
        if (error instanceof ClaraError && error.code === 'network') throw error
        return { problem: messageOf(error) }
      }
    },
  }
}

async function store(markdown: string, imageFolder: string | undefined): Promise<ParseReply> {
  const list = new ImageList()
  const text = takeDataImages(markdown, list)
    .replace(/<!-- image -->/g, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  const images: StoredDocument['images'] = []
  for (const { name, bytes } of imageFolder === undefined ? [] : list.images) {
    const file = `${sha256(bytes)}${endingOf(name)}`
    await replaceFile(join(imageFolder!, file), bytes)
    images.push({ name, file })
  }
  return { document: { markdown: text, images } }
}

/** @throws ClaraError `network` where there is no server to ask; `input` for an answer without text. */
async function ask(endpoint: URL, path: string, { timeoutMs, apiKey }: DoclingServer): Promise<string> {
  const boundary = `clara-${randomBytes(12).toString('hex')}`
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const { statusCode, body } = await request(endpoint, {
      method: 'POST',
      headers: {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        accept: 'application/json',
        ...(apiKey !== undefined && { 'x-api-key': apiKey }),
      },
      body: form(boundary, path, await readFile(path)),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal,
    })
    return textOf(statusCode, await bounded(body))
  } catch (error) {
    if (error instanceof ClaraError) throw error
    if (signal.aborted)
      throw new ClaraError('input', `docling took longer than ${timeoutMs / 1000} s (--timeout-seconds)`)
    const cause = error instanceof AggregateError ? error.errors[0] : error
    throw new ClaraError(
      'network',
      `${endpoint}: ${messageOf(cause)}: check --docling-url, and that the server runs`,
      { cause: error },
    )
  }
}

function form(boundary: string, path: string, content: Buffer): Buffer {
  const field = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const name = basename(path).replace(/["\r\n\\]/g, '_')
  const head = [
    field('to_formats', 'md'),
    field('image_export_mode', 'embedded'),
    `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\nContent-Type: ${TYPES[endingOf(path)]}\r\n\r\n`,
  ]
  return Buffer.concat([Buffer.from(head.join('')), content, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

async function bounded(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > MAX_ANSWER_BYTES)
      throw new ClaraError('input', `docling’s answer is larger than ${MAX_ANSWER_BYTES >> 20} MiB`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** `partial_success` is a document with pages missing: half of it would look like all of it. */
function textOf(status: number, body: string): string {
  const answer = parsed(body)
  if (status === 401 || status === 403 || status === 404) {
    throw new ClaraError(
      'network',
      `docling answered ${status}: check --docling-url and DOCLING_SERVE_API_KEY`,
    )
  }
  if (status !== 200 || !isObject(answer))
    throw new ClaraError('input', `docling answered ${status}: ${short(body)}`)
  const { document, status: result, errors } = answer
  const text = isObject(document) ? document.md_content : undefined
  if (result === 'success' && typeof text === 'string') return text
  throw new ClaraError(
    'input',
    `docling: ${String(result ?? 'no status')}: ${short(JSON.stringify(errors ?? answer))}`,
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function short(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, MAX_REASON_CHARS)
}
