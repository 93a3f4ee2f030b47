/** The model of tokenizer.json: a word -> token ids. */
import type { Component, TokenizerJson } from '../tokenizer-json.js'
import { bpe, cutsOf } from './bpe.js'
import { byteCharacters } from './byte-characters.js'
import { writesBytes } from './pre-tokenizers.js'
import { unigram } from './unigram.js'
import { wordPiece } from './word-piece.js'

/** The array is the caller's to read alone: it may be given again. */
export type Model = (word: string) => readonly number[]

/** Words up to this long are remembered, this many of them twice over. */
const REMEMBERED_LENGTH = 24
const REMEMBERED = 16_384
/** Longer words are tokenized in parts: the time for one grows faster than its length. */
const LONGEST_WORD = 100_000
/** A text that is not cut into words is worth the search for cuts. */
const WORTH_CUTTING = 24

/** @throws Error when the model is of a kind that is not known. */
export function modelOf(json: TokenizerJson): Model {
  const { model: config } = json
  const bytes = writesBytes(json.pre_tokenizer)
  if (bytes && kindOf(config) !== 'BPE') throw new Error('pre_tokenizer: ByteLevel without a BPE model')
  switch (kindOf(config)) {
    case 'WordPiece':
      return remembering(wordPiece(config))
    case 'Unigram':
      return inParts(remembering(unigram(config)))
    case 'BPE':
      return bytes ? inParts(remembering(bpe(config, byteCharacters))) : characterBpe(config)
    default:
      throw new Error(`model: type ${JSON.stringify(config.type)} is not known`)
  }
}

/** Older files do not state it. */
function kindOf({ type, vocab, merges }: Component): string | undefined {
  if (type !== undefined) return type
  if (Array.isArray(vocab)) return 'Unigram'
  return merges ? 'BPE' : 'WordPiece'
}

function characterBpe(config: Component): Model {
  const whole = inParts(remembering(bpe(config, (word) => word)))
  const cut = cutsOf(config)
  if (!cut) return whole
  return (word) => (word.length < WORTH_CUTTING ? whole(word) : concat(cut(word), whole))
}

function concat(words: string[], model: Model): number[] {
  const ids: number[] = []
  for (const word of words) for (const id of model(word)) ids.push(id)
  return ids
}

function inParts(model: Model): Model {
  return (word) => (word.length <= LONGEST_WORD ? model(word) : concat(partsOf(word), model))
}

function partsOf(word: string): string[] {
  const parts: string[] = []
  for (let start = 0; start < word.length; ) {
    let end = Math.min(word.length, start + LONGEST_WORD)
    if (end < word.length && word.codePointAt(end - 1)! > 0xffff) end--
    parts.push(word.slice(start, end))
    start = end
  }
  return parts
}

/** Two generations: what was used since the last exchange survives the next. */
function remembering(model: Model): Model {
  let young = new Map<string, readonly number[]>()
  let old = new Map<string, readonly number[]>()
  return (word) => {
    const known = young.get(word)
    if (known) return known
    const ids = old.get(word) ?? model(word)
    if (word.length > REMEMBERED_LENGTH) return ids
    if (young.size >= REMEMBERED) {
      old = young
      young = new Map()
    }
    young.set(word, ids)
    return ids
  }
}
