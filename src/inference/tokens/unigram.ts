/** Unigram: the tokens of a word whose scores have the greatest sum (Viterbi). */
import type { Component } from '../tokenizer-json.js'
import type { Model } from './models.js'
import { PairTable } from './pair-table.js'

/** Below the worst token (google/sentencepiece, src/unigram_model.cc). */
const UNKNOWN_PENALTY = 10

interface Unigram {
  ids: Map<string, number>
  scores: Float64Array
  /** (node, unit) -> node; and per node the token that ends there, or -1. */
  children: PairTable
  tokens: Int32Array
  unknown: number
  unknownScore: number
  bytes: number[] | undefined
}

export function unigram(config: Component): Model {
  const model = readUnigram(config)
  return (word) => {
    const { starts, ids } = bestPath(model, word)
    const out: number[] = []
    let end = word.length
    while (end > 0) {
      let start = starts[end]!
      const id = ids[end]!
      if (id === model.unknown) {
        while (start > 0 && ids[start] === model.unknown) start = starts[start]!
        out.push(...unknownIds(model, word.slice(start, end)).reverse())
      } else out.push(id)
      end = start
    }
    return out.reverse()
  }
}

function readUnigram(config: Component): Unigram {
  const vocab = config.vocab as [string, number][]
  const unknown = config.unk_id as number | null
  if (typeof unknown !== 'number') throw new Error('model: a Unigram vocabulary without "unk_id"')
  const ids = new Map(vocab.map(([token], id) => [token, id]))
  const bytes = Array.from({ length: 256 }, (_, byte) =>
    ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  )
  const scores = Float64Array.from(vocab, ([, score]) => score)
  return {
    ids,
    scores,
    ...trie(ids),
    unknown,
    unknownScore: scores.reduce((a, b) => Math.min(a, b)) - UNKNOWN_PENALTY,
    bytes: config.byte_fallback && !bytes.includes(undefined) ? (bytes as number[]) : undefined,
  }
}

function trie(ids: Map<string, number>): { children: PairTable; tokens: Int32Array } {
  const children = new PairTable(ids.size * 2)
  const tokens = [-1]
  for (const [token, id] of ids) {
    let node = 0
    for (let i = 0; i < token.length; i++) {
      const unit = token.charCodeAt(i)
      let child = children.get(node, unit)
      if (child < 0) {
        child = tokens.push(-1) - 1
        children.set(node, unit, child)
      }
      node = child
    }
    if (node !== 0) tokens[node] = id
  }
  return { children, tokens: Int32Array.from(tokens) }
}

/** By where a token ends: where it starts on the best path to there, and its id. */
function bestPath(model: Unigram, word: string): { starts: Int32Array; ids: Int32Array } {
  const { children, tokens, scores, unknown, unknownScore } = model
  const starts = new Int32Array(word.length + 1).fill(-1)
  const ids = new Int32Array(word.length + 1)
  const best = new Float64Array(word.length + 1)
  const offer = (start: number, end: number, id: number, score: number) => {
    if (starts[end] !== -1 && score <= best[end]!) return
    best[end] = score
    starts[end] = start
    ids[end] = id
  }
  let length: number
  for (let start = 0; start < word.length; start += length) {
    length = word.codePointAt(start)! > 0xffff ? 2 : 1
    let single = false
    let node = 0
    for (let end = start; end < word.length; ) {
      node = children.get(node, word.charCodeAt(end++))
      if (node < 0) break
      const id = tokens[node]!
      if (id < 0) continue
      offer(start, end, id, best[start]! + scores[id]!)
      if (end === start + length) single = true
    }
    if (!single) offer(start, start + length, unknown, best[start]! + unknownScore)
  }
  return { starts, ids }
}

/** Unknown characters side by side are one unknown token, or their bytes. */
function unknownIds({ ids, bytes, unknown }: Unigram, text: string): number[] {
  const id = ids.get(text)
  if (id !== undefined) return [id]
  return bytes ? Array.from(Buffer.from(text, 'utf8'), (byte) => bytes[byte]!) : [unknown]
}
