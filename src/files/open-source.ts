/** The bytes of a file that others give us, as UTF-8 where its mark or its kind says what else they are. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ClaraError, messageOf, type OnProblem } from '../errors.js'
import { detectText } from './decode-text.js'
import { readBlocks } from './jsonl.js'
import { shownPath } from './spool.js'
import { halvesReason, isHighSurrogate, repairText } from './well-formed.js'

/**
 * Gzip is unpacked, known by its first bytes and not by its name; a byte order mark is dropped, UTF-16 is made UTF-8.
 * What is damaged or cut off ends where it is, and `onProblem` is told.
 * @param path `-` for standard input.
 * @throws ClaraError `input` when it cannot be read.
 */
export async function* openSource(path: string, onProblem: OnProblem): AsyncGenerator<Buffer> {
  yield* unmarked(unpacked(readBlocks(path), path, onProblem), path, onProblem)
}

async function* unpacked(
  blocks: AsyncIterable<Buffer>,
  path: string,
  onProblem: OnProblem,
): AsyncGenerator<Buffer> {
  const { head, all } = await peek(blocks, 2)
  if (!(head[0] === 0x1f && head[1] === 0x8b)) return yield* all
  const gunzip = createGunzip()
  const fed = pipeline(Readable.from(all), gunzip)
  fed.catch(() => {}) // the reader sees it, too
  try {
    yield* gunzip as AsyncIterable<Buffer>
  } catch (error) {
    if (!isZlib(error)) throw error
    const reason = `the gzip file is damaged or cut off (${messageOf(error)}): what comes before that was read`
    onProblem({ path: shownPath(path), reason })
  }
}

function isZlib(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

async function* unmarked(
  blocks: AsyncIterable<Buffer>,
  path: string,
  onProblem: OnProblem,
): AsyncGenerator<Buffer> {
  const { head, all } = await peek(blocks, 4)
  const charset = unicodeOf(head)
  if (charset?.wide) return yield* narrowed(all, charset, path, onProblem)
  let mark = charset?.mark ?? 0
  for await (const block of all) {
    if (block.byteLength > mark) yield block.subarray(mark)
    mark = Math.max(0, mark - block.byteLength)
  }
}

interface Unicode {
  /** Bytes of its mark. */
  mark: number
  wide: 'little' | 'big' | undefined
}

/** JSON begins with ASCII, so that zeros tell UTF-16 without its mark (RFC 4627, 3). */
function unicodeOf([a, b, c, d]: Buffer): Unicode | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return { mark: 3, wide: undefined }
  if (a === 0xff && b === 0xfe) return { mark: 2, wide: 'little' }
  if (a === 0xfe && b === 0xff) return { mark: 2, wide: 'big' }
  if (a && b === 0 && c && d === 0) return { mark: 0, wide: 'little' }
  if (a === 0 && b && c === 0 && d) return { mark: 0, wide: 'big' }
  return undefined
}

/** UTF-16 may hold halves of pairs: they become U+FFFD. */
async function* narrowed(
  blocks: AsyncIterable<Buffer>,
  { mark, wide }: Unicode,
  path: string,
  onProblem: OnProblem,
): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  let [start, halves] = [mark, 0]
  const take = (bytes: Buffer) => {
    const text = (wide === 'big' ? Buffer.from(bytes).swap16() : bytes).toString('utf16le')
    const whole = repairText(text)
    halves += whole.repaired
    return Buffer.from(whole.text)
  }
  for await (const block of blocks) {
    const bytes = Buffer.concat([held, block])
    let end = bytes.byteLength - (bytes.byteLength % 2)
    const last = wide === 'big' ? bytes[end - 2]! << 8 : bytes[end - 1]! << 8
    if (end > start && isHighSurrogate(last)) end -= 2
    if (end > start) yield take(bytes.subarray(start, end))
    held = bytes.subarray(Math.max(start, end))
    start = Math.max(0, start - bytes.byteLength)
  }
  const cut = held.byteLength % 2
  if (held.byteLength > cut) yield take(held.subarray(0, held.byteLength - cut))
  if (halves > 0) onProblem({ path: shownPath(path), reason: halvesReason(halves), note: true })
  if (cut)
    onProblem({ path: shownPath(path), reason: 'the UTF-16 file is cut off in the middle of a character' })
}

/** The first bytes, as many as there are up to `least` or more, and the whole. */
export async function peek(
  blocks: AsyncIterable<Buffer>,
  least: number,
): Promise<{ head: Buffer; all: AsyncIterable<Buffer> }> {
  const iterator = blocks[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  let ended = false
  while (!ended && head.byteLength < least) {
    const next = await iterator.next()
    if (next.done) ended = true
    else head = head.byteLength === 0 ? next.value : Buffer.concat([head, next.value])
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      if (head.byteLength > 0) yield head
      if (!ended) yield* { [Symbol.asyncIterator]: () => iterator }
    } finally {
      await iterator.return?.(undefined)
    }
  }
  return { head, all: all() }
}

/** Of a small file in UTF-8, UTF-16 or what its bytes tell: the text. @throws ClaraError `input` of what is none. */
export async function readSmallText(path: string): Promise<string> {
  const bytes = await readSource(path, MOST_SMALL_BYTES, ({ reason, note }) => {
    if (!note) throw new ClaraError('input', `${shownPath(path)}: ${reason}`)
  })
  if (!bytes) throw new ClaraError('input', `${shownPath(path)}: larger than ${MOST_SMALL_BYTES >> 20} MiB`)
  try {
    return detectText(bytes).text
  } catch (error) {
    throw error instanceof ClaraError
      ? new ClaraError(error.code, `${shownPath(path)}: ${error.message}`)
      : error
  }
}

const MOST_SMALL_BYTES = 64 << 20

/**
 * All bytes of a source, as openSource gives them.
 * @returns undefined where there are more than `most`.
 */
export async function readSource(
  path: string,
  most: number,
  onProblem: OnProblem,
): Promise<Buffer | undefined> {
  const blocks: Buffer[] = []
  let bytes = 0
  for await (const block of openSource(path, onProblem)) {
    bytes += block.byteLength
    if (bytes > most) return undefined
    blocks.push(block)
  }
  return Buffer.concat(blocks)
}
