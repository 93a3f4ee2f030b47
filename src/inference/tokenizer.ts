/** Texts and pairs of texts -> token ids, as a model's tokenizer.json states it. */
import { isObject } from '../files/json-value.js'
import { signOfLife } from '../files/worker-thread.js'
import { assemble } from './assemble.js'
import type { Encodings, TextPair } from './encoding.js'
import { type Slot, specialTokens, templateOf } from './template.js'
import {
  asConfigured,
  factsOf,
  type TokenizerConfig,
  type TokenizerFacts,
  type TokenizerJson,
  unknownId,
} from './tokenizer-json.js'
import { pipelineOf } from './tokens/pipeline.js'

/** Characters read per token of room; past that a text is cut before it is tokenized. */
const CHARACTERS_PER_TOKEN = 200
/** Longer texts are counted in parts: a regular expression takes its stack for all of a text. */
const LONGEST_TEXT = 1_000_000

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

/**
 * Texts are taken as they are: sentence-transformers 6 does not strip them either.
 * @param lowercase of the model's card, where it says so: see `asConfigured`.
 */
export function createTokenizer(
  tokenizerJson: object,
  tokenizerConfig: object,
  lowercase?: boolean,
): TextTokenizer {
  const json = asConfigured(tokenizerJson as TokenizerJson, tokenizerConfig as TokenizerConfig, lowercase)
  const idsOf = pipelineOf(json)
  const tokenize = (text: string) => {
    signOfLife()
    return idsOf(text)
  }
  const template = templateOf(json)
  const unknown = unknownId(json)
  requireIds(json, [...template.single, ...template.pair])

  return {
    ...factsOf(json, tokenizerConfig as TokenizerConfig),
    specialTokens: specialTokens(template.single),
    encode(texts, maxTokens) {
      const length = longestFor(maxTokens)
      const rows = texts.map((text) => {
        const read = cap(text, length)
        return { question: tokenize(read), passage: [], cut: read !== text }
      })
      return assemble(rows, template.single, maxTokens, unknown)
    },
    encodePairs(pairs, maxTokens) {
      const length = longestFor(maxTokens)
      const questionIds = rememberLast(tokenize)
      const rows = pairs.map(({ question, passage }) => {
        const [first, second] = [cap(question, length), cap(passage, length)]
        const cut = first !== question || second !== passage
        return { question: questionIds(first), passage: tokenize(second), cut }
      })
      return assemble(rows, template.pair, maxTokens, unknown)
    },
    count: (texts) =>
      Int32Array.from(texts, (text) => partsOf(text).reduce((sum, part) => sum + tokenize(part).length, 0)),
  }
}

/** @throws Error for an id that no model has a row for, or that is none. */
function requireIds({ added_tokens: added = [], model }: TokenizerJson, slots: Slot[]): void {
  const isId = (id: unknown) => Number.isInteger(id) && (id as number) >= 0 && (id as number) < 2 ** 31
  const wrong = (where: string, id: unknown) =>
    new Error(`${where}: id ${JSON.stringify(id)} is none from 0 to 2147483647`)
  for (const { id, content } of added)
    if (!isId(id)) throw wrong(`added_tokens: ${JSON.stringify(content)}`, id)
  for (const { ids } of slots) {
    if (typeof ids !== 'string') for (const id of ids) if (!isId(id)) throw wrong('post_processor', id)
  }
  const { vocab } = model
  if (!isObject(vocab)) return // a list: an id is a position
  for (const [token, id] of Object.entries(vocab)) {
    if (!isId(id)) throw wrong(`model: vocab: ${JSON.stringify(token)}`, id)
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

const longestFor = (maxTokens: number) => Math.min(maxTokens * CHARACTERS_PER_TOKEN, LONGEST_TEXT)

/** Cuts at white space where there is some, so that the last word is not half a word. */
function cap(text: string, length: number): string {
  if (text.length <= length) return text
  const space = text.lastIndexOf(' ', length)
  if (space > length / 2) return text.slice(0, space)
  return text.slice(0, text.codePointAt(length - 1)! > 0xffff ? length - 1 : length)
}

function partsOf(text: string): string[] {
  const parts: string[] = []
  let rest = text
  while (rest.length > LONGEST_TEXT) {
    const part = cap(rest, LONGEST_TEXT)
    parts.push(part)
    rest = rest.slice(part.length)
  }
  return [...parts, rest]
}
