/** An index as the commands that change it see it: its manifest, and what is read before any change. */
import { join } from 'node:path'
import { type CheckedFiles, readBlocks } from './blocks.js'
import { type DocumentRecord, readDocumentTable } from './document-table.js'
import { type IndexFilePath, readIndexFile } from './index-files.js'
import { type Manifest, readManifest } from './manifest.js'
import type { WorkSettings } from './progress.js'
import { readRemoved } from './snapshot.js'
import { readCurrent } from './unfinished.js'

export interface Current {
  directory: string
  manifest: Manifest
  /** Of the manifest's file. */
  sha256: string
  files: CheckedFiles
  documents: DocumentRecord[]
  /** Rows, ascending. */
  removed: Uint32Array
}

/** @throws ClaraError `index` where there is none, or a file is damaged. */
export async function openCurrent(directory: string): Promise<Current> {
  const current = await readCurrent(directory)
  if (!current) throw await noIndex(directory)
  const { manifest, sha256 } = current
  const [files, documents, removed] = await Promise.all([
    readBlocks(directory, manifest),
    readDocumentTable(directory, manifest),
    readRemoved(directory, manifest),
  ])
  return { directory, manifest, sha256, files, documents, removed }
}

/** What further rows must be made with. */
export function settingsOf({ embedder, dims, metric, precision, chunking }: Manifest): WorkSettings {
  return { dims, metric, precision, embedder, chunking }
}

/** The file of the starts of all lines of chunks, and their end. */
export function offsetsOf({ directory, manifest }: Current): IndexFilePath {
  const { name, ...digest } = manifest.files.offsets
  return { path: join(directory, name), ...digest }
}

export async function readOffsets(current: Current): Promise<Buffer> {
  return readIndexFile(offsetsOf(current))
}

/** What the reader of manifests says of it. */
async function noIndex(directory: string): Promise<unknown> {
  return readManifest(directory).then(
    () => new Error(`${directory}: an index appeared while it was opened`),
    (error) => error,
  )
}
