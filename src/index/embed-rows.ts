/** Documents -> chunks -> vectors -> rows, from where the rows end. */
import { type Chunk, passageOf } from '../chunks/chunk.js'
import { type ChunkOptions, chunkDocuments } from '../chunks/split.js'
import type { Document } from '../documents/document.js'
import { ClaraError } from '../errors.js'
import { windows } from '../files/windows.js'
import type { Embedder, Encoded } from '../inference/embedder.js'
import type { ThreadedTokenizer } from '../inference/open-tokenizer.js'
import type { EmbedderModel } from '../models/resolve.js'
import { type DocumentKey, keyOf } from './document-table.js'
import type { Tokens } from './progress.js'
import type { Embedded, RowWriter } from './row-writer.js'
import type { OpenedChunking } from './trainer.js'
import { requireUsableVectors } from './vectors.js'
import { requireReadDocuments, type Unread, unreadTexts } from './vocabulary.js'

/** Chunks embedded at a time: enough that each run finds texts of its own length. */
const WINDOW = 1024
/** The first chunks are embedded while the next are cut. */
const FIRST_WINDOW = 64

interface EmbedOptions extends Pick<OpenedChunking, 'chunking' | 'trainer'> {
  /** Go on where the model does not read over 10% of the documents. */
  force: boolean
  rebuild?: string | undefined
  onProgress?: ((rows: number, tokens: Tokens, documents: number, unread: Unread) => void) | undefined
}

/** The corpus, or the model for it, is such that no further run would do better. */
export class Hopeless extends ClaraError {}

/**
 * Writes the rows of all documents, a checkpoint for each window. Documents that the rows hold
 * already must come again, the same and in the same order, and are passed over.
 * @throws ClaraError `exists` where they are not the same.
 */
export async function embedRows(
  documents: AsyncIterable<Document>,
  embedder: Embedder,
  writer: RowWriter,
  { force, rebuild, onProgress, ...chunking }: EmbedOptions,
): Promise<void> {
  const chunks = chunkDocuments(
    unfinished(documents, writer),
    chunkOptions(chunking, embedder.model, embedder.tokenizer),
    embedder.tokenizer.countTokens,
  )
  const check = (whole: boolean) => {
    if (force) return
    hopeless(() => requireReadDocuments(embedder.model, writer.tokens, writer.unread, { whole, rebuild }))
  }
  for await (const part of embedded(without(chunks, writer.resumed.partial?.rows ?? 0), embedder)) {
    const { vectors, window } = part
    hopeless(() => requireUsableVectors(vectors, embedder, (i) => `chunk ${window[i]!.id}`))
    await writer.append(part)
    check(false)
    onProgress?.(writer.rows, writer.tokens, writer.finished.length, writer.unread)
  }
  check(true)
}

/** No chunk is longer than what the model reads of it. */
export function chunkOptions(
  { chunking, trainer }: Pick<OpenedChunking, 'chunking' | 'trainer'>,
  model: EmbedderModel,
  tokenizer: ThreadedTokenizer,
): ChunkOptions {
  const maxTokens = Math.min(chunking.tokens, model.card.maxTokens - tokenizer.overheadTokens)
  return { maxTokens, overlapTokens: chunking.overlap, split: chunking.split, trainer }
}

/**
 * Whether these are the documents that the rows hold, and maybe more behind them.
 * @returns what is different, if anything is.
 */
export async function differenceOf(
  documents: AsyncIterable<Document>,
  writer: RowWriter,
): Promise<string | undefined> {
  const expected = documentsIn(writer)
  let n = 0
  for await (const document of documents) {
    const difference = n < expected.length && differenceAt(n, expected[n]!, keyOf(document))
    if (difference) return difference
    if (++n >= expected.length) return undefined
  }
  return n < expected.length ? fewer(n, expected.length) : undefined
}

/** The documents that are not wholly in; those that are must be the same. */
async function* unfinished(documents: AsyncIterable<Document>, writer: RowWriter): AsyncGenerator<Document> {
  const expected = documentsIn(writer)
  const whole = writer.finished.length // it grows
  const ids = new Set<string>()
  let n = 0
  for await (const document of documents) {
    const key = keyOf(document)
    if (ids.has(key.id))
      throw new ClaraError('input', `document id ${JSON.stringify(key.id)} was there before`)
    ids.add(key.id)
    const difference = n < expected.length && differenceAt(n, expected[n]!, key)
    if (difference) throw otherCorpus(difference)
    if (n >= expected.length) writer.expect(key)
    if (n++ >= whole) yield document
  }
  if (n < expected.length) throw otherCorpus(fewer(n, expected.length))
}

function documentsIn({ finished, resumed }: RowWriter): DocumentKey[] {
  return resumed.partial ? [...finished, resumed.partial] : [...finished]
}

function differenceAt(n: number, before: DocumentKey, now: DocumentKey): string | undefined {
  if (now.id !== before.id) {
    return `document ${n + 1} was ${JSON.stringify(before.id)} and is ${JSON.stringify(now.id)} now`
  }
  return now.sha256 === before.sha256 ? undefined : `document ${JSON.stringify(now.id)} has changed`
}

function fewer(now: number, before: number): string {
  return `there were ${before} documents or more, there are ${now} now`
}

function otherCorpus(difference: string): ClaraError {
  return new ClaraError(
    'exists',
    `the unfinished work is of other documents: ${difference}: repeat those, or pass --overwrite to begin anew`,
  )
}

async function* without(chunks: AsyncIterable<Chunk>, count: number): AsyncGenerator<Chunk> {
  let passed = 0
  for await (const chunk of chunks) if (passed++ >= count) yield chunk
}

/** Windows of chunks with their vectors; the next one is under way while one is used. */
async function* embedded(chunks: AsyncIterable<Chunk>, embedder: Embedder): AsyncGenerator<Embedded> {
  let ahead: Promise<Embedded> | undefined
  for await (const window of windows(chunks, WINDOW, FIRST_WINDOW)) {
    const next = embedWindow(window, embedder)
    next.catch(() => {}) // seen when it is awaited
    if (ahead) yield await ahead
    ahead = next
  }
  if (ahead) yield await ahead
}

async function embedWindow(window: Chunk[], embedder: Embedder): Promise<Embedded> {
  let encoded: Encoded | undefined
  const texts = window.map(passageOf)
  const vectors = await embedder.embed(
    texts,
    'document',
    (i) => `chunk ${window[i]!.id}`,
    (encodings) => {
      encoded = encodings
    },
  )
  const { tokens, unknown, cutRows, unknownRows } = encoded!
  return {
    window,
    vectors,
    cut: new Set(cutRows),
    unread: unreadTexts(embedder.model, texts, unknownRows),
    tokens: { texts: window.length, tokens, unknown },
  }
}

function hopeless(check: () => void): void {
  try {
    check()
  } catch (error) {
    if (error instanceof ClaraError) throw new Hopeless(error.code, error.message, { cause: error })
    throw error
  }
}
