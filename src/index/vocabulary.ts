/** Documents that the model does not read, by their script or its vocabulary: their vectors would all look alike. */
import { ClaraError } from '../errors.js'
import { BILINGUAL_EMBEDDER, type EmbedderModel } from '../models/resolve.js'
import { unreadBy } from '../text/unread.js'
import type { DocumentRecord } from './document-table.js'
import type { Tokens } from './progress.js'

/** Documents of which over half of the chunks are not read. */
const MOST_UNREAD = 0.1
/** Until all of the corpus has been seen, a verdict needs so much of it … */
const ENOUGH_TOKENS = 20_000
const ENOUGH_DOCUMENTS = 20
/** … or so many of its chunks: a few books may be all of it. */
const MOST_UNREAD_CHUNKS = 0.5
const IDS_NAMED = 3

/** Documents so far, and of those the ones that are not read. */
export interface Unread {
  documents: number
  chunks: number
  unread: number
  unreadChunks: number
  /** Of the first few. */
  ids: string[]
}

export function countUnread(records: DocumentRecord[]): Unread {
  const counts: Unread = { documents: 0, chunks: 0, unread: 0, unreadChunks: 0, ids: [] }
  for (const record of records) addUnread(counts, record)
  return counts
}

export function addUnread(counts: Unread, { id, rows, unread = 0 }: DocumentRecord): void {
  counts.documents++
  counts.chunks += rows
  counts.unreadChunks += unread
  if (unread * 2 <= rows) return
  counts.unread++
  if (counts.ids.length < IDS_NAMED) counts.ids.push(id)
}

/**
 * Texts that the model does not read: most of their words are in scripts of other languages than its card states, or most of
 * their tokens are unknown to it.
 * @param unknownRows of the texts, those with most tokens unknown.
 */
export function unreadTexts(
  { card }: EmbedderModel,
  texts: string[],
  unknownRows: readonly number[] = [],
): Set<number> {
  const rows = new Set(unknownRows)
  const isUnread = unreadBy(card.languages)
  if (isUnread) for (const [i, text] of texts.entries()) if (isUnread(text)) rows.add(i)
  return rows
}

/** Of the tokens of all texts so far, those that the vocabulary lacks; 0 before the first. */
export function unknownShare({ tokens, unknown }: Tokens): number {
  return tokens === 0 ? 0 : unknown / tokens
}

interface Verdict {
  /** All of the corpus has been seen; until then a verdict needs enough of it. */
  whole: boolean
  /** The command that embeds it with the bilingual model. */
  rebuild?: string | undefined
}

/**
 * @throws ClaraError `model` where the model does not read over 10% of the documents, with a model to take instead.
 */
export function requireReadDocuments(
  { card }: EmbedderModel,
  counts: Tokens,
  seen: Unread,
  { whole, rebuild }: Verdict,
): void {
  const { texts, tokens } = counts
  const { documents, chunks, unread, unreadChunks } = seen
  const tooMany = unread > MOST_UNREAD * documents
  const early =
    tokens >= ENOUGH_TOKENS &&
    ((tooMany && documents >= ENOUGH_DOCUMENTS) || unreadChunks > MOST_UNREAD_CHUNKS * chunks)
  if (whole ? !tooMany : !early) return
  const share = (unknownShare(counts) * 100).toFixed(0)
  throw new ClaraError(
    'model',
    `${share}% of the ${tokens} tokens of ${whole ? 'the corpus' : `its first ${texts} chunks`} are unknown to ` +
      `${languagesOf(card)}, and ${unread} of ${documents} documents (${namesOf(seen)}) are in writing that it does not read, ` +
      `so that their vectors would say little. ${whatReadsIt(card, rebuild)}; --force goes on all the same`,
  )
}

/** @returns `undefined` where all is read. */
export function unreadWarning({ card }: EmbedderModel, seen: Unread): string | undefined {
  if (seen.unread === 0) return undefined
  return (
    `warning: ${seen.unread} of ${seen.documents} documents (${namesOf(seen)}) are in writing that ${languagesOf(card)} does not read: ` +
    'their vectors say little'
  )
}

export function languagesOf({ name, languages }: EmbedderModel['card']): string {
  return `${name} (${languages.join(', ') || 'languages not stated'})`
}

const OTHER_LANGUAGES =
  'languages take multilingual-e5-small ("clara-models pull multilingual-e5-small", then --embedder multilingual-e5-small)'

/**
 * What to take instead, first of all what comes with the package.
 * @param rebuild the command that makes the index with it.
 */
export function whatReadsIt({ name }: { name: string }, rebuild?: string): string {
  if (name === BILINGUAL_EMBEDDER) return `For other ${OTHER_LANGUAGES}`
  const command = rebuild === undefined ? '' : `: ${rebuild}`
  return `For Chinese, alone or with English, take --embedder ${BILINGUAL_EMBEDDER}, which comes with the package${command}; for other ${OTHER_LANGUAGES}`
}

function namesOf({ ids, unread }: Unread): string {
  return `${ids.map((id) => JSON.stringify(id)).join(', ')}${unread > ids.length ? ', …' : ''}`
}
