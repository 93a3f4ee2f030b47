/** Takes documents out of an index: their rows stay in its files, and are found no more. */
import { join } from 'node:path'
import { ClaraError } from '../errors.js'
import { openChunkStore } from './chunk-store.js'
import { commit } from './commit.js'
import { createFile } from './copy.js'
import { type Current, offsetsOf, openCurrent, settingsOf } from './current.js'
import { documentLine } from './document-table.js'
import { countsOf, removedFile } from './finish.js'
import { KnownDocuments } from './known-documents.js'
import { FILES, type Manifest } from './manifest.js'
import { removeWork } from './progress.js'
import { joinRows, rowsIn } from './rows.js'
import { keepNothing, NEW, requireNoUnfinished } from './unfinished.js'
import { asWriter } from './writer-lock.js'

interface Removed {
  manifest: Manifest
  documents: number
  chunks: number
  /** Ids that no document of the index has. */
  unknown: string[]
}

/**
 * @param ids of documents.
 * @throws ClaraError `too-small` when no chunk would be left.
 */
export async function removeDocuments(
  directory: string,
  ids: Iterable<string>,
  options: { overwrite?: boolean } = {},
): Promise<Removed> {
  await openCurrent(directory) // before a lock is put where there is no index
  return asWriter(directory, async () => {
    const current = await openCurrent(directory)
    await requireNoUnfinished(directory, current.manifest, options)
    return keepNothing(directory, () => remove(current, new Set(ids)))
  })
}

async function remove(current: Current, ids: Set<string>): Promise<Removed> {
  const { directory, manifest } = current
  const known = new KnownDocuments(current.documents)
  const named = new Set([...ids].flatMap((id) => known.get(id) ?? []))
  const gone = current.documents.filter((record) => named.has(record))
  const documents = current.documents.filter((record) => !named.has(record))
  const unknown = [...ids].filter((id) => !known.get(id))
  const rows = gone.flatMap(rowsIn)
  if (gone.length === 0) {
    await removeWork(directory)
    return { manifest, documents: 0, chunks: 0, unknown }
  }
  if (rows.length === manifest.counts.chunks) {
    throw new ClaraError('too-small', `${directory}: no chunk would be left: remove the directory instead`)
  }
  const removed = joinRows(current.removed, rows)
  const store = await openChunkStore(current.files.chunks, offsetsOf(current), removed)
  const counts = await countsOf(store, documents).finally(store.close)
  const work = join(directory, NEW)
  const created = {
    documents: await createFile(join(work, FILES.documents), async (to) => {
      for (const record of documents) await to.write(documentLine(record))
    }),
    ...(await removedFile(work, removed)),
  }
  const { embedder, dims, metric, precision, chunking } = settingsOf(manifest)
  const generation = manifest.generation + 1
  const { recall, files } = manifest
  const next = { generation, embedder, dims, metric, precision, counts, chunking, recall }
  return {
    manifest: await commit(directory, next, created, files),
    documents: gone.length,
    chunks: rows.length,
    unknown,
  }
}
