/** Which documents an index holds, by content, and which rows are theirs. */

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Document } from '../documents/document.js'
import { ClaraError } from '../errors.js'
import { isCount, parseObject } from '../files/json-value.js'
import { toJson } from '../files/well-formed.js'
import { readIndexFile } from './index-files.js'
import type { Manifest } from './manifest.js'

/** A document by content: what tells a changed one from a known one. */
export interface DocumentKey {
  id: string
  /** As the document's: absent where the id is the path, or there is none. */
  path?: string
  /** Hex, of title and text. */
  sha256: string
}

/** A line of `documents.jsonl`; they are in the order of their rows. */
export interface DocumentRecord extends DocumentKey {
  /** The first. */
  row: number
  /** How many; 0 for a document of white space. */
  rows: number
  /** Of these, those that the model saw the beginning of. */
  truncated: number
  /** Of these, those that the model does not read: see vocabulary.ts. Absent where there are none. */
  unread?: number
}

export function keyOf({ id, path, title, text }: Document): DocumentKey {
  return {
    id,
    ...(path !== undefined && { path }),
    sha256: createHash('sha256')
      .update(JSON.stringify([title, text]))
      .digest('hex'),
  }
}

export function documentLine({ id, path, sha256, row, rows, truncated, unread }: DocumentRecord): string {
  return `${toJson({ id, ...(path !== undefined && { path }), sha256, row, rows, truncated, ...(unread && { unread }) })}\n`
}

/** @throws ClaraError `index` where a line is no record. */
export function parseDocuments(path: string, bytes: Buffer): DocumentRecord[] {
  const lines = bytes.toString('utf8').split('\n')
  if (lines.pop() !== '') throw new ClaraError('index', `${path}: the last line is not whole`)
  return lines.map((line, i) => {
    const record = parseRecord(line)
    if (!record) throw new ClaraError('index', `${path}:${i + 1}: not a record of a document`)
    return record
  })
}

/** @throws ClaraError `index` where it is damaged. */
export async function readDocumentTable(directory: string, { files }: Manifest): Promise<DocumentRecord[]> {
  const path = join(directory, files.documents.name)
  return parseDocuments(path, await readIndexFile({ ...files.documents, path }))
}

function parseRecord(line: string): DocumentRecord | undefined {
  const value = parseObject(line)
  if (typeof value?.id !== 'string' || typeof value.sha256 !== 'string') return undefined
  if (value.path !== undefined && typeof value.path !== 'string') return undefined
  return [value.row, value.rows, value.truncated].every(isCount)
    ? (value as unknown as DocumentRecord)
    : undefined
}
