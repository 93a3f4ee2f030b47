/** Documents into chunks: the passages that are embedded, indexed and put into `docs`. */
import type { Document } from '../documents/document.js'
import type { Chunk } from './chunk.js'
import { type Countable, type CountTokens, countSpans, type TrainerRoom } from './count-tokens.js'
import { fitChunks } from './fit.js'
import { pack } from './pack.js'
import { type Span, trimSpan } from './spans.js'
import { type Draft, fillUnits } from './units.js'

export interface ChunkOptions {
  /** The most tokens of a chunk with its title, special tokens not counted. */
  maxTokens: number
  /** The most tokens that a chunk repeats of the one before; below half of maxTokens. */
  overlapTokens: number
  /** Whether documents are cut at all; false is `--no-chunk`. */
  split: boolean
  /** What the trainer reads of a chunk: chunks fit both. */
  trainer?: TrainerRoom | undefined
}

/** Documents that share calls of countTokens: enough for full batches, a bound on memory. */
const GROUP_DOCUMENTS = 64
const GROUP_UNITS = 1_000_000

/**
 * Cuts documents into chunks, in order. A chunk's text is a slice of its document's, trimmed; with
 * no overlap the chunks hold every character but white space once. Cuts are made between
 * paragraphs, sentences, clauses and words; within a word only if it has more tokens than fit or
 * over 1,000 UTF-16 units. No chunk is longer than 20,000 units. White space alone gives no chunk.
 *
 * The title counts towards maxTokens, as it stands before each chunk's text; a title of more than
 * half of maxTokens leaves the text half of maxTokens all the same, so that such chunks are longer. Of the trainer's
 * tokens, which it would cut at the end, the text then has as few as an eighth.
 * @throws RangeError for options out of range.
 */
export async function* chunkDocuments(
  documents: AsyncIterable<Document>,
  options: ChunkOptions,
  countTokens: CountTokens,
): AsyncGenerator<Chunk> {
  checkOptions(options)
  for await (const group of groupsOf(documents)) {
    if (options.split) yield* splitGroup(group, options, countTokens)
    else for (const document of group) yield* wholeChunk(document)
  }
}

function checkOptions({ maxTokens, overlapTokens, split }: ChunkOptions): void {
  if (!split) return
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new RangeError(`maxTokens must be a whole number of at least 1, not ${maxTokens}`)
  }
  if (!Number.isInteger(overlapTokens) || overlapTokens < 0 || overlapTokens >= maxTokens / 2) {
    throw new RangeError(
      `overlapTokens must be a whole number from 0 to below half of maxTokens (${maxTokens}), not ${overlapTokens}`,
    )
  }
}

async function* groupsOf(documents: AsyncIterable<Document>): AsyncGenerator<Document[]> {
  let group: Document[] = []
  let units = 0
  for await (const document of documents) {
    group.push(document)
    units += document.text.length
    if (group.length < GROUP_DOCUMENTS && units < GROUP_UNITS) continue
    yield group
    group = []
    units = 0
  }
  if (group.length > 0) yield group
}

function* wholeChunk({ id, title, text }: Document): Generator<Chunk> {
  const trimmed = text.trim()
  if (trimmed !== '') yield { id, documentId: id, title, text: trimmed }
}

async function* splitGroup(
  group: Document[],
  options: ChunkOptions,
  countTokens: CountTokens,
): AsyncGenerator<Chunk> {
  const spans = await spansOf(group, options, countTokens)
  for (const [i, { id, title, text }] of group.entries()) {
    for (const [n, { start, end }] of spans[i]!.entries()) {
      yield { id: `${id}#${n}`, documentId: id, title, text: text.slice(start, end) }
    }
  }
}

/** Infinite for those that are not counted. */
async function countSome(
  items: Countable[],
  isCounted: (i: number) => boolean,
  countTokens: CountTokens,
): Promise<number[]> {
  const places = items.flatMap((_, i) => (isCounted(i) ? [i] : []))
  const found = await countSpans(
    places.map((i) => items[i]!),
    countTokens,
  )
  const counts = items.map(() => Number.POSITIVE_INFINITY)
  for (const [n, i] of places.entries()) counts[i] = found[n]!
  return counts
}

/** Of the trainer's room, what a long title leaves the text at least. */
const LEAST_SHARE = 1 / 8

/** The chunks of each document, as places in its text. */
async function spansOf(
  group: Document[],
  { maxTokens, overlapTokens, trainer }: ChunkOptions,
  countTokens: CountTokens,
): Promise<Span[][]> {
  const whole = group.map(({ text }) => trimSpan(text, 0, text.length))
  const items = group.flatMap(({ title, text }, i) => [
    { text: title, span: { start: 0, end: title.length } },
    { text, span: whole[i]! },
  ])
  const counts = await countSpans(items, countTokens)
  // What is too long for the one need not be counted by the other.
  const isCounted = (i: number) => i % 2 === 0 || counts[i]! <= maxTokens
  const trained = trainer && (await countSome(items, isCounted, trainer.countTokens))
  const spans: Span[][] = whole.map((span) => (span.start < span.end ? [span] : []))
  const drafts: Draft[] = []
  const places: number[] = []
  for (const [i, { text }] of group.entries()) {
    const budget = Math.max(maxTokens - counts[2 * i]!, Math.ceil(maxTokens / 2))
    const trainerBudget = trainer
      ? Math.max(trainer.maxTokens - trained![2 * i]!, Math.ceil(trainer.maxTokens * LEAST_SHARE))
      : Number.POSITIVE_INFINITY
    const isShort = counts[2 * i + 1]! <= budget && (trained?.[2 * i + 1] ?? 0) <= trainerBudget
    if (spans[i]!.length === 0 || isShort) continue
    drafts.push({ text, budget, trainerBudget, units: [] })
    places.push(i)
  }
  await fillUnits(drafts, countTokens, trainer)
  const packed = drafts.map((draft) => pack(draft, overlapTokens))
  const found = await fitChunks(drafts, packed, countTokens, trainer)
  for (const [i, place] of places.entries()) spans[place] = found[i]!
  return spans
}
