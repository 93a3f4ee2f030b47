/** The chunks that negatives are taken from, by position, by chunk id and by document id. */
import { passageOf } from '../chunks/chunk.js'
import type { ChunkStore } from '../index/chunk-store.js'
import { foldText } from '../text/fold.js'
import { keyOf, textKey } from '../text/same-text.js'
import { documentNames } from './document-names.js'

/** Chunks kept in memory: the same few are candidates again and again. */
const CACHED = 8192

export interface CorpusChunk {
  position: number
  chunkId: string
  documentId: string
  /** The passage that goes into `docs`. */
  text: string
  /** As it is compared with others. */
  folded: string
  /** Equal for the same text but for form and punctuation. */
  key: string
}

export interface Corpus {
  /** Chunks that are not removed. */
  count: number
  /** Of the n-th chunk that is not removed, from 0. */
  positionAt(n: number): number
  read(position: number): Promise<CorpusChunk>
  /** `undefined` where it would have to be read. */
  known(position: number): CorpusChunk | undefined
  /** Chunks that are not the same text as another. Reads them all. */
  distinct(): Promise<number>
  /** Positions of a document's chunks, or of the one chunk of that id; empty for an unknown id. */
  find(id: string): number[]
  /**
   * As find, of an id however it is spelt, or the name of a file without its folders.
   * @returns a reason where it means no document, or more than one.
   */
  resolve(name: string): number[] | string
}

/** Of documents that a name may mean. */
const CANDIDATES_NAMED = 10

export async function openCorpus(store: ChunkStore): Promise<Corpus> {
  const documents = new Map<string, { first: number; count: number }>()
  const positions = new Uint32Array(store.count)
  let n = 0
  for await (const [position, { documentId }] of store.entries()) {
    const known = documents.get(documentId)
    if (known) known.count++
    else documents.set(documentId, { first: position, count: 1 })
    positions[n++] = position
  }
  const find = (id: string): number[] => {
    const whole = documents.get(id)
    if (whole) return Array.from({ length: whole.count }, (_, i) => whole.first + i)
    const mark = id.lastIndexOf('#')
    const owner = documents.get(id.slice(0, mark))
    const n = /^\d+$/.test(id.slice(mark + 1)) ? Number(id.slice(mark + 1)) : Number.NaN
    return owner && n < owner.count ? [owner.first + n] : []
  }
  /** Made when the first name is asked for that is no id. */
  let names: ReturnType<typeof documentNames> | undefined
  const cache = new Map<number, CorpusChunk>()
  return {
    count: store.count,
    positionAt: (n) => positions[n]!,
    known: (position) => cache.get(position),
    async read(position) {
      const cached = cache.get(position)
      if (cached) return cached
      const chunk = await store.read(position)
      const text = passageOf(chunk)
      const folded = foldText(text)
      const { id: chunkId, documentId } = chunk
      const entry = { position, chunkId, documentId, text, folded, key: keyOf(folded) }
      if (cache.size >= CACHED) cache.delete(cache.keys().next().value!)
      cache.set(position, entry)
      return entry
    },
    async distinct() {
      const keys = new Set<string>()
      for await (const chunk of store.all()) keys.add(textKey(passageOf(chunk)))
      return keys.size
    },
    find,
    resolve(name) {
      const found = find(name)
      if (found.length > 0) return found
      names ??= documentNames(documents.keys())
      const chunk = /^(.+)#(\d+)$/s.exec(name)
      const owners = chunk ? names(chunk[1]!).map((id) => `${id}#${chunk[2]}`) : []
      const ids = [names(name), owners.filter((id) => find(id).length > 0)].find(({ length }) => length > 0)
      if (!ids) return `doc_id ${JSON.stringify(name)} is not in the index`
      if (ids.length === 1) return find(ids[0]!)
      const shown = ids.slice(0, CANDIDATES_NAMED).map((id) => JSON.stringify(id))
      const more = ids.length > shown.length ? ', …' : ''
      return `doc_id ${JSON.stringify(name)} may be any of ${ids.length}: ${shown.join(', ')}${more}: name one of them`
    },
  }
}
