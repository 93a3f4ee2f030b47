/**
 * The journal of an unfinished build or add, `.work/progress.jsonl`: its first line says what is
 * being made, each further one is a checkpoint. Every line carries a hash over itself and the lines
 * before, and the sizes and hashes of the files of rows so far: a line that is not right ends what
 * can be proved.
 */
import { createHash } from 'node:crypto'
import { rmdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from '../errors.js'
import { disk } from '../files/disk.js'
import { type FileDigest, replaceFile } from '../files/durable-file.js'
import { Journal } from '../files/journal.js'
import { type JsonObject, parseObject } from '../files/json-value.js'
import type { DocumentRecord } from './document-table.js'
import type { GraphShape } from './graph.js'

export const WORK = '.work'
const PROGRESS = 'progress.jsonl'

/** Files that rows are appended to, in the order in which they are written. */
export const ROW_FILES = ['chunks', 'offsets', 'documents', 'vectors'] as const
export type RowFile = (typeof ROW_FILES)[number]

export interface Chunking {
  tokens: number
  overlap: number
  split: boolean
  /** Whose reading the chunks fit as well; absent where no trainer was heeded. */
  trainer?: ChunkingTrainer
}

export interface ChunkingTrainer {
  /** `mistral`, `qwen3`, or the path of a tokenizer. */
  name: string
  /** Of the tokenizer; null where its numbers are estimated. */
  sha256: string | null
  /** Of its tokens, the most of a chunk. */
  tokens: number
}

/** What is asked for: what the tokenizer is, it says itself. */
export type ChunkingOptions = Omit<Chunking, 'trainer'> & {
  trainer?: Pick<ChunkingTrainer, 'name' | 'tokens'> | undefined
}

/** What the rows depend on, besides the documents. */
export interface WorkSettings extends GraphShape {
  embedder: { name: string; sha256: string; auto?: string }
  chunking: Chunking
}

export interface WorkHeader {
  work: 'build' | 'add'
  /** Of the index that is being made. */
  generation: number
  /** The sha256 of the manifest that rows are added to. */
  base: string | null
  settings: WorkSettings
}

export interface Tokens {
  texts: number
  tokens: number
  unknown: number
}

/** Where a build or add can go on from: all below is on disk. */
export interface Checkpoint {
  rows: number
  /** Documents that are wholly in. */
  documents: number
  /** The one after, some or all of whose chunks are in. */
  partial: DocumentRecord | null
  tokens: Tokens
  files: Record<RowFile, FileDigest>
}

export interface Progress {
  header: WorkHeader
  checkpoints: Checkpoint[]
}

/** Writes one checkpoint after the other. */
export interface ProgressWriter {
  append(checkpoint: Checkpoint): Promise<void>
  close(): Promise<void>
}

/** @returns what can be proved of it; `undefined` where there is no unfinished work. */
export async function readProgress(directory: string): Promise<Progress | undefined> {
  const text = await readFile(join(directory, WORK, PROGRESS), 'utf8').catch((error) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return ''
    throw error
  })
  const lines = text.split('\n').slice(0, -1)
  let chain = ''
  const records: JsonObject[] = []
  for (const line of lines) {
    const record = parseObject(line)
    if (!record || record.chain !== link(chain, record)) break
    chain = record.chain as string
    records.push(record)
  }
  const [header, ...checkpoints] = records
  if (!header) return undefined
  return {
    header: bare(header) as unknown as WorkHeader,
    checkpoints: checkpoints.map(bare) as unknown as Checkpoint[],
  }
}

/** Writes the journal anew, with these checkpoints, and goes on from there. */
export async function writeProgress(
  directory: string,
  { header, checkpoints }: Progress,
): Promise<ProgressWriter> {
  const path = join(directory, WORK, PROGRESS)
  let chain = ''
  const chained = (record: object): JsonObject => {
    chain = link(chain, record)
    return { ...record, chain }
  }
  const lines = [header, ...checkpoints].map((record) => `${JSON.stringify(chained(record))}\n`)
  await replaceFile(path, lines.join(''))
  const journal = await Journal.open(path)
  return {
    async append(checkpoint) {
      await journal.append(chained(checkpoint))
    },
    close: () => journal.close(),
  }
}

/** Directories whose work is worth nothing yet: it goes with the process. */
const fresh = new Set<string>()
export function loseWithProcess(directory: string): void {
  if (!isWatching) process.once('exit', removeFresh) // now, so that it comes after the lock's own
  isWatching = true
  fresh.add(directory)
}

let isWatching = false

function removeFresh(): void {
  for (const directory of fresh) {
    try {
      rmSync(join(directory, WORK), { recursive: true, force: true })
      rmdirSync(directory)
    } catch {} // it holds an index
  }
}

/** From now on the work outlives the process, or there is none. */
export function keepWork(directory: string): void {
  fresh.delete(directory)
}

/** Removes all that an unfinished command left. */
export async function removeWork(directory: string): Promise<void> {
  await disk.rm(join(directory, WORK), { recursive: true, force: true })
}

function link(before: string, record: object): string {
  return createHash('sha256')
    .update(before)
    .update(JSON.stringify(bare(record)))
    .digest('hex')
}

function bare(record: object): object {
  const { chain: _, ...rest } = record as JsonObject
  return rest
}
