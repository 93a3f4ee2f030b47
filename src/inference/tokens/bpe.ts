/** Byte-pair encoding: characters, then merges; bytes or an unknown token for what is no token. */
import type { Component } from '../tokenizer-json.js'
import { mergeAll } from './merge.js'
import type { Model } from './models.js'
import { PairTable } from './pair-table.js'

interface Bpe {
  vocab: Map<string, number>
  merges: PairTable
  /** Last character of a merge's left side, first of its right: between others no merge reaches. */
  joined: PairTable
  unknown: number | undefined
  fuseUnknown: boolean
  /** Ids of `<0x00>` …, all of them or none. */
  bytes: number[] | undefined
  prefix: string
  suffix: string
}

/** @param write how a word's characters are written in the vocabulary. */
export function bpe(config: Component, write: (word: string) => string): Model {
  const model = readBpe(config)
  const whole = config.ignore_merges === true
  return (word) => {
    const written = write(word)
    const id = whole ? model.vocab.get(written) : undefined
    return id === undefined ? mergeAll(symbolsOf(model, written), model.merges) : [id]
  }
}

/**
 * Where a text without words can be cut into words: between characters that no merge joins. Null
 * where the parts would not be independent.
 */
export function cutsOf(config: Component): ((text: string) => string[]) | null {
  const { joined, fuseUnknown, unknown, bytes, prefix, suffix } = readBpe(config)
  if ((fuseUnknown && unknown !== undefined && !bytes) || prefix !== '' || suffix !== '') return null
  if (config.ignore_merges === true) return null
  return (text) => {
    const parts: string[] = []
    let start = 0
    let at = 0
    let before = -1
    for (const character of text) {
      const point = character.codePointAt(0)!
      if (before >= 0 && joined.get(before, point) < 0) {
        parts.push(text.slice(start, at))
        start = at
      }
      before = point
      at += character.length
    }
    if (start < text.length) parts.push(text.slice(start))
    return parts
  }
}

const read = new WeakMap<Component, Bpe>()

function readBpe(config: Component): Bpe {
  const known = read.get(config)
  if (known) return known
  const vocab = new Map(Object.entries(config.vocab as Record<string, number>))
  const bytes = Array.from({ length: 256 }, (_, byte) => vocab.get(`<0x${hex(byte)}>`))
  const prefix = (config.continuing_subword_prefix as string | null) ?? ''
  const model: Bpe = {
    vocab,
    ...readMerges(config.merges as (string | [string, string])[], vocab, prefix),
    unknown: vocab.get(config.unk_token as string),
    fuseUnknown: config.fuse_unk === true,
    bytes: config.byte_fallback && !bytes.includes(undefined) ? (bytes as number[]) : undefined,
    prefix,
    suffix: (config.end_of_word_suffix as string | null) ?? '',
  }
  read.set(config, model)
  return model
}

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0')

function readMerges(list: (string | [string, string])[], vocab: Map<string, number>, prefix: string) {
  const merges = new PairTable(list.length)
  const joined = new PairTable(1024)
  list.forEach((merge, rank) => {
    const [left, right] = typeof merge === 'string' ? (merge.split(' ') as [string, string]) : merge
    const ids = [left, right, left + right.slice(prefix.length)].map((token) => vocab.get(token))
    const [a, b, whole] = ids
    if (a === undefined || b === undefined || whole === undefined) {
      throw new Error(`model: the vocabulary lacks a token of merge ${rank}, ${JSON.stringify(merge)}`)
    }
    merges.set(a, b, rank, whole)
    joined.set(lastPoint(left), right.codePointAt(0)!, 1)
  })
  return { merges, joined }
}

function lastPoint(text: string): number {
  const point = text.codePointAt(text.length - 2) ?? 0
  return point > 0xffff ? point : text.charCodeAt(text.length - 1)
}

function symbolsOf(model: Bpe, word: string): number[] {
  const { vocab, bytes, unknown, prefix, suffix } = model
  const symbols: number[] = []
  let at = 0
  let unknownBefore = false
  for (const character of word) {
    const start = at > 0 ? prefix : ''
    at += character.length
    const written = start + character + (at === word.length ? suffix : '')
    const id = vocab.get(written)
    if (id !== undefined) symbols.push(id)
    else if (bytes) for (const byte of Buffer.from(written, 'utf8')) symbols.push(bytes[byte]!)
    else if (unknown !== undefined && !(unknownBefore && model.fuseUnknown)) symbols.push(unknown)
    unknownBefore = id === undefined
  }
  return symbols
}
