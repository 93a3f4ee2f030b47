/** What a model is, as data: `card.json` beside its files. */
import { isObject, isPositiveCount, type JsonObject } from '../files/json-value.js'

/**
 * What a pulled file was compared with. `pinned`: the sha256 of our catalogue. `hub`: the sha256
 * that the hub stated. `unverified`: no sha256, only a size or the id of a git object.
 */
export const LEVELS = ['pinned', 'hub', 'unverified'] as const
export type Level = (typeof LEVELS)[number]

export interface ModelFile {
  /** Relative to the card. */
  path: string
  bytes: number
  sha256: string
  verified?: Level
}

/** How token vectors become one vector. `none`: the graph has done it. */
export const POOLINGS = ['none', 'mean', 'cls', 'last-token'] as const
export type Pooling = (typeof POOLINGS)[number]

interface CardBase {
  name: string
  /** Longest input in tokens, special tokens counted. */
  maxTokens: number
  languages: string[]
  precision?: string
  licence: string
  source: string
  /** Names among `files`. */
  model: string
  tokenizer: string
  tokenizerConfig: string
  /** Texts are lower-cased, or not, whatever the tokenizer's files say. */
  lowercase?: boolean
  /** Weights that the graph keeps outside of its own file; names among `files`. */
  externalData?: string[]
  /** Reference outputs, to check an installed model by; a name among `files`. */
  golden?: string
  files: ModelFile[]
}

/** How an embedder is used: in a card as in the catalogue. */
export interface EmbedderUse {
  kind: 'embedder'
  /** Length of a vector. */
  dims: number
  pooling: Pooling
  /** Vectors have unit length, as the model's reference implementation gives them. */
  normalised: boolean
  /** How vectors that are not are compared. Default: as if they were. */
  similarity?: 'cos' | 'dot'
  /** Put before a question, a passage; empty for most. */
  queryPrefix: string
  documentPrefix: string
  /** What cosines were divided by in training, which makes them as steep as logits. Default: 0.05. */
  temperature?: number
}

export interface RerankerUse {
  kind: 'reranker'
  /** Logits a pair: one score, or one for "does not answer" and one for "answers". */
  labels: 1 | 2
}

export interface EmbedderCard extends CardBase, EmbedderUse {}
export interface RerankerCard extends CardBase, RerankerUse {}
export type ModelCard = EmbedderCard | RerankerCard

/** Beyond these a number is a mistake: memory for it would not be found. */
const MOST_DIMS = 1 << 16
const MOST_TOKENS = 1_000_000

const SHA256 = /^[0-9a-f]{64}$/

/**
 * @returns the card, or the first thing that is wrong with it.
 */
export function parseCard(value: unknown): ModelCard | string {
  if (!isObject(value)) return 'not a JSON object'
  if (value.kind !== 'embedder' && value.kind !== 'reranker') {
    return `"kind" is ${JSON.stringify(value.kind)}, expected "embedder" or "reranker"`
  }
  const wrong =
    wrongBase(value) ??
    wrongFiles(value) ??
    (value.kind === 'embedder' ? wrongEmbedder : wrongReranker)(value)
  return wrong ?? (value as unknown as ModelCard)
}

function wrongBase(card: JsonObject): string | undefined {
  const { languages, lowercase } = card
  if (lowercase !== undefined && typeof lowercase !== 'boolean') return '"lowercase" is not true or false'
  if (!Array.isArray(languages) || !languages.every((l) => typeof l === 'string')) {
    return '"languages" is missing or not a list of strings'
  }
  return (
    firstOf(['name', 'licence', 'source'], (key) => needString(card, key)) ??
    needCount(card, 'maxTokens', MOST_TOKENS)
  )
}

function wrongEmbedder(card: JsonObject): string | undefined {
  if (typeof card.normalised !== 'boolean') return '"normalised" is missing or not true or false'
  if (card.similarity !== undefined && card.similarity !== 'cos' && card.similarity !== 'dot') {
    return `"similarity" is ${JSON.stringify(card.similarity)}, expected "cos" or "dot"`
  }
  const { temperature } = card
  if (
    temperature !== undefined &&
    !(typeof temperature === 'number' && temperature > 0 && temperature <= 1)
  ) {
    return `"temperature" is ${JSON.stringify(temperature)}, expected a number above 0, 1 at most`
  }
  if (!POOLINGS.includes(card.pooling as Pooling)) {
    return `"pooling" is ${JSON.stringify(card.pooling)}, expected one of ${POOLINGS.join(', ')}`
  }
  return (
    firstOf(['queryPrefix', 'documentPrefix'], (key) => needString(card, key)) ??
    needCount(card, 'dims', MOST_DIMS)
  )
}

function wrongReranker(card: JsonObject): string | undefined {
  return card.labels === 1 || card.labels === 2
    ? undefined
    : `"labels" is ${JSON.stringify(card.labels)}, expected 1 or 2`
}

function wrongFiles(card: JsonObject): string | undefined {
  const { files, externalData = [], golden } = card
  if (!Array.isArray(files) || !files.every(isModelFile)) {
    return '"files" needs path, bytes and sha256 for each file'
  }
  if (!Array.isArray(externalData)) return '"externalData" is not a list'
  const listed = (name: unknown) => files.some((file) => file.path === name)
  const required = ['model', 'tokenizer', 'tokenizerConfig'] as const
  return (
    firstOf(required, (key) => needString(card, key)) ??
    firstOf(required, (key) =>
      listed(card[key]) ? undefined : `"${key}" names ${card[key]}, which "files" lacks`,
    ) ??
    firstOf(externalData, (name) =>
      listed(name) ? undefined : `"externalData" names ${name}, which "files" lacks`,
    ) ??
    (golden === undefined || listed(golden) ? undefined : `"golden" names ${golden}, which "files" lacks`)
  )
}

function firstOf<T>(items: readonly T[], wrong: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const reason = wrong(item)
    if (reason !== undefined) return reason
  }
  return undefined
}

function needString(card: JsonObject, key: string): string | undefined {
  return typeof card[key] === 'string' ? undefined : `"${key}" is missing or not a string`
}

function needCount(card: JsonObject, key: string, most: number): string | undefined {
  const value = card[key]
  if (isPositiveCount(value) && value <= most) return undefined
  const found = value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value)).slice(0, 40)
  return `"${key}" is ${found}, expected a whole number from 1 to ${most}`
}

function isModelFile(value: unknown): value is ModelFile {
  if (!isObject(value)) return false
  const { path, bytes, sha256 }: JsonObject = value
  return (
    typeof path === 'string' &&
    !path.split(/[\\/]/).includes('..') &&
    !path.startsWith('/') &&
    isPositiveCount(bytes) &&
    typeof sha256 === 'string' &&
    SHA256.test(sha256)
  )
}
