/** The archives that office documents are, with bounds on what they unpack to. */
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl'
import { ClaraError, messageOf } from '../errors.js'
import type { ParseLimits } from './parsed.js'

/** Compound files: what .doc and .ppt are, and what Office puts encrypted files into. */
const OLD_OFFICE = [0xd0, 0xcf, 0x11, 0xe0]

/** Unpacked entries by their names, directories left out. */
export type Archive = ReadonlyMap<string, Buffer>

/**
 * Unpacks what is wanted, one entry after the other; sizes are counted as bytes come, not believed.
 * @param wanted of an entry's name; the others still count as entries, but not as bytes.
 * @throws ClaraError `input` for what is no archive, is encrypted, damaged, or over a limit.
 */
export async function unzip(
  bytes: Uint8Array,
  limits: ParseLimits,
  wanted: (name: string) => boolean,
): Promise<Archive> {
  if (OLD_OFFICE.every((byte, i) => bytes[i] === byte)) {
    throw new ClaraError('input', 'encrypted, or of an Office before 2007: save it anew, without a password')
  }
  const entries = new Map<string, Buffer>()
  try {
    const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    if (zip.entryCount > limits.entries) throw tooMany(limits)
    let [seen, left] = [0, limits.unpackedBytes]
    for await (const entry of zip.eachEntry()) {
      if (++seen > limits.entries) throw tooMany(limits)
      if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) continue
      const content = await unpack(zip, entry, left, limits)
      left -= content.length
      entries.set(entry.fileName, content)
    }
  } catch (error) {
    if (error instanceof ClaraError) throw error
    throw new ClaraError('input', `not a whole archive: ${messageOf(error)}`, { cause: error })
  }
  return entries
}

async function unpack(zip: ZipFile, entry: Entry, most: number, limits: ParseLimits): Promise<Buffer> {
  if (entry.isEncrypted()) throw new ClaraError('input', `${entry.fileName} is encrypted`)
  if (entry.uncompressedSize > most) throw tooLarge(limits)
  const parts: Buffer[] = []
  let size = 0
  for await (const part of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    size += part.length
    if (size > most) throw tooLarge(limits)
    parts.push(part)
  }
  return Buffer.concat(parts, size)
}

function tooMany({ entries }: ParseLimits): ClaraError {
  return new ClaraError('input', `an archive of more than ${entries} entries`)
}

function tooLarge({ unpackedBytes }: ParseLimits): ClaraError {
  return new ClaraError('input', `an archive of more than ${unpackedBytes} bytes when unpacked`)
}
