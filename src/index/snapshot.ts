/** Reading an index while others change it: its files are those of one manifest, never of two. */
import { join } from 'node:path'
import { ClaraError } from '../errors.js'
import { readBlocks } from './blocks.js'
import { type ChunkStore, openChunkStore } from './chunk-store.js'
import { readIndexFile, requireSizes } from './index-files.js'
import { type Manifest, readManifest, rowsOf } from './manifest.js'
import { rowsFromBytes } from './rows.js'

/**
 * Opens files of an index. Where that fails and the manifest is another one meanwhile, a writer
 * took the files away, and it is tried again with the new manifest.
 */
export async function openSnapshot<T>(
  directory: string,
  open: (manifest: Manifest) => Promise<T>,
): Promise<T> {
  for (let manifest = await readManifest(directory); ; ) {
    try {
      await requireFiles(directory, manifest)
      return await open(manifest)
    } catch (error) {
      const now = await readManifest(directory).catch(() => undefined)
      if (!now || JSON.stringify(now) === JSON.stringify(manifest)) throw error
      manifest = now
    }
  }
}

/** An older manifest put back in its place names files that are gone, though maybe none that a search reads. */
async function requireFiles(directory: string, { files }: Manifest): Promise<void> {
  await requireSizes(
    Object.values(files).map(({ name, ...digest }) => ({ ...digest, path: join(directory, name) })),
  )
}

/** @returns rows that are removed, ascending. Throws ClaraError `index` where the file is damaged. */
export async function readRemoved(directory: string, manifest: Manifest): Promise<Uint32Array> {
  const file = manifest.files.removed
  if (!file) return new Uint32Array()
  const path = join(directory, file.name)
  return rowsFromBytes(path, await readIndexFile({ ...file, path }), rowsOf(manifest))
}

/** The chunks of an index, without its vectors. */
export function openChunks(directory: string): Promise<ChunkStore> {
  return openSnapshot(directory, async (manifest) => {
    const { chunks } = await readBlocks(directory, manifest)
    return openChunksOf(directory, manifest, chunks, await readRemoved(directory, manifest))
  })
}

/** @throws ClaraError `index` where it is not of as many rows as the manifest says. */
export async function openChunksOf(
  directory: string,
  manifest: Manifest,
  chunks: Parameters<typeof openChunkStore>[0],
  removed: Uint32Array,
): Promise<ChunkStore> {
  const { offsets } = manifest.files
  const store = await openChunkStore(chunks, { ...offsets, path: join(directory, offsets.name) }, removed)
  if (store.rows === rowsOf(manifest) && removed.length === manifest.counts.removed) return store
  await store.close()
  throw new ClaraError(
    'index',
    `${directory}: its files hold ${store.rows} chunks, ${removed.length} of them removed, ` +
      `the manifest says ${rowsOf(manifest)} and ${manifest.counts.removed}`,
  )
}
