/** BERT's clean-up of a text, in the order of the Rust library. */
import type { Component } from '../tokenizer-json.js'
import { CHINESE, CONTROL, lowercase, NONSPACING, normalizeTo } from './unicode.js'

const PLAIN = /^[ -~]*$/
const WHITE_SPACE = /\p{White_Space}/gu

export function bertNormalizer(config: Component): (text: string) => string {
  const { clean_text, handle_chinese_chars, lowercase: lower } = config
  const stripAccents = config.strip_accents ?? lower
  return (text) => {
    if (PLAIN.test(text)) return lower ? text.toLowerCase() : text
    let out = text
    if (clean_text) out = out.replace(CONTROL, '').replace(WHITE_SPACE, ' ')
    if (handle_chinese_chars) out = out.replace(CHINESE, ' $& ')
    if (stripAccents) out = normalizeTo('NFD', out).replace(NONSPACING, '')
    return lower ? lowercase(out) : out
  }
}
