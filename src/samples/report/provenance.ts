/** One line of the provenance, as far as a report reads it. It may come from anywhere: nothing in it is taken for granted. */
import { isObject, type JsonObject } from '../../files/json-value.js'
import { parseLine, type RawLine } from '../../files/jsonl.js'

export interface DocOrigin {
  role: string | undefined
  tier: string | undefined
  chunkId: string | undefined
  rank: number | undefined
  embedder: number | undefined
  /** The embedder's on the scale of the run, where it judged. */
  standard: number | undefined
  reranker: number | undefined
}

export interface PassedOver extends Omit<DocOrigin, 'role' | 'tier'> {
  reason: string
}

export interface Origin {
  /** Where the question came from: `qa.jsonl:7`. */
  source: string | undefined
  docs: DocOrigin[]
  excluded: PassedOver[]
}

/** Beyond it is no score of a model. */
const MOST_SCORE = 1e6

/** @returns `undefined` of a blank line, a reason of a bad one. */
export function readOrigin(raw: RawLine): Origin | string | undefined {
  const parsed = parseLine(raw)
  if (parsed === undefined || typeof parsed === 'string') return parsed
  const { value } = parsed
  if (!isObject(value)) return 'not a JSON object'
  const { docs, excluded = [], source } = value
  if (!isObjects(docs)) return 'docs is no list of objects'
  if (!isObjects(excluded)) return 'excluded is no list of objects'
  return {
    source: textOf(source),
    docs: docs.map(originOf),
    excluded: excluded.map(passedOverOf),
  }
}

function originOf(of: JsonObject): DocOrigin {
  return {
    role: textOf(of.role),
    tier: textOf(of.tier),
    chunkId: textOf(of.chunk_id),
    rank: numberOf(of.rank),
    embedder: numberOf(of.embedder_score),
    standard: numberOf(of.standard_score),
    reranker: numberOf(of.reranker_score),
  }
}

function passedOverOf(of: JsonObject): PassedOver {
  return {
    reason: textOf(of.reason) ?? 'no reason given',
    chunkId: textOf(of.chunk_id),
    rank: numberOf(of.rank),
    embedder: numberOf(of.embedder_score),
    standard: numberOf(of.standard_score),
    reranker: numberOf(of.reranker_score),
  }
}

function isObjects(value: unknown): value is JsonObject[] {
  return Array.isArray(value) && value.every(isObject)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) <= MOST_SCORE ? value : undefined
}
