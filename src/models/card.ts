/** What a model is, as data: `card.json` beside its files. */
import { isObject, type JsonObject } from '../files/jsonl.js'

export interface ModelFile {
  /** Relative to the card. */
  path: string
  bytes: number
  sha256: string
}

export interface ModelCard {
  name: string
  kind: 'embedder'
  /** Length of a vector. */
  dims: number
  /** Longest input in tokens, special tokens counted. */
  maxTokens: number
  pooling: string
  /** Vectors leave the model with unit length. */
  normalised: boolean
  /** Put before a question, a passage; empty for most. */
  queryPrefix: string
  documentPrefix: string
  languages: string[]
  licence: string
  source: string
  /** Names among `files`. */
  model: string
  tokenizer: string
  tokenizerConfig: string
  files: ModelFile[]
}

const STRINGS = ['name', 'pooling', 'queryPrefix', 'documentPrefix', 'licence', 'source'] as const
const FILES = ['model', 'tokenizer', 'tokenizerConfig'] as const
const SHA256 = /^[0-9a-f]{64}$/

/**
 * @returns the card, or the first thing that is wrong with it.
 */
export function parseCard(value: unknown): ModelCard | string {
  if (!isObject(value)) return 'not a JSON object'
  for (const key of [...STRINGS, ...FILES]) {
    if (typeof value[key] !== 'string') return `"${key}" is missing or not a string`
  }
  if (value.kind !== 'embedder') return `"kind" is ${JSON.stringify(value.kind)}, expected "embedder"`
  for (const key of ['dims', 'maxTokens'] as const) {
    if (!isCount(value[key])) return `"${key}" is missing or not a positive whole number`
  }
  if (typeof value.normalised !== 'boolean') return '"normalised" is missing or not true or false'
  const { languages, files } = value
  if (!Array.isArray(languages) || !languages.every((l) => typeof l === 'string')) {
    return '"languages" is missing or not a list of strings'
  }
  if (!Array.isArray(files) || !files.every(isModelFile)) return '"files" needs path, bytes and sha256 for each file'
  for (const key of FILES) {
    if (!files.some((f) => f.path === value[key])) return `"${key}" names ${value[key]}, which "files" lacks`
  }
  return value as unknown as ModelCard
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function isModelFile(value: unknown): value is ModelFile {
  if (!isObject(value)) return false
  const { path, bytes, sha256 }: JsonObject = value
  return (
    typeof path === 'string' &&
    !path.split(/[\\/]/).includes('..') &&
    !path.startsWith('/') &&
    isCount(bytes) &&
    typeof sha256 === 'string' &&
    SHA256.test(sha256)
  )
}
