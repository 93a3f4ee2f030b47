/**
 * Reads back the tar that writeTarGzip writes, and nothing else: regular files with short names. Links, folders, devices
 * and long headers, which another reader would follow or hold in memory, are refused.
 */

/** What is wrong with an archive, and where. */
export class BadArchive extends Error {}

const BLOCK = 512

export interface TarEntry {
  name: string
  bytes: number
}

interface TarHandler {
  /** Throws BadArchive for what does not belong. */
  begin(entry: TarEntry): void
  data(block: Uint8Array): void
  end(): void
}

/**
 * Memory: a block of what is fed.
 * @throws BadArchive.
 */
export async function readTar(blocks: AsyncIterable<Buffer>, handler: TarHandler): Promise<void> {
  let held: Buffer = Buffer.alloc(0)
  /** Of the entry under way: bytes of data, then of padding, that are still to come. */
  let data = 0
  let padding = 0
  let ended = 0
  for await (const block of blocks) {
    held = held.byteLength === 0 ? block : Buffer.concat([held, block])
    let at = 0
    for (;;) {
      if (data > 0) {
        const piece = held.subarray(at, at + data)
        if (piece.byteLength === 0) break
        handler.data(piece)
        at += piece.byteLength
        data -= piece.byteLength
        if (data === 0) handler.end()
      } else if (padding > 0) {
        const piece = held.subarray(at, at + padding)
        if (piece.byteLength === 0) break
        requireZeros(piece, 'something is between two files')
        at += piece.byteLength
        padding -= piece.byteLength
      } else {
        if (held.byteLength - at < BLOCK) break
        const header = held.subarray(at, at + BLOCK)
        at += BLOCK
        if (ended > 0 || header[0] === 0) {
          requireZeros(header, 'something is behind the last file')
          ended++
          continue
        }
        const entry = entryOf(header)
        handler.begin(entry)
        data = entry.bytes
        padding = (BLOCK - (entry.bytes % BLOCK)) % BLOCK
        if (data === 0) handler.end()
      }
    }
    held = held.subarray(at)
  }
  if (data > 0 || held.byteLength > 0 || ended !== 2) throw new BadArchive('ends too early, or too late')
}

function entryOf(header: Buffer): TarEntry {
  const name = textOf(header, 0, 100)
  if (octal(header, 148, 8) !== checksum(header))
    throw new BadArchive(`the header of ${shown(name)} is damaged`)
  const type = header[156]
  if (type !== 0x30 || textOf(header, 257, 6) !== 'ustar' || header[345] !== 0) {
    throw new BadArchive(`${shown(name)} is no plain file`)
  }
  return { name, bytes: sizeOf(header) }
}

/** Eleven octal digits, or, from 8 GiB, a number of 11 bytes. */
function sizeOf(header: Buffer): number {
  const bytes =
    header[124] === 0x80 ? Number(BigInt(`0x${header.toString('hex', 125, 136)}`)) : octal(header, 124, 12)
  if (!Number.isSafeInteger(bytes)) throw new BadArchive('a file has no size')
  return bytes
}

function octal(header: Buffer, start: number, length: number): number {
  const text = header.toString('latin1', start, start + length).replace(/[\0 ]+$/, '')
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN
}

/** Of all bytes, those of the sum itself as blanks. */
function checksum(header: Buffer): number {
  let sum = 8 * 0x20
  for (const [i, byte] of header.entries()) if (i < 148 || i >= 156) sum += byte
  return sum
}

function textOf(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? length : end)
}

function requireZeros(bytes: Uint8Array, otherwise: string): void {
  if (bytes.some((byte) => byte !== 0)) throw new BadArchive(otherwise)
}

/** A name from an archive, as it may be printed. */
export function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200))
}
