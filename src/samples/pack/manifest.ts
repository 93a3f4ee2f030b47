/** MANIFEST.json: what an archive holds, and how it was made. */
import { sha256 } from '../../files/durable-file.js'
import { isCount, isObject, parseObject } from '../../files/json-value.js'
import type { Side } from '../split.js'
import type { Stage } from '../stages.js'
import type { CheckedFile } from './check-data.js'
import type { Model, RunFacts } from './run-facts.js'
import type { Role } from './run-files.js'

export const MANIFEST_FILE = 'MANIFEST.json'
export const SUMS_FILE = 'SHA256SUMS'
const FORMAT = 'clara-pack'
const VERSION = 1

export interface PackedFile {
  name: string
  /** `guide`: made by clara-pack. */
  role: Role | 'guide'
  stage: Stage | null
  side: Side | null
  /** Lines that are not blank; `null` for what is no JSONL. */
  rows: number | null
  /** Documents in every row; `null` for what is not trained on. */
  docs_per_row: number | null
  bytes: number
  sha256: string
}

export interface Manifest {
  format: typeof FORMAT
  version: typeof VERSION
  tool: string
  /** Documents of every end-to-end row, and so the trainer's `--generation_top_k`. */
  top_k: number | null
  /** Tokens that the trainer reads of a document. */
  doc_max_length: number
  seed: number | null
  models: { embedder: Model | null; reranker: Model | null; llm: Model | null }
  /** By name, in the order of the archive. */
  files: PackedFile[]
}

export interface Digest {
  bytes: number
  sha256: string
}

export function packedFile(
  { name, role, stage, side, docsPerRow }: CheckedFile,
  { bytes, sha256, rows }: Digest & { rows: number },
): PackedFile {
  return {
    name,
    role,
    stage: stage ?? null,
    side: side ?? null,
    rows,
    docs_per_row: docsPerRow,
    bytes,
    sha256,
  }
}

export function guideFile(name: string, { bytes, sha256 }: Digest): PackedFile {
  return { name, role: 'guide', stage: null, side: null, rows: null, docs_per_row: null, bytes, sha256 }
}

export function createManifest(
  tool: string,
  topK: number | null,
  docMaxLength: number,
  { seed, models }: RunFacts,
  files: PackedFile[],
): Manifest {
  return {
    format: FORMAT,
    version: VERSION,
    tool,
    top_k: topK,
    doc_max_length: docMaxLength,
    seed,
    models,
    files,
  }
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** For `sha256sum -c`. */
export function sumsText(files: readonly { name: string; sha256: string }[]): string {
  return files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('')
}

/** Of the data alone, without the guides, in which the archive's name and the tool's version leave their marks. */
export function dataDigest(files: readonly Pick<PackedFile, 'name' | 'role' | 'sha256'>[]): string {
  return sha256(Buffer.from(sumsText(files.filter(({ role }) => role !== 'guide'))))
}

const MOST_FILES = 64

/** A name that stays in the folder that it is unpacked into, on any system. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,98}$/.test(name) && !name.endsWith('.')
}

type Stated = Pick<PackedFile, 'name' | 'role' | 'bytes' | 'sha256' | 'rows'>

/**
 * Of an archive that anyone may have made.
 * @returns what is needed to check it, or what is wrong with it.
 */
export function parseManifest(text: string): { files: Stated[]; topK: number | null } | string {
  const value = parseObject(text)
  if (!value) return 'is not a JSON object'
  if (value.format !== FORMAT) return `is not of ${FORMAT}`
  if (value.version !== VERSION) return `is of version ${JSON.stringify(value.version)}, ${VERSION} is known`
  const { files, top_k: topK } = value
  if (topK !== null && !isCount(topK)) return 'top_k is no number'
  if (!Array.isArray(files) || files.length === 0 || files.length > MOST_FILES) {
    return `files is not a list of up to ${MOST_FILES}`
  }
  const names = new Set<string>()
  for (const file of files) {
    if (!isEntry(file)) return 'files holds an entry without name, bytes, rows or sha256'
    if (!isPlainName(file.name) || names.has(file.name))
      return `files holds ${JSON.stringify(file.name.slice(0, 200))}`
    names.add(file.name)
  }
  return { files, topK }
}

function isEntry(file: unknown): file is Stated {
  if (!isObject(file)) return false
  const { name, bytes, rows, sha256: stated } = file
  const hash = typeof stated === 'string' && /^[0-9a-f]{64}$/.test(stated)
  return typeof name === 'string' && isCount(bytes) && (rows === null || isCount(rows)) && hash
}
