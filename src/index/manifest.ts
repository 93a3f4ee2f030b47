/** What an index directory says of itself: `manifest.json`, written last. Its bytes depend on the input alone. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { type FileDigest, sha256 } from '../files/durable-file.js'
import { isCount, isObject, isPositiveCount } from '../files/json-value.js'
import { holderOf } from '../files/lock.js'
import type { Metric, Precision } from './graph.js'
import { type Chunking, readProgress } from './progress.js'

export const FORMAT = 'clara-index'
export const FORMAT_VERSION = 2
export const MANIFEST = 'manifest.json'
/** Is there while somebody writes to the directory. */
export const LOCK = '.lock'

/** What the files of an index are for, and what they are called in its first generation. */
export const FILES = {
  /** One chunk a line, in the order of the rows. Removed rows stay until the index is compacted. */
  chunks: 'chunks.jsonl',
  /** Where each line starts, and the end: u64, little-endian. */
  offsets: 'chunks.offsets',
  /** One line a document that is not removed: see DocumentRecord. */
  documents: 'documents.jsonl',
  /** Whole precision: float32, little-endian, row-major [rows, dims]. */
  vectors: 'vectors.f32',
  graph: 'index.usearch',
  /** The sha256 of each block of graph, of vectors, of chunks: see blocks.ts. */
  blocks: 'blocks.sha256',
  /** Rows that are removed, ascending: u32, little-endian. Only where there are any. */
  removed: 'removed.u32',
} as const

export type Role = keyof typeof FILES
export const ROLES = Object.keys(FILES) as Role[]

export interface NamedFile extends FileDigest {
  /** In the directory of the index. */
  name: string
}

export const PRECISIONS: readonly Precision[] = ['bf16', 'f32', 'f16', 'i8']
const METRICS: readonly unknown[] = ['cos', 'ip'] satisfies Metric[]

/** What tuning found: the graph's expansion for a recall, on a sample of the corpus's own vectors. */
export interface RecallRecord {
  target: number
  /** Vectors that were searched for. */
  sample: number
  at10: { expansion: number; recall: number }
  at100: { expansion: number; recall: number }
}

export interface Counts {
  documents: number
  /** Rows that are not removed. */
  chunks: number
  distinctChunks: number
  /** Chunks of which the model saw the beginning only. */
  truncated: number
  /** Rows that are, so that the files hold chunks + removed rows. */
  removed: number
}

export interface Manifest {
  format: typeof FORMAT
  version: typeof FORMAT_VERSION
  /** Counts the changes of a directory, from 1. */
  generation: number
  /** `auto`: that it was chosen by the documents, and why. */
  embedder: { name: string; sha256: string; auto?: string }
  dims: number
  /** `cos`: vectors have unit length. */
  metric: Metric
  /** Of the vectors inside the graph; the file of vectors keeps them whole. */
  precision: Precision
  counts: Counts
  chunking: Chunking
  recall: RecallRecord | null
  files: Record<Exclude<Role, 'removed'>, NamedFile> & { removed?: NamedFile }
}

/** Rows in the files, removed ones included. */
export function rowsOf({ counts }: Manifest): number {
  return counts.chunks + counts.removed
}

/** A file that changes gets a new name, so that a reader never sees half of a change. */
export function fileName(role: Role, generation: number): string {
  if (generation === 1) return FILES[role]
  const dot = FILES[role].lastIndexOf('.')
  return `${FILES[role].slice(0, dot)}.${generation}${FILES[role].slice(dot)}`
}

/** Whether the name is one that an index of any generation gives its files. */
export function isIndexFile(name: string): boolean {
  const first = name.replace(/\.[1-9]\d*(?=\.[^.]+$)/, '')
  return (Object.values(FILES) as string[]).includes(first)
}

/** What is written: the last line is a hash over the others, so that no change of any goes unseen. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, sha256: sumOf(manifest) }, null, 2)}\n`
}

function sumOf(manifest: object): string {
  return sha256(Buffer.from(JSON.stringify(manifest)))
}

/**
 * @throws ClaraError `index` when there is no index (of what a build has begun, how far it is and what goes on with
 * it), or one of another format version.
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, MANIFEST)
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      throw await noIndex(directory)
    }
    if (isErrno(error) && error.code === 'ENOTDIR') {
      throw new ClaraError('index', `${directory}: is a file, the directory of an index was expected`)
    }
    throw new ClaraError('index', `${path}: ${messageOf(error)}`, { cause: error })
  }
  const wrong = faultOf(value)
  if (wrong) throw new ClaraError('index', `${path}: ${wrong}: build the index anew`)
  const { sha256: sum, ...manifest } = value as Manifest & { sha256: unknown }
  if (sum === sumOf(manifest)) return manifest
  throw new ClaraError('index', `${path}: it was changed after it was written: build the index anew`)
}

async function noIndex(directory: string): Promise<ClaraError> {
  const progress = await readProgress(directory)
  if (!progress) {
    return new ClaraError(
      'index',
      `${directory}: no index here (manifest.json is missing): make one with clara-index build`,
    )
  }
  const { rows, documents } = progress.checkpoints.at(-1) ?? { rows: 0, documents: 0 }
  const builder = await holderOf(join(directory, LOCK))
  const state = builder
    ? `process ${builder.pid} on ${builder.host} is building it (since ${builder.since}): wait until it has ended`
    : `its build was interrupted: run the same clara-index build --output-dir ${directory} again to finish it`
  return new ClaraError(
    'index',
    `${directory}: no index here yet (manifest.json is missing), ${documents} documents and ${rows} chunks are embedded; ${state}`,
  )
}

function faultOf(value: unknown): string | undefined {
  if (!isObject(value) || value.format !== FORMAT) return 'not the manifest of an index'
  if (value.version !== FORMAT_VERSION) return `format version ${value.version}, expected ${FORMAT_VERSION}`
  const { embedder, counts, chunking, files, recall } = value
  if (!isObject(embedder) || typeof embedder.name !== 'string' || typeof embedder.sha256 !== 'string') {
    return '"embedder" needs name and sha256'
  }
  if (!isPositiveCount(value.generation)) return '"generation" is not a positive whole number'
  if (!isPositiveCount(value.dims)) return '"dims" is not a positive whole number'
  if (!METRICS.includes(value.metric)) return `"metric" is ${value.metric}`
  if (!PRECISIONS.includes(value.precision as Precision)) return `"precision" is ${value.precision}`
  if (value.precision === 'i8' && value.metric === 'ip')
    return '"precision" i8 loses the lengths that "metric" ip is about'
  if (!isObject(counts) || !isPositiveCount(counts.chunks))
    return '"counts.chunks" is not a positive whole number'
  for (const key of ['documents', 'distinctChunks', 'truncated', 'removed']) {
    if (!isCount(counts[key])) return `"counts.${key}" is not a whole number`
  }
  if (!isChunking(chunking))
    return '"chunking" needs tokens, overlap and split, and of a trainer its name, tokens and sha256'
  if (recall !== null && !isRecall(recall)) return '"recall" is neither null nor a record of tuning'
  if (!isObject(files)) return '"files" is missing'
  for (const role of ROLES) {
    if (role === 'removed' && counts.removed === 0 && files.removed === undefined) continue
    if (!isNamedFile(files[role])) return `"files" lacks name, bytes and sha256 of ${role}`
  }
  return undefined
}

function isChunking(value: unknown): boolean {
  if (!isObject(value)) return false
  const { tokens, overlap, split, trainer } = value
  if (!isPositiveCount(tokens) || !isCount(overlap) || typeof split !== 'boolean') return false
  if (trainer === undefined) return true
  if (!isObject(trainer) || typeof trainer.name !== 'string' || !isPositiveCount(trainer.tokens)) return false
  return trainer.sha256 === null || typeof trainer.sha256 === 'string'
}

function isRecall(value: unknown): boolean {
  if (!isObject(value) || !Number.isFinite(value.target) || !isPositiveCount(value.sample)) return false
  return [value.at10, value.at100].every(
    (at) => isObject(at) && isPositiveCount(at.expansion) && Number.isFinite(at.recall),
  )
}

function isNamedFile(value: unknown): boolean {
  return (
    isObject(value) &&
    isIndexFile(String(value.name)) &&
    isPositiveCount(value.bytes) &&
    typeof value.sha256 === 'string'
  )
}
