/** Does an archive hold what its manifest says? It may come from anyone: nothing of it is written to disk. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { isErrno, messageOf } from '../../errors.js'
import { readError } from '../../files/read-error.js'
import { dataDigest, isPlainName, MANIFEST_FILE, parseManifest, SUMS_FILE, sumsText } from './manifest.js'
import { RowCount } from './row-count.js'
import { GZIP_HEADER } from './tar-gzip.js'
import { BadArchive, readTar, shown, type TarEntry } from './tar-reader.js'

interface Verified {
  file: string
  bytes: number
  /** Of the archive itself: what was packed is the same where this is. null: it was not read to its end. */
  sha256: string | null
  /** Of the data in it, whatever it is called and whoever packed it. null: it is not as its manifest says. */
  data_sha256: string | null
  files: number
  top_k: number | null
  /** What is wrong; none: all is as the manifest says. */
  findings: string[]
  ok: boolean
}

/** Of the two files that are held as a whole. */
const MOST_HELD_BYTES = 1 << 20
/** Lines of the report; who needs more has no archive of ours. */
const MOST_FINDINGS = 100

interface Seen {
  name: string
  bytes: number
  sha256: string
  rows: number
}

/**
 * Memory does not grow with the archive.
 * @throws ClaraError `input` when the file cannot be read.
 */
export async function verifyArchive(path: string): Promise<Verified> {
  const hash = createHash('sha256')
  const contents = new Contents()
  const findings: string[] = []
  let bytes = 0
  try {
    const source = hashed(path, hash, (block) => {
      if (bytes === 0 && !startsLikeOurs(block)) throw new BadArchive('is no archive of clara-pack')
      bytes += block.byteLength
    })
    await readTar(
      unzipped(source, () => bytes),
      contents,
    )
    findings.push(...contents.findings())
  } catch (error) {
    if (!(error instanceof BadArchive) && !isZlib(error)) throw readError(path, error)
    findings.push(isZlib(error) ? `the compressed data is damaged: ${messageOf(error)}` : messageOf(error))
  }
  const { size } = await stat(path)
  return {
    file: path,
    bytes: size,
    sha256: bytes === size ? hash.digest('hex') : null,
    data_sha256: findings.length === 0 ? contents.dataDigest() : null,
    files: contents.count,
    top_k: contents.topK,
    findings: findings.slice(0, MOST_FINDINGS),
    ok: findings.length === 0,
  }
}

async function* hashed(path: string, hash: Hash, see: (block: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const block of createReadStream(path) as AsyncIterable<Buffer>) {
    see(block)
    hash.update(block)
    yield block
  }
}

/** @param fed the bytes that went in so far. */
async function* unzipped(source: AsyncGenerator<Buffer>, fed: () => number): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 })
  const feeding = (async () => {
    for await (const block of source) {
      // What stands behind the end is not taken, and nothing would come of waiting for it.
      if (gunzip.readableEnded || gunzip.destroyed) continue
      if (!gunzip.write(block))
        await new Promise((resolve) => gunzip.once('drain', resolve).once('close', resolve))
    }
    gunzip.end()
  })()
  feeding.catch((error) => gunzip.destroy(error))
  try {
    yield* gunzip as AsyncIterable<Buffer>
    await feeding
    if (gunzip.bytesWritten !== fed()) throw new BadArchive('something is behind the end of the archive')
  } finally {
    gunzip.destroy()
  }
}

function startsLikeOurs(block: Buffer): boolean {
  return GZIP_HEADER.every((byte, i) => block[i] === byte)
}

function isZlib(error: unknown): boolean {
  return isErrno(error)
    ? false
    : error instanceof Error && /^Z_/.test((error as { code?: string }).code ?? '')
}

/** What the archive's files are, and what they should be. */
class Contents {
  topK: number | null = null
  #expected: Exclude<ReturnType<typeof parseManifest>, string> | undefined
  #seen: Seen[] = []
  /** That all files are in; '': none, as in archives of earlier versions. */
  #folder: string | undefined
  #name = ''
  #bytes = 0
  #hash = createHash('sha256')
  #rows = new RowCount()
  #held: Buffer[] = []
  #sums = ''

  get count(): number {
    return this.#seen.length
  }

  begin({ name: path, bytes }: TarEntry): void {
    const { folder, name } = placeOf(path)
    this.#folder ??= folder
    if (folder !== this.#folder)
      throw new BadArchive(`${shown(path)}: is in another folder than the files before it`)
    if (this.#seen.some((file) => file.name === name)) throw new BadArchive(`${name}: is there twice`)
    if (this.#seen.length === 0 && name !== MANIFEST_FILE) {
      throw new BadArchive(`begins with ${shown(name)}, ${MANIFEST_FILE} was expected`)
    }
    if (isHeld(name) && bytes > MOST_HELD_BYTES) throw new BadArchive(`${name}: has ${bytes} bytes`)
    const expected = this.#expected?.files.find((file) => file.name === name)
    if (!isHeld(name) && !expected) throw new BadArchive(`${name}: is not in ${MANIFEST_FILE}`)
    if (expected && expected.bytes !== bytes) {
      throw new BadArchive(`${name}: has ${bytes} bytes, ${MANIFEST_FILE} says ${expected.bytes}`)
    }
    this.#name = name
    this.#bytes = bytes
    this.#hash = createHash('sha256')
    this.#rows = new RowCount()
    this.#held = []
  }

  data(block: Uint8Array): void {
    this.#hash.update(block)
    if (isHeld(this.#name)) this.#held.push(Buffer.from(block))
    else this.#rows.add(block)
  }

  end(): void {
    const name = this.#name
    this.#seen.push({ name, bytes: this.#bytes, sha256: this.#hash.digest('hex'), rows: this.#rows.rows })
    const text = Buffer.concat(this.#held).toString('utf8')
    if (name === SUMS_FILE) this.#sums = text
    if (name !== MANIFEST_FILE) return
    const manifest = parseManifest(text)
    if (typeof manifest === 'string') throw new BadArchive(`${MANIFEST_FILE} ${manifest}`)
    this.#expected = manifest
    this.topK = manifest.topK
  }

  dataDigest(): string {
    return dataDigest(this.#expected?.files ?? [])
  }

  findings(): string[] {
    const expected = this.#expected?.files ?? []
    const findings = expected.flatMap(({ name, sha256, rows }) => {
      const seen = this.#seen.find((file) => file.name === name)
      if (!seen) return [`${name}: is missing`]
      if (seen.sha256 !== sha256)
        return [`${name}: sha256 is ${seen.sha256}, ${MANIFEST_FILE} says ${sha256}`]
      return rows !== null && rows !== seen.rows
        ? [`${name}: has ${seen.rows} rows, ${MANIFEST_FILE} says ${rows}`]
        : []
    })
    const summed = this.#seen.filter(({ name }) => name !== SUMS_FILE)
    if (this.#sums !== sumsText(summed)) findings.push(`${SUMS_FILE}: is not of these files`)
    return findings
  }
}

/** `folder/name`, or a name alone. */
function placeOf(path: string): { folder: string; name: string } {
  const slash = path.indexOf('/')
  const [folder, name] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)]
  if (!isPlainName(name) || (slash >= 0 && !isPlainName(folder))) {
    throw new BadArchive(`${shown(path)}: a name that leads out of the folder, or hides`)
  }
  return { folder, name }
}

function isHeld(name: string): boolean {
  return name === MANIFEST_FILE || name === SUMS_FILE
}
