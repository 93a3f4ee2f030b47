/** That chunks, their offsets, the documents and the removed rows are of one another. */
import { createReadStream } from 'node:fs'
import { type Chunk, passageOf } from '../chunks/chunk.js'
import { ClaraError } from '../errors.js'
import { parseObject } from '../files/json-value.js'
import type { CheckedFile } from './checked-file.js'
import type { Offsets } from './chunk-store.js'
import { distinctKey } from './distinct-key.js'
import type { DocumentRecord } from './document-table.js'
import { type Counts, type Manifest, rowsOf } from './manifest.js'

interface ChunkParts {
  chunks: CheckedFile
  offsets: Offsets
  documents: { path: string; records: DocumentRecord[] }
  /** Ascending. */
  removed: Uint32Array
  manifest: Manifest
  manifestPath: string
}

/** @throws ClaraError `index` that names the file and the line. */
export async function verifyChunks(parts: ChunkParts): Promise<void> {
  const { chunks, offsets, documents, manifest } = parts
  const owners = ownersOf(parts)
  const keys = new Set<string>()
  let row = 0
  let start = 0
  for await (const line of linesOf(chunks.path)) {
    const place = `${chunks.path}:${row + 1}`
    if (row >= offsets.rows || offsets.offset(row) !== start) {
      throw new ClaraError('index', `${place}: starts at byte ${start}, which is not what the offsets say`)
    }
    const chunk = parse(line, place)
    const owner = owners(row)
    if (owner) {
      requireOwner(chunk, owner, row, manifest.chunking.split, place)
      keys.add(distinctKey(passageOf(chunk)))
    }
    start += Buffer.byteLength(line) + 1
    row++
  }
  if (row !== offsets.rows || start !== chunks.bytes) {
    throw new ClaraError('index', `${chunks.path}: ${row} lines, the offsets say ${offsets.rows}`)
  }
  const counts: Counts = {
    documents: documents.records.length,
    chunks: row - parts.removed.length,
    distinctChunks: keys.size,
    truncated: documents.records.reduce((sum, { truncated }) => sum + truncated, 0),
    removed: parts.removed.length,
  }
  for (const key of Object.keys(counts) as (keyof Counts)[]) {
    if (counts[key] === manifest.counts[key]) continue
    throw new ClaraError(
      'index',
      `${parts.manifestPath}: "counts.${key}" is ${manifest.counts[key]}, the files hold ${counts[key]}`,
    )
  }
}

/**
 * Whose each row is: of one document that is there, or removed.
 * @returns a function that is asked for the rows in order; `undefined` for a removed one.
 */
function ownersOf({ documents, removed, manifest }: ChunkParts): (row: number) => DocumentRecord | undefined {
  const { path, records } = documents
  const ids = new Set(records.map(({ id }) => id))
  if (ids.size < records.length) throw new ClaraError('index', `${path}: names a document twice`)
  const filled = records.filter(({ rows }) => rows > 0)
  const total = filled.reduce((sum, { rows }) => sum + rows, 0)
  if (total !== manifest.counts.chunks) {
    throw new ClaraError(
      'index',
      `${path}: its documents have ${total} chunks, expected ${manifest.counts.chunks}`,
    )
  }
  let next = 0
  let gone = 0
  return (row) => {
    if (removed[gone] === row) {
      gone++
      return undefined
    }
    const record = filled[next]
    if (!record || row < record.row || row >= record.row + record.rows) {
      throw new ClaraError(
        'index',
        `${path}: row ${row} of ${rowsOf(manifest)} is of no document, and not removed`,
      )
    }
    if (row === record.row + record.rows - 1) next++
    return record
  }
}

function requireOwner(
  chunk: Chunk,
  { id, row: first }: DocumentRecord,
  row: number,
  split: boolean,
  place: string,
) {
  const expected = split ? `${id}#${row - first}` : id
  if (chunk.id === expected && chunk.documentId === id) return
  throw new ClaraError(
    'index',
    `${place}: chunk ${JSON.stringify(chunk.id)}, expected ${JSON.stringify(expected)}`,
  )
}

/** Lines as they are: a chunk's text holds no line break of JSON's, but maybe others that Unicode knows. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== '') yield rest
}

function parse(line: string, place: string): Chunk {
  const value = parseObject(line)
  const keys = ['id', 'documentId', 'title', 'text']
  if (value && keys.every((key) => typeof value[key] === 'string')) return value as unknown as Chunk
  throw new ClaraError('index', `${place}: not a chunk`)
}
