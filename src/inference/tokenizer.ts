/** Texts and pairs of texts -> token ids, as a model's tokenizer.json states it. */
import { assemble } from './assemble.js'
import type { Encodings, TextPair } from './encoding.js'
import { specialTokens, templateOf } from './template.js'
import {
  factsOf,
  type TokenizerConfig,
  type TokenizerFacts,
  type TokenizerJson,
  unknownId,
} from './tokenizer-json.js'
import { pipelineOf } from './tokens/pipeline.js'

/** Characters read per token of room; past that a text is cut before it is tokenized. */
const CHARACTERS_PER_TOKEN = 200

export interface TextTokenizer extends TokenizerFacts {
  /** Ids with special tokens, at most `maxTokens` a text; the closing special tokens survive the cut. */
  encode(texts: string[], maxTokens: number): Encodings
  /**
   * As `encode`, question and passage in one row. The passage is cut; the question only where it
   * would leave no room for a token of the passage.
   */
  encodePairs(pairs: TextPair[], maxTokens: number): Encodings
  /** Tokens a text, special tokens not counted. */
  count(texts: string[]): Int32Array
  /** Special tokens around a single text. */
  specialTokens: number
}

/** Texts are taken as they are: sentence-transformers 6 does not strip them either. */
export function createTokenizer(tokenizerJson: object, tokenizerConfig: object): TextTokenizer {
  const json = tokenizerJson as TokenizerJson
  const tokenize = pipelineOf(json)
  const template = templateOf(json)
  const unknown = unknownId(json)

  return {
    ...factsOf(json, tokenizerConfig as TokenizerConfig),
    specialTokens: specialTokens(template.single),
    encode(texts, maxTokens) {
      const length = maxTokens * CHARACTERS_PER_TOKEN
      const rows = texts.map((text) => ({ question: tokenize(cap(text, length)), passage: [] }))
      return assemble(rows, template.single, maxTokens, unknown)
    },
    encodePairs(pairs, maxTokens) {
      const length = maxTokens * CHARACTERS_PER_TOKEN
      const cappedIds = rememberLast((text) => tokenize(cap(text, length)))
      const rows = pairs.map(({ question, passage }) => ({
        question: cappedIds(question),
        passage: tokenize(cap(passage, length)),
      }))
      return assemble(rows, template.pair, maxTokens, unknown)
    },
    count: (texts) => Int32Array.from(texts, (text) => tokenize(text).length),
  }
}

/** A question comes with many passages, one after the other. */
function rememberLast(tokenize: (text: string) => number[]): (text: string) => number[] {
  let last: { text: string; ids: number[] } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, ids: tokenize(text) }
    return last.ids
  }
}

/** Cuts at white space where there is some, so that the last word is not half a word. */
function cap(text: string, length: number): string {
  if (text.length <= length) return text
  const space = text.lastIndexOf(' ', length)
  return text.slice(0, space > length / 2 ? space : length)
}
