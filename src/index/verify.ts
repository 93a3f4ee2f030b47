/** Reads every byte of an index: that it is what the manifest says, and that its files fit each other. */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { ClaraError } from '../errors.js'
import { type CheckedFiles, hashBlocks, joinBlocks, readBlocks } from './blocks.js'
import { offsetsIn } from './chunk-store.js'
import { readDocumentTable } from './document-table.js'
import { checkGraphFile } from './graph/file.js'
import { checkIndexFile, readIndexFile } from './index-files.js'
import { type Manifest, ROLES, rowsOf } from './manifest.js'
import { openSnapshot, readRemoved } from './snapshot.js'
import { faultOfVectors } from './vectors.js'
import { verifyChunks } from './verify-chunks.js'

/**
 * @returns the manifest.
 * @throws ClaraError `index` that names the first file that is damaged, or does not fit.
 */
export function verifyIndex(directory: string): Promise<Manifest> {
  return openSnapshot(directory, async (manifest) => {
    const at = (name: string) => join(directory, name)
    for (const role of ROLES) {
      const file = manifest.files[role]
      if (file) await checkIndexFile({ ...file, path: at(file.name) })
    }
    const files = await readBlocks(directory, manifest)
    await verifyBlocks(at(manifest.files.blocks.name), files)
    const { dims, metric, precision } = manifest
    const rows = rowsOf(manifest)
    await checkGraphFile(files.graph, { dims, metric, precision, rows })
    await verifyVectors(files.vectors.path, manifest)
    const removed = await readRemoved(directory, manifest)
    const documents = await readDocumentTable(directory, manifest)
    const { offsets } = manifest.files
    const path = at(offsets.name)
    await verifyChunks({
      chunks: files.chunks,
      offsets: offsetsIn(files.chunks, path, await readIndexFile({ ...offsets, path })),
      documents: { path: at(manifest.files.documents.name), records: documents },
      removed,
      manifest,
      manifestPath: at('manifest.json'),
    })
    return manifest
  })
}

async function verifyBlocks(path: string, files: CheckedFiles): Promise<void> {
  const hashed = { ...files }
  for (const [role, file] of Object.entries(files))
    hashed[role as keyof CheckedFiles] = await hashBlocks(file.path)
  if (!joinBlocks(hashed).equals(joinBlocks(files))) {
    throw new ClaraError('index', `${path}: holds other hashes than those of the files' blocks`)
  }
}

async function verifyVectors(path: string, manifest: Manifest): Promise<void> {
  const { dims } = manifest
  const width = dims * 4
  let row = 0
  let rest: Uint8Array = new Uint8Array()
  const pieces: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1 << 20 })
  for await (const piece of pieces) {
    const data: Uint8Array = rest.byteLength > 0 ? Buffer.concat([rest, piece]) : piece
    const whole = data.byteLength - (data.byteLength % width)
    const vectors = new Float32Array(new Uint8Array(data.subarray(0, whole)).buffer)
    const fault = faultOfVectors(vectors, manifest)
    if (fault) throw new ClaraError('index', `${path}: vector ${row + fault.row} has ${fault.reason}`)
    row += whole / width
    rest = data.subarray(whole)
  }
  if (rest.byteLength === 0 && row === rowsOf(manifest)) return
  throw new ClaraError('index', `${path}: holds ${row} vectors of ${dims}, expected ${rowsOf(manifest)}`)
}
