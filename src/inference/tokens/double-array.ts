/**
 * The rewrite rules of a sentencepiece model: a Darts double array over UTF-8 bytes, whose values
 * are places in a blob of strings that end with NUL (google/sentencepiece, src/normalizer.cc).
 */
interface Charsmap {
  /** What the shortest rule at the start of `chunk` puts in its place, if there is one. */
  transform(chunk: string): string | undefined
}

export function readCharsmap(base64: string): Charsmap {
  const bytes = Buffer.from(base64, 'base64')
  const size = bytes.length >= 4 ? bytes.readUInt32LE(0) : -1
  if (size < 4 || size + 4 > bytes.length) throw new Error('precompiled_charsmap: is cut short')
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i))
  const strings = bytes.subarray(4 + size)
  return {
    transform(chunk) {
      const at = shortest(units, Buffer.from(chunk, 'utf8'))
      return at === undefined ? undefined : strings.toString('utf8', at, strings.indexOf(0, at))
    },
  }
}

/** The value of the shortest key that `key` begins with. */
function shortest(units: Uint32Array, key: Uint8Array): number | undefined {
  let position = offsetOf(units[0]!)
  for (const byte of key) {
    if (byte === 0) return undefined
    position ^= byte
    const unit = units[position]
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return undefined
    position ^= offsetOf(unit)
    if ((unit >>> 8) & 1) return units[position]! & 0x7fffffff
  }
  return undefined
}

const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & (1 << 9)) >>> 6)
