/** Rows on their way to an index: appended to files of `.work`, with a checkpoint after each window. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Chunk } from '../chunks/chunk.js'
import { disk } from '../files/disk.js'
import { DurableFile, type FileDigest, syncDirectory } from '../files/durable-file.js'
import { chunkLine, offsetBytes } from './chunk-store.js'
import { type DocumentKey, type DocumentRecord, documentLine, parseDocuments } from './document-table.js'
import { FILES } from './manifest.js'
import {
  type Checkpoint,
  keepWork,
  type Progress,
  type ProgressWriter,
  ROW_FILES,
  type RowFile,
  type Tokens,
  WORK,
  writeProgress,
} from './progress.js'
import { proveRows } from './prove.js'
import { addUnread, countUnread, type Unread } from './vocabulary.js'

/** What the new rows come after. */
export interface Base {
  rows: number
  /** Of its chunks. */
  bytes: number
}

export interface Embedded {
  window: Chunk[]
  vectors: Float32Array
  /** Of the window, those that the model saw the beginning of, and those that it does not read. */
  cut: Set<number>
  unread: Set<number>
  tokens: Tokens
}

export class RowWriter {
  /** Read, and not yet among the rows. */
  #waiting: DocumentKey[] = []
  #current: DocumentRecord | null
  #ended: Unread
  /** Rows of the last checkpoint: those that no error takes away. */
  saved: number

  private constructor(
    private readonly directory: string,
    private readonly files: Record<RowFile, DurableFile>,
    private readonly progress: ProgressWriter,
    private readonly base: Base,
    /** The documents that are wholly in. */
    readonly finished: DocumentRecord[],
    /** What it goes on from. */
    readonly resumed: Checkpoint,
    public rows: number,
    readonly tokens: Tokens,
  ) {
    this.#current = resumed.partial && { ...resumed.partial }
    this.saved = resumed.rows
    this.#ended = countUnread(finished)
  }

  /** What the model does not read, of the rows so far. */
  get unread(): Unread {
    const counts = { ...this.#ended, ids: [...this.#ended.ids] }
    if (this.#current) addUnread(counts, this.#current)
    return counts
  }

  /** Goes on from the last checkpoint that the files bear out; what is behind it is cut off. */
  static async open(directory: string, { header, checkpoints }: Progress, base: Base): Promise<RowWriter> {
    const { proved, hashes } = await proveRows(directory, checkpoints)
    const last = checkpoints[proved - 1]
    const files = {} as Record<RowFile, DurableFile>
    try {
      for (const file of ROW_FILES) {
        const path = join(directory, WORK, FILES[file])
        if (!last) await disk.rm(path, { recursive: true, force: true })
        files[file] = last
          ? await DurableFile.resume(path, last.files[file].bytes, hashes[file])
          : await DurableFile.create(path)
      }
      await syncDirectory(join(directory, WORK))
      const progress = await writeProgress(directory, { header, checkpoints: checkpoints.slice(0, proved) })
      const { path } = files.documents
      const finished = last ? parseDocuments(path, await readFile(path)) : []
      const from = last ?? NOTHING
      return new RowWriter(directory, files, progress, base, finished, from, from.rows, { ...from.tokens })
    } catch (error) {
      await Promise.all(Object.values(files).map((file) => file.abandon()))
      throw error
    }
  }

  /** Whose chunks come next, or after those that wait. */
  expect(document: DocumentKey): void {
    this.#waiting.push(document)
  }

  /** Appends a window of rows, and returns when it is on disk as the next checkpoint. */
  async append({ window, vectors, cut, unread, tokens }: Embedded): Promise<void> {
    const { chunks, offsets } = this.files
    for (const [i, chunk] of window.entries()) {
      const document = await this.#documentOf(chunk)
      document.rows++
      if (cut.has(i)) document.truncated++
      if (unread.has(i)) document.unread = (document.unread ?? 0) + 1
      await offsets.write(offsetBytes(this.base.bytes + chunks.bytes))
      await chunks.write(chunkLine(chunk))
    }
    await this.files.vectors.write(new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength))
    this.rows += window.length
    for (const key of ['texts', 'tokens', 'unknown'] as const) this.tokens[key] += tokens[key]
    await this.#checkpoint()
  }

  /** @returns the digests of the finished files. */
  async finish(): Promise<Record<RowFile, FileDigest>> {
    await this.#endDocument()
    for (const key of this.#waiting.splice(0)) await this.#writeDocument({ ...key, ...this.#nextRows() })
    await this.files.offsets.write(offsetBytes(this.base.bytes + this.files.chunks.bytes))
    const digests = {} as Record<RowFile, FileDigest>
    for (const file of ROW_FILES) digests[file] = await this.files[file].close()
    await this.progress.close()
    return digests
  }

  /** For error paths: what is behind the last checkpoint is lost. */
  async abandon(): Promise<void> {
    await Promise.all(Object.values(this.files).map((file) => file.abandon()))
    await this.progress.close().catch(() => {})
  }

  async #checkpoint(): Promise<void> {
    const files = {} as Record<RowFile, FileDigest>
    for (const file of ROW_FILES) files[file] = await this.files[file].sync()
    const { rows, tokens } = this
    const documents = this.finished.length
    keepWork(this.directory)
    await this.progress.append({ rows, documents, partial: this.#current, tokens, files })
    this.saved = rows
  }

  async #documentOf(chunk: Chunk): Promise<DocumentRecord> {
    while (this.#current?.id !== chunk.documentId) {
      await this.#endDocument()
      const next = this.#waiting.shift()
      if (!next) throw new Error(`chunk ${chunk.id} is of no document that was read`)
      this.#current = { ...next, ...this.#nextRows() }
    }
    return this.#current
  }

  #nextRows() {
    const last = this.finished.at(-1)
    return { row: last ? last.row + last.rows : this.base.rows, rows: 0, truncated: 0 }
  }

  async #endDocument(): Promise<void> {
    if (this.#current) await this.#writeDocument(this.#current)
    this.#current = null
  }

  async #writeDocument(record: DocumentRecord): Promise<void> {
    await this.files.documents.write(documentLine(record))
    this.finished.push(record)
    addUnread(this.#ended, record)
  }
}

const NOTHING: Checkpoint = {
  rows: 0,
  documents: 0,
  partial: null,
  tokens: { texts: 0, tokens: 0, unknown: 0 },
  files: {} as Checkpoint['files'],
}
