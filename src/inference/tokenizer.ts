/** @huggingface/tokenizers with what it leaves out: truncation, and a cap on absurd input. */
import { Tokenizer } from '@huggingface/tokenizers'
import { isObject } from '../files/jsonl.js'
import type { Encodings } from './encoding.js'

/** Characters read per token of room; past that a text is cut before it is tokenized. */
const CHARACTERS_PER_TOKEN = 200

/**
 * CJK ideographs outside the basic plane, as BERT counts them (google-research/bert,
 * tokenization.py). The library looks at UTF-16 units and so never sees one.
 */
const ASTRAL_IDEOGRAPH = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu

export interface TextTokenizer {
  /** Ids with special tokens, at most `maxTokens` a text; the closing special tokens survive the cut. */
  encode(texts: string[], maxTokens: number): Encodings
  /** Tokens a text, special tokens not counted. */
  count(texts: string[]): Int32Array
  /** Special tokens around a single text. */
  specialTokens: number
}

export function createTokenizer(tokenizerJson: object, tokenizerConfig: object): TextTokenizer {
  const tokenizer = new Tokenizer(tokenizerJson, tokenizerConfig)
  const separate = separatesIdeographs(tokenizerJson)
  const ids = (text: string, special: boolean) =>
    tokenizer.encode(separate ? text.replace(ASTRAL_IDEOGRAPH, ' $& ') : text, {
      add_special_tokens: special,
    }).ids as number[]
  const { leading, trailing } = specialTokensAround(ids('a', true), ids('a', false))

  return {
    specialTokens: leading + trailing,
    encode(texts, maxTokens) {
      const rows = texts.map((text) => ids(cap(text.trim(), maxTokens * CHARACTERS_PER_TOKEN), true))
      return flatten(rows, maxTokens, trailing)
    },
    count: (texts) => Int32Array.from(texts, (text) => ids(text, false).length),
  }
}

function separatesIdeographs(tokenizerJson: object): boolean {
  const normalizer = 'normalizer' in tokenizerJson ? tokenizerJson.normalizer : undefined
  return (
    isObject(normalizer) && normalizer.type === 'BertNormalizer' && normalizer.handle_chinese_chars === true
  )
}

function specialTokensAround(whole: number[], bare: number[]): { leading: number; trailing: number } {
  const added = whole.length - bare.length
  const leading = Array.from({ length: added + 1 }, (_, n) => n).find((n) =>
    bare.every((id, i) => whole[n + i] === id),
  )
  if (leading === undefined) throw new Error('the tokenizer changes a text when it adds special tokens')
  return { leading, trailing: added - leading }
}

/** Cuts at white space where there is some, so that the last word is not half a word. */
function cap(text: string, length: number): string {
  if (text.length <= length) return text
  const space = text.lastIndexOf(' ', length)
  return text.slice(0, space > length / 2 ? space : length)
}

function flatten(rows: number[][], maxTokens: number, trailing: number): Encodings {
  let truncated = 0
  const cut = rows.map((row) => {
    if (row.length <= maxTokens) return row
    truncated++
    return [...row.slice(0, maxTokens - trailing), ...row.slice(row.length - trailing)]
  })
  const starts = new Int32Array(cut.length + 1)
  cut.forEach((row, i) => {
    starts[i + 1] = starts[i]! + row.length
  })
  const ids = new Int32Array(starts[cut.length]!)
  cut.forEach((row, i) => {
    ids.set(row, starts[i])
  })
  return { ids, starts, truncated }
}
