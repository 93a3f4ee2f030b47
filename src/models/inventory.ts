/** Every model that has a name: what it is, and whether it is here. */

import { modelDirectory } from './cache-directory.js'
import type { Level, ModelCard } from './card.js'
import { CATALOGUE, type CatalogueEntry, entryFiles, findEntry } from './catalogue.js'
import { isThere, levelOf, partialBytes, readInstalled } from './installed.js'
import { EMBEDDED_NAMES, locateModel } from './resolve.js'

/** `damaged`: a file is missing or has another size, or the card is not right. */
type ModelState = 'embedded' | 'cached' | 'damaged' | 'partial' | 'absent'

export interface InventoryItem {
  name: string
  kind: 'embedder' | 'reranker'
  state: ModelState
  /** Where it is, or would be. */
  folder: string
  /** Repository and commit. */
  source: string
  /** Of a pulled model: how it was checked. Of one that is not here: how it will be. Else null. */
  verified: Level | null
  /** The commit is the catalogue's. */
  pinned: boolean
  /** null: the hub has to be asked. */
  bytes: number | null
  dims: number | null
  maxTokens: number
  precision: string | null
  languages: readonly string[]
  licence: string
  note: string | null
}

export async function listModels(): Promise<InventoryItem[]> {
  const embedded = await Promise.all(
    EMBEDDED_NAMES.map(async (name) => describeCard(await locateModel(name))),
  )
  return [...embedded, ...(await Promise.all(CATALOGUE.map(describeEntry)))]
}

/** Of a folder that has a card. */
export function describeCard({ folder, card }: { folder: string; card: ModelCard }): InventoryItem {
  const entry = findEntry(card.name)
  const level = levelOf(card.files)
  return {
    name: card.name,
    kind: card.kind,
    state: EMBEDDED_NAMES.includes(card.name) ? 'embedded' : 'cached',
    folder,
    source: card.source,
    verified: level ?? null,
    pinned: !entry || card.source === sourceOf(entry),
    bytes: card.files.reduce((sum, { bytes }) => sum + bytes, 0),
    dims: card.kind === 'embedder' ? card.dims : null,
    maxTokens: card.maxTokens,
    precision: card.precision ?? null,
    languages: card.languages,
    licence: card.licence,
    note: entry?.note ?? null,
  }
}

export async function describeEntry(entry: CatalogueEntry): Promise<InventoryItem> {
  const installed = await readInstalled(entry.name)
  if (installed) return describeCard(installed)
  const files = entryFiles(entry)
  const folder = modelDirectory(entry.name)
  const sized = files.every(({ bytes }) => bytes !== undefined)
  return {
    name: entry.name,
    kind: entry.kind,
    state: (await isThere(folder)) ? 'damaged' : (await partialBytes(entry.name)) > 0 ? 'partial' : 'absent',
    folder,
    source: sourceOf(entry),
    verified: files.every(({ sha256 }) => sha256) ? 'pinned' : 'hub',
    pinned: entry.revision !== null,
    bytes: sized ? files.reduce((sum, { bytes }) => sum + bytes!, 0) : null,
    dims: entry.kind === 'embedder' ? entry.dims : null,
    maxTokens: entry.maxTokens,
    precision: entry.precision,
    languages: entry.languages,
    licence: entry.licence,
    note: entry.note ?? null,
  }
}

function sourceOf({ repository, revision }: CatalogueEntry): string {
  return `${repository}@${revision ?? 'main'}`
}
