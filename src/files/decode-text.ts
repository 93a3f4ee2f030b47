/** Bytes of a text file -> text: by its byte order mark, else UTF-8, else what the bytes are clearly of. */
import { ClaraError } from '../errors.js'

/** Longer ones are dumps, and a string cannot hold all of them. */
const MAX_TEXT_BYTES = 256 << 20
const SNIFFED_BYTES = 1 << 16

/**
 * Without the mark, line ends as `\n`, no NUL.
 * @param declared a charset that the file names itself; one that is unknown counts as none.
 * @throws ClaraError `input` for what is no text.
 */
export function decodeText(bytes: Uint8Array, declared?: string): string {
  return detectText(bytes, declared).text.replace(/\r\n?/g, '\n').replaceAll('\0', '')
}

interface DetectedText {
  /** Without the mark. */
  text: string
  /** As TextDecoder names it. */
  charset: string
}

/**
 * All that the bytes hold, and what they were read as; of UTF-16, with halves of surrogate pairs.
 * @param declared as in decodeText.
 * @throws ClaraError `input` for what is no text.
 */
export function detectText(bytes: Uint8Array, declared?: string): DetectedText {
  if (bytes.byteLength > MAX_TEXT_BYTES) {
    throw new ClaraError('input', `a text file of more than ${MAX_TEXT_BYTES >> 20} MiB`)
  }
  const marked = markOf(bytes)
  if (!marked) return unmarked(bytes, declared)
  return {
    text: marked === 'utf-8' ? decoded(bytes, marked, false)! : fromUtf16(bytes, marked),
    charset: marked,
  }
}

function unmarked(bytes: Uint8Array, declared: string | undefined): DetectedText {
  const utf8 = decoded(bytes, 'utf-8', true)
  if (utf8 !== undefined && !isBinary(bytes)) return { text: utf8, charset: 'utf-8' }
  if (isBinary(bytes)) throw new ClaraError('input', 'not text: it holds binary data')
  const own = declared === undefined ? undefined : decoded(bytes, declared, true)
  if (own !== undefined) return { text: own, charset: declared! }
  const chinese = decoded(bytes, 'gb18030', true)
  if (chinese !== undefined && isChinese(chinese)) return { text: chinese, charset: 'gb18030' }
  throw new ClaraError('input', 'neither UTF-8 nor UTF-16 with a byte order mark, nor Chinese in GB 18030')
}

/** TextDecoder would put U+FFFD for half of a surrogate pair without a word: here it stays, for who reads to count. */
function fromUtf16(bytes: Uint8Array, charset: string): string {
  const units = Buffer.from(bytes.subarray(2, bytes.byteLength - (bytes.byteLength % 2)))
  const text = (charset === 'utf-16be' ? units.swap16() : units).toString('utf16le')
  return bytes.byteLength % 2 === 0 ? text : `${text}\ufffd` // it ends in the middle of a character
}

function markOf([a, b, c]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  return undefined
}

function decoded(bytes: Uint8Array, charset: string, fatal: boolean): string | undefined {
  try {
    return new TextDecoder(charset, { fatal }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Control characters that no text has; a lone NUL may be a slip. */
function isBinary(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, SNIFFED_BYTES)
  let odd = 0
  for (const byte of start) if (byte < 9 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32)) odd++
  return odd > 1 && odd > start.length / 100
}

/**
 * Nearly any bytes are GB 18030; of bytes of another charset the characters would be rare ones. The two rows of
 * the common ideographs (GB 2312, level 1) are most of every Chinese text.
 */
function isChinese(text: string): boolean {
  const foreign = text.slice(0, SNIFFED_BYTES).match(/[^\p{ASCII}]/gu) ?? []
  const usual = foreign.filter((character) =>
    /[\p{Script=Han}\u3000-\u303f\uff00-\uffef“”‘’—…·]/u.test(character),
  )
  const common = usual.filter((character) => COMMON.has(character))
  return usual.length > 0.9 * foreign.length && common.length > usual.length / 10
}

/** A third of the characters of any Chinese text. */
const COMMON = new Set(
  '的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长，。、：；',
)
