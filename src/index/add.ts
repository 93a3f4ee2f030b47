/** New and changed documents -> rows behind those of an index. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Document } from '../documents/document.js'
import { ClaraError } from '../errors.js'
import type { FileDigest } from '../files/durable-file.js'
import type { Embedder } from '../inference/embedder.js'
import { copyRanges, copyWhole, createFile } from './copy.js'
import { type Current, openCurrent, readOffsets, settingsOf } from './current.js'
import { type DocumentKey, type DocumentRecord, documentLine, keyOf } from './document-table.js'
import { differenceOf, embedRows } from './embed-rows.js'
import { finishIndex, type NewIndex } from './finish.js'
import { KnownDocuments } from './known-documents.js'
import { FILES, type Manifest, rowsOf } from './manifest.js'
import { type RowFile, removeWork, type Tokens, WORK, type WorkHeader } from './progress.js'
import { RowWriter } from './row-writer.js'
import { joinRows, rowsIn } from './rows.js'
import { requireSameEmbedder } from './same-model.js'
import { type OpenedChunking, reopenChunking } from './trainer.js'
import { keepOrRemove, NEW, resumeOrStart, startAnew } from './unfinished.js'
import type { Unread } from './vocabulary.js'
import { asWriter } from './writer-lock.js'

interface AddOptions {
  /** Give up unfinished work of other documents, or of another command. */
  overwrite?: boolean
  /** Go on where the model does not read over 10% of the new documents. */
  force?: boolean
  /** The command that builds the index with `multilingual-e5-small-en-zh`, for the message where the model does not read it. */
  rebuild?: string | undefined
  /** Where the trainer's tokenizer lies that chunks fit, if not where it lay when the index was built. */
  trainer?: string | undefined
  /** For the graph; default: all cores. */
  threads?: number
  /** Told once, of the chunks that an earlier run has embedded. */
  onResume?: (chunks: number, documents: number) => void
  /** Chunks that are embedded and on disk, what their texts were made of, and what the model does not read of them. */
  onProgress?: (chunks: number, tokens: Tokens, documents: number, unread: Unread) => void
}

interface Added {
  manifest: Manifest
  /** Documents of an id that the index did not have. */
  added: number
  /** Documents whose text was another: their chunks before are removed. */
  changed: number
  /** Documents that were there already. */
  skipped: number
  /** Documents whose name another file of the index has: their ids are their paths. Absent where there are none. */
  apart?: number
}

/**
 * Adds documents, or goes on with an add of the same ones that was interrupted. The index stays
 * as it was until all is done.
 * @param documents iterated twice where work is to be overwritten.
 * @throws ClaraError `index` when the embedder is not the one that built the index.
 */
export async function addDocuments(
  directory: string,
  documents: AsyncIterable<Document>,
  embedder: Embedder,
  options: AddOptions = {},
): Promise<Added> {
  await openCurrent(directory) // before a lock is put where there is no index
  return asWriter(directory, async () => {
    const current = await openCurrent(directory)
    requireSameEmbedder(directory, current.manifest, embedder)
    const opened = await reopenChunking(directory, current.manifest.chunking, options.trainer)
    return add(current, documents, embedder, opened, options).finally(() => opened.close())
  })
}

async function add(
  current: Current,
  documents: AsyncIterable<Document>,
  embedder: Embedder,
  { chunking, trainer }: OpenedChunking,
  {
    overwrite = false,
    force = false,
    rebuild,
    threads = availableParallelism(),
    onResume,
    onProgress,
  }: AddOptions,
): Promise<Added> {
  const { directory, manifest } = current
  const header: WorkHeader = {
    work: 'add',
    generation: manifest.generation + 1,
    base: current.sha256,
    settings: settingsOf(manifest),
  }
  const sorted = sortOut(documents, current.documents)
  const progress = await resumeOrStart(directory, header, manifest, overwrite)
  const base = { rows: rowsOf(manifest), bytes: manifest.files.chunks.bytes }
  let writer = await RowWriter.open(directory, progress, base)
  if (overwrite && writer.rows > 0 && !('next' in documents) && (await differenceOf(sorted, writer))) {
    await writer.abandon()
    await startAnew(directory)
    writer = await RowWriter.open(directory, { header, checkpoints: [] }, base)
  }
  if (writer.rows > 0) onResume?.(writer.rows, writer.finished.length)
  try {
    await embedRows(sorted, embedder, writer, {
      chunking,
      trainer,
      force,
      rebuild,
      onProgress,
    })
    const digests = await writer.finish()
    const { counts, changed } = sorted.found
    if (counts.added + counts.changed === 0) {
      await removeWork(directory)
      return { manifest, ...counts }
    }
    const next = await compose(current, changed, writer, digests)
    const from = { graph: current.files.graph, rows: base.rows }
    const recall = manifest.recall?.target
    return { manifest: await finishIndex({ ...header, ...next, recall }, { threads, from }), ...counts }
  } catch (error) {
    await writer.abandon()
    throw await keepOrRemove(directory, writer.saved, error)
  }
}

interface Sorted extends AsyncIterable<Document> {
  /** Of the latest iteration. */
  found: { counts: Omit<Added, 'manifest'>; changed: DocumentRecord[] }
}

/** The documents that the index does not hold as they are. */
function sortOut(documents: AsyncIterable<Document>, records: DocumentRecord[]): Sorted {
  const known = new KnownDocuments(records)
  const nothing = (): Sorted['found'] => ({
    counts: { added: 0, changed: 0, skipped: 0 },
    changed: [],
  })
  const sorted: Sorted = {
    found: nothing(),
    async *[Symbol.asyncIterator]() {
      const found = nothing()
      sorted.found = found
      for await (const each of documents) {
        const { document, before, isApart } = known.recognise(each)
        if (isApart) found.counts.apart = (found.counts.apart ?? 0) + 1
        const kind = kindOf(before, keyOf(document))
        found.counts[kind]++
        if (before && kind === 'changed') found.changed.push(before)
        if (kind !== 'skipped') yield document
      }
    },
  }
  return sorted
}

function kindOf(before: DocumentKey | undefined, { sha256 }: DocumentKey): 'added' | 'changed' | 'skipped' {
  if (!before) return 'added'
  return before.sha256 === sha256 ? 'skipped' : 'changed'
}

/** The rows of the index and the new ones behind them, in files of the next generation. */
async function compose(
  current: Current,
  changed: DocumentRecord[],
  { finished, rows }: RowWriter,
  digests: Record<RowFile, FileDigest>,
): Promise<Pick<NewIndex, 'work' | 'files' | 'documents' | 'removed' | 'directory'>> {
  const { directory, manifest, files } = current
  const gone = new Set(changed)
  const documents = [...current.documents.filter((record) => !gone.has(record)), ...finished]
  const removed = joinRows(current.removed, changed.flatMap(rowsIn))
  if (removed.length === rowsOf(manifest) + rows) {
    throw new ClaraError('too-small', `${directory}: no chunk would be left`)
  }
  const work = join(directory, NEW)
  const fresh = (file: RowFile) => ({ path: join(directory, WORK, FILES[file]), ...digests[file] })
  const both = (file: 'chunks' | 'vectors') =>
    createFile(join(work, FILES[file]), async (to) => {
      await copyRanges(to, files[file], [{ start: 0, end: files[file].bytes }])
      await copyWhole(to, fresh(file))
    })
  const offsets = await readOffsets(current)
  return {
    directory,
    work,
    documents,
    removed,
    files: {
      chunks: await both('chunks'),
      offsets: await createFile(join(work, FILES.offsets), async (to) => {
        await to.write(offsets.subarray(0, -8)) // the end is where the new ones start
        await copyWhole(to, fresh('offsets'))
      }),
      documents: await createFile(join(work, FILES.documents), async (to) => {
        for (const record of documents) await to.write(documentLine(record))
      }),
      vectors: await both('vectors'),
    },
  }
}
