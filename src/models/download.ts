/**
 * One file, from a hub into a partial file that later attempts go on with, be they of this process
 * or another: bytes are appended, and the whole is hashed at the end, whoever wrote the parts.
 */
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readFile, rm, writeFile } from 'node:fs/promises'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { difference, type Expected, type Identity, identify, impostor, impostorMessage } from './contents.js'
import { Failure, persist } from './failure.js'
import { type Response, reason, shown } from './http.js'
import type { Hub } from './hub.js'

/** A file whose size nobody states ends here at the latest. */
const MAX_UNKNOWN_BYTES = 4 * 2 ** 30

/** What has come and is not written yet. Past that, a slow disk lets the connection go and asks again. */
const MAX_BACKLOG_BYTES = 2 ** 28

interface DownloadOptions {
  /** Told of all bytes that are there, those of earlier attempts included. */
  onBytes: (bytes: number) => void
  maxUnknownBytes?: number
}

/**
 * @param part where to write; what is there is continued, if it is of the same content.
 * @throws ClaraError `network`, `model` when what came is not what was expected, `io`.
 */
export async function download(
  hub: Hub,
  url: URL,
  expected: Expected,
  part: string,
  { onBytes, maxUnknownBytes = MAX_UNKNOWN_BYTES }: DownloadOptions,
): Promise<Identity> {
  let have = 0
  const progress = (bytes: number) => {
    have = bytes
    onBytes(bytes)
  }
  const attempt = async (): Promise<Identity> => {
    progress(await partSize(part))
    if (have === 0 || have !== expected.bytes) {
      if (expected.bytes !== undefined && have > expected.bytes) await clear(part)
      await fetchRest(hub, url, expected, part, maxUnknownBytes, progress)
    }
    return verify(url, expected, part)
  }
  return persist(attempt, hub.patience, { gained: () => have, restart: () => clear(part) })
}

async function fetchRest(
  { http }: Hub,
  url: URL,
  expected: Expected,
  part: string,
  maxUnknownBytes: number,
  progress: (bytes: number) => void,
): Promise<void> {
  const have = await partSize(part)
  const tag = await readTag(part)
  const sure = tag !== undefined || expected.sha256 !== undefined || expected.gitOid !== undefined
  const resume = have > 0 && sure
  const response = await http.get(
    url,
    resume ? { range: `bytes=${have}-`, ...(tag && { 'if-range': tag }) } : {},
  )
  try {
    const start = startOf(response, { asked: resume ? have : 0, tag, expected })
    if (start === 0) await clear(part)
    const limit = limitOf(response, start, expected, maxUnknownBytes)
    if (start === 0) await writeTag(part, response.header('etag'))
    const end = await append(response, part, { start, limit, progress })
    checkEnd(response, end, expected)
  } finally {
    response.body.destroy()
  }
}

/** Where the body begins in the file. */
function startOf(
  response: Response,
  { asked, tag, expected }: { asked: number; tag: string | undefined; expected: Expected },
): number {
  const { status, from } = response
  if (status === 416) throw new Failure('restart', `${from}: has nothing after byte ${asked}`)
  if (response.header('content-type')?.startsWith('text/html')) {
    throw new Failure('none', impostorMessage('html', from))
  }
  if (status === 200) return 0 // also where the server knows no ranges, or its file has changed
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.header('content-range') ?? '') ?? []
  if (asked === 0 || Number(first) !== asked) {
    throw new Failure('restart', `${from}: sent from byte ${first ?? '?'}, byte ${asked} was asked for`)
  }
  const otherSize = expected.bytes !== undefined && total !== '*' && Number(total) !== expected.bytes
  const otherTag = tag !== undefined && (response.header('etag') ?? tag) !== tag
  if (otherSize || otherTag) throw new Failure('restart', `${from}: the file changed between two attempts`)
  return asked
}

/** @returns the size that the file must not exceed. */
function limitOf(response: Response, start: number, expected: Expected, maxUnknownBytes: number): number {
  const length = response.header('content-length')
  const stated = length === undefined ? undefined : start + Number(length)
  const limit = expected.bytes ?? maxUnknownBytes
  if (stated !== undefined && stated > limit) {
    throw new Failure('restart', `${response.from}: announces ${stated} bytes, expected ${limit}`)
  }
  return limit
}

async function append(
  { body, from }: Response,
  part: string,
  { start, limit, progress }: { start: number; limit: number; progress: (bytes: number) => void },
): Promise<number> {
  const handle = await openPart(part)
  let end = start
  try {
    const blocks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    for (;;) {
      const { value: block, done } = await blocks.next().catch((error: unknown) => {
        throw new Failure('retry', `${from}: cut off after ${end} bytes: ${reason(error)}`, { cause: error })
      })
      if (done) break
      if (end + block.byteLength > limit) {
        throw new Failure('restart', `${from}: sends more than the ${limit} bytes expected`)
      }
      await writeAll(handle, block, part)
      end += block.byteLength
      progress(end)
      if (body.readableLength > MAX_BACKLOG_BYTES) {
        throw new Failure('retry', `${part}: the disk is slower than the network`)
      }
    }
    await handle.sync().catch((error) => unwritable(part, error))
    return end
  } finally {
    await handle.close()
  }
}

/** Without a length, a body that was cut ends like a whole one; with one, it is for `verify` to see. */
function checkEnd(response: Response, end: number, { bytes }: Expected): void {
  if (bytes === undefined || end >= bytes || response.header('content-length') !== undefined) return
  throw new Failure('retry', `${response.from}: ended after ${end} of ${bytes} bytes`)
}

async function verify(url: URL, expected: Expected, part: string): Promise<Identity> {
  const found = await identify(part, { gitOid: expected.gitOid !== undefined })
  const wrong = difference(expected, found)
  const kind = wrong || expected.sha256 === undefined ? await impostor(part) : undefined
  if (!wrong && !kind) return found
  const what = shown(url)
  if (!kind) throw new Failure('restart', `${what}: ${wrong}`)
  await clear(part)
  throw new Failure('none', impostorMessage(kind, what))
}

/** Never through a link: it would lead out of the folder that is ours. */
export async function partSize(part: string): Promise<number> {
  const info = await lstat(part).catch((error) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  })
  if (!info) return 0
  if (info.isFile()) return info.size
  throw new ClaraError('io', `${part}: not a plain file: remove it`)
}

async function openPart(part: string): Promise<FileHandle> {
  const { O_WRONLY, O_APPEND, O_CREAT } = constants
  const flags = O_WRONLY | O_APPEND | O_CREAT | (constants.O_NOFOLLOW ?? 0) // not on Windows
  return open(part, flags).catch((error) => unwritable(part, error))
}

async function writeAll(handle: FileHandle, block: Uint8Array, part: string): Promise<void> {
  for (let offset = 0; offset < block.byteLength; ) {
    const { bytesWritten } = await handle.write(block, offset).catch((error) => unwritable(part, error))
    offset += bytesWritten
  }
}

function unwritable(part: string, error: unknown): never {
  throw new ClaraError(
    'io',
    `${part}: cannot be written: ${messageOf(error)}: what came so far is kept; make room, or set CLARA_CACHE_DIR to a larger disk, and run it again`,
    { cause: error },
  )
}

/** Without its tag a partial file is nobody's: the tag goes first. */
async function clear(part: string): Promise<void> {
  await rm(tagFile(part), { force: true })
  await rm(part, { force: true })
}

function tagFile(part: string): string {
  return `${part}.etag`
}

async function readTag(part: string): Promise<string | undefined> {
  return (await readFile(tagFile(part), 'utf8').catch(() => '')) || undefined
}

/** A weak tag does not vouch for bytes. */
async function writeTag(part: string, tag: string | undefined): Promise<void> {
  if (tag && /^"[\x21-\x7e]*"$/.test(tag)) await writeFile(tagFile(part), tag, { flag: 'wx' })
}
