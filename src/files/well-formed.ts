/**
 * Halves of surrogate pairs. A JSON escape can spell one (`\ud83d` alone: half of an emoji, from text that was cut by
 * UTF-16 units), UTF-8 cannot: pyarrow, Rust tokenizers and Python's encoders refuse what has one. Each becomes U+FFFD.
 */

/** Half of a pair, or what may be one: whole pairs, as Python writes every emoji, are common and not looked at further. */
const SUSPECT =
  /\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F][0-9a-fA-F]{2}(?<!\\u[dD][89abAB]..\\u[dD]...))|\\\\u[dD]/
/** One escape, or a pair of them. */
const ESCAPE =
  /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|[\s\S])/g

/**
 * @param json the text of one value or more, as it would be parsed.
 * @returns the text with `\ufffd` for each escaped half, in keys and values, and how many there were.
 */
export function repairEscapes(json: string): { text: string; repaired: number } {
  // To look for the beginning of one is many times as fast as the pattern.
  const isSuspect = (json.includes('\\ud') || json.includes('\\uD')) && SUSPECT.test(json)
  if (!isSuspect) return { text: json, repaired: 0 }
  let repaired = 0
  const text = json.replace(ESCAPE, (whole, half: string | undefined) => {
    if (half === undefined) return whole
    repaired++
    return '\\ufffd'
  })
  return { text, repaired }
}

/** As JSON.stringify; what a program gave us may hold halves, no output of ours does. */
export function toJson(value: object, indent?: number): string {
  return repairEscapes(JSON.stringify(value, undefined, indent)).text
}

/** Of a text that is no JSON. */
export function repairText(text: string): { text: string; repaired: number } {
  if (text.isWellFormed()) return { text, repaired: 0 }
  return { text: text.toWellFormed(), repaired: text.match(/\p{Surrogate}/gu)!.length }
}

/** At most `units` of UTF-16 from the start; a pair is not cut in two. */
export function cutText(text: string, units: number): string {
  if (text.length <= units) return text
  return text.slice(0, isHighSurrogate(text.charCodeAt(units - 1)) ? units - 1 : units)
}

export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

/** Of bytes: halves that were written as if they were characters (Python's `surrogatepass`); two that follow one another are one character (CESU-8). */
export function repairBytes(bytes: Uint8Array): { bytes: Buffer; repaired: number } {
  let repaired = 0
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replace(HALVES, (half: string) => {
      const units = Buffer.from(half, 'latin1')
      const unit = (at: number) => 0xd000 | ((units[at]! & 0x3f) << 6) | (units[at + 1]! & 0x3f)
      if (units.byteLength > 3) return inBytes(String.fromCharCode(unit(1), unit(4)))
      repaired++
      return inBytes('\ufffd')
    })
  return { bytes: Buffer.from(text, 'latin1'), repaired }
}

const HALVES = /\xed[\xa0-\xaf][\x80-\xbf](?:\xed[\xb0-\xbf][\x80-\xbf])|\xed[\xa0-\xbf][\x80-\xbf]/g

function inBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** For a note. */
export function halvesReason(halves: number): string {
  return halves === 1
    ? 'half of a surrogate pair is U+FFFD now'
    : `${halves} halves of surrogate pairs are U+FFFD now`
}
