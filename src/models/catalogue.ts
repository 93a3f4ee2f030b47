/**
 * Models that are known by name: where their ONNX files are, how they are used, and what is known
 * of their bytes before any are fetched.
 */
import type { EmbedderUse, RerankerUse } from './card.js'
import { EMBEDDERS } from './catalogue-embedders.js'
import { RERANKERS } from './catalogue-rerankers.js'

export interface CatalogueFile {
  /** In the repository, and in the folder of a pulled model. */
  path: string
  /** Absent where no source was found: then the hub is asked when the model is pulled. */
  bytes?: number
  sha256?: string
}

interface EntryBase {
  name: string
  /** On the hub. */
  repository: string
  /** A full commit, or null: then whatever the hub has when the model is pulled. */
  revision: string | null
  precision: 'fp32' | 'int8'
  model: CatalogueFile
  /** Weights outside of the graph's file, in its folder. */
  externalData?: CatalogueFile[]
  tokenizer: CatalogueFile
  tokenizerConfig: CatalogueFile
  /** Where the tokenizer's files are wrong about it. */
  lowercase?: boolean
  /** Longest input in tokens, special tokens counted. */
  maxTokens: number
  languages: readonly string[]
  /** SPDX. */
  licence: string
  /** What a user should know beforehand. */
  note?: string
  /** Where revision, sizes and sha256 come from. */
  sources: string[]
}

export interface EmbedderEntry extends EntryBase, EmbedderUse {}
export interface RerankerEntry extends EntryBase, RerankerUse {}

export type CatalogueEntry = EmbedderEntry | RerankerEntry

export const CATALOGUE: readonly CatalogueEntry[] = [...EMBEDDERS, ...RERANKERS]

export function findEntry(name: string): CatalogueEntry | undefined {
  return CATALOGUE.find((entry) => entry.name === name)
}

/** Graph first: it is what most of a download is. */
export function entryFiles(entry: CatalogueEntry): CatalogueFile[] {
  return [entry.model, ...(entry.externalData ?? []), entry.tokenizer, entry.tokenizerConfig]
}

/** Up to three of `names` that are spelled like `name`, nearest first. */
export function nearNames(name: string, names: string[]): string[] {
  const wanted = name.toLowerCase()
  return names
    .map((candidate) => ({ candidate, distance: nameDistance(wanted, candidate) }))
    .filter(({ distance }) => distance <= Math.max(3, wanted.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** A part of the name, or the name behind its owner, is as near as one wrong letter. */
function nameDistance(wanted: string, candidate: string): number {
  const bare = wanted.slice(wanted.lastIndexOf('/') + 1)
  if (bare.length >= 3 && candidate.includes(bare)) return 1
  return Math.min(editDistance(wanted, candidate), editDistance(bare, candidate))
}

/** Levenshtein. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, above[j]! + 1, row[j - 1]! + 1))
    }
    above = row
  }
  return above[b.length]!
}
