/** What an index directory says of itself: `manifest.json`, written last. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import type { FileDigest } from '../files/durable-file.js'
import { isObject } from '../files/jsonl.js'

export const FORMAT = 'clara-index'
export const FORMAT_VERSION = 1

export const FILES = {
  chunks: 'chunks.jsonl',
  offsets: 'chunks.offsets',
  vectors: 'vectors.f32',
  graph: 'index.usearch',
} as const

export type IndexFile = (typeof FILES)[keyof typeof FILES]
export type Precision = 'bf16' | 'f32' | 'i8'
export const PRECISIONS: readonly Precision[] = ['bf16', 'f32', 'i8']

export interface Manifest {
  format: typeof FORMAT
  version: typeof FORMAT_VERSION
  embedder: { name: string; sha256: string }
  dims: number
  metric: 'cos'
  /** Of the vectors inside index.usearch; vectors.f32 keeps them whole. */
  precision: Precision
  counts: { documents: number; chunks: number; distinctChunks: number; truncated: number }
  chunking: { tokens: number; overlap: number; split: boolean }
  files: Record<IndexFile, FileDigest>
}

/** @throws ClaraError `index` when there is no index, or one of another format version. */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, 'manifest.json')
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') {
      throw new ClaraError(
        'index',
        `${directory}: no index here (manifest.json is missing): make one with clara-index build`,
      )
    }
    throw new ClaraError('index', `${path}: ${messageOf(error)}`, { cause: error })
  }
  const wrong = faultOf(value)
  if (wrong) throw new ClaraError('index', `${path}: ${wrong}: build the index anew`)
  return value as Manifest
}

function faultOf(value: unknown): string | undefined {
  if (!isObject(value) || value.format !== FORMAT) return 'not the manifest of an index'
  if (value.version !== FORMAT_VERSION) return `format version ${value.version}, expected ${FORMAT_VERSION}`
  const { embedder, counts, chunking, files } = value
  if (!isObject(embedder) || typeof embedder.name !== 'string' || typeof embedder.sha256 !== 'string') {
    return '"embedder" needs name and sha256'
  }
  if (!isCount(value.dims)) return '"dims" is not a positive whole number'
  if (!PRECISIONS.includes(value.precision as Precision)) return `"precision" is ${value.precision}`
  if (!isObject(counts) || !isCount(counts.chunks)) return '"counts.chunks" is not a positive whole number'
  if (!isObject(chunking)) return '"chunking" is missing'
  if (!isObject(files)) return '"files" is missing'
  for (const name of Object.values(FILES))
    if (!isDigest(files[name])) return `"files" lacks bytes and sha256 of ${name}`
  return undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function isDigest(value: unknown): boolean {
  return isObject(value) && isCount(value.bytes) && typeof value.sha256 === 'string'
}
