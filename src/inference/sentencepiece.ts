/**
 * A SentencePiece model of kind BPE (`tokenizer.model` of Llama 2, Mistral 7B) -> what its tokenizer.json would say.
 * The order of the merges is that of transformers' conversion (convert_slow_tokenizer.py), which trainers load.
 */
import { type Field, ProtobufFile } from '../models/protobuf.js'
import type { AddedToken, TokenizerJson } from './tokenizer-json.js'

/** Fields of ModelProto (sentencepiece_model.proto), of its pieces and of its two specs. */
const MODEL = { piece: 1, trainer: 2, normalizer: 3 }
const PIECE = { text: 1, score: 2, type: 3 }
const TRAINER = { modelType: 3 }
const NORMALIZER = { charsMap: 2, dummyPrefix: 3, extraSpaces: 4 }

const BPE = 2
const TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4 }
const SPACE = '▁'

interface Piece {
  text: string
  score: number
  type: number
}

interface ReadModel {
  pieces: Piece[]
  modelType: number
  charsMap: number
  dummyPrefix: boolean
  extraSpaces: boolean
}

/** @throws Error where it is no SentencePiece model, or one of another kind. */
export function tokenizerOfSentencePiece(data: Buffer): TokenizerJson {
  const { pieces, modelType, charsMap, dummyPrefix, extraSpaces } = readModel(data)
  if (pieces.length === 0) throw new Error('has no pieces: expected tokenizer.json or a SentencePiece model')
  if (modelType !== BPE || charsMap > 0 || extraSpaces) {
    throw new Error(
      'is a SentencePiece model other than BPE that leaves texts as they are: pass the tokenizer.json made of it',
    )
  }
  const vocab = Object.fromEntries(pieces.map(({ text }, id) => [text, id]))
  const unknown = pieces.find(({ type }) => type === TYPE.unknown)
  return {
    added_tokens: pieces.flatMap(addedToken),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(dummyPrefix ? [{ type: 'Prepend', prepend: SPACE }] : []),
        { type: 'Replace', pattern: { String: ' ' }, content: SPACE },
      ],
    },
    model: {
      type: 'BPE',
      unk_token: unknown?.text ?? null,
      fuse_unk: true,
      byte_fallback: true,
      vocab,
      merges: mergesOf(pieces),
    },
  }
}

function addedToken({ text, type }: Piece, id: number): AddedToken[] {
  const special = type === TYPE.control || type === TYPE.unknown
  if (!special && type !== TYPE.userDefined) return []
  return [{ id, content: text, normalized: false, special }]
}

/** Each way in which a piece is made of two others: by the piece's score, then the longer left part first. */
function mergesOf(pieces: Piece[]): [string, string][] {
  const ids = new Map(pieces.map(({ text }, id) => [text, id]))
  const merges: {
    left: string
    right: string
    ids: [number, number]
    score: number
    lengths: [number, number]
  }[] = []
  for (const { text, score } of pieces) {
    const first = merges.length
    const total = Array.from(text).length
    let length = 0
    let at = 0
    for (const character of text) {
      length++
      at += character.length
      const left = text.slice(0, at)
      const right = text.slice(at)
      const [leftId, rightId] = [ids.get(left), ids.get(right)]
      if (leftId === undefined || rightId === undefined) continue
      merges.push({ left, right, ids: [leftId, rightId], score, lengths: [length, total - length] })
    }
    if (merges.length - first < 2) continue
    const ways = merges.splice(first)
    ways.sort((a, b) => a.ids[0] - b.ids[0] || a.ids[1] - b.ids[1])
    merges.push(...ways)
  }
  merges.sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1])
  return merges.map(({ left, right }) => [left, right])
}

function readModel(data: Buffer): ReadModel {
  const file = new ProtobufFile(data)
  const model: ReadModel = { pieces: [], modelType: 1, charsMap: 0, dummyPrefix: true, extraSpaces: true }
  for (const field of file.fields(0, file.size)) {
    if (field.number === MODEL.piece) model.pieces.push(readPiece(file, field))
    else if (field.number === MODEL.trainer) {
      for (const { number, value } of file.fields(field.start, field.end))
        if (number === TRAINER.modelType) model.modelType = value
    } else if (field.number === MODEL.normalizer) {
      for (const { number, value, start, end } of file.fields(field.start, field.end)) {
        if (number === NORMALIZER.charsMap) model.charsMap = end - start
        if (number === NORMALIZER.dummyPrefix) model.dummyPrefix = value !== 0
        if (number === NORMALIZER.extraSpaces) model.extraSpaces = value !== 0
      }
    }
  }
  return model
}

function readPiece(file: ProtobufFile, { start, end }: Field): Piece {
  const piece: Piece = { text: '', score: 0, type: TYPE.normal }
  for (const field of file.fields(start, end)) {
    if (field.number === PIECE.text) piece.text = file.text(field)
    if (field.number === PIECE.score) piece.score = file.float(field)
    if (field.number === PIECE.type) piece.type = field.value
  }
  return piece
}
