/** An index without its removed rows: copied, not embedded anew, with a graph built from the start. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { offsetBytes } from './chunk-store.js'
import { type ByteRange, copyRanges, createFile } from './copy.js'
import { type Current, openCurrent, readOffsets, settingsOf } from './current.js'
import { type DocumentRecord, documentLine } from './document-table.js'
import { finishIndex, type NewIndex } from './finish.js'
import { FILES, type Manifest, rowsOf } from './manifest.js'
import { liveRanges } from './rows.js'
import { keepNothing, NEW, requireNoUnfinished } from './unfinished.js'
import { asWriter } from './writer-lock.js'

interface CompactOptions {
  /** Give up unfinished work of another command. */
  overwrite?: boolean
  /** For the graph; default: all cores. */
  threads?: number
}

/** @returns the manifest of what a build of the documents that are left, in their order, would give. */
export async function compactIndex(directory: string, options: CompactOptions = {}): Promise<Manifest> {
  await openCurrent(directory) // before a lock is put where there is no index
  return asWriter(directory, async () => {
    const current = await openCurrent(directory)
    const { manifest } = current
    await requireNoUnfinished(directory, manifest, options)
    return keepNothing(directory, async () =>
      finishIndex(
        {
          directory,
          work: join(directory, NEW),
          generation: manifest.generation + 1,
          settings: settingsOf(manifest),
          removed: new Uint32Array(),
          recall: manifest.recall?.target,
          ...(await copyLive(current)),
        },
        { threads: options.threads ?? availableParallelism() },
      ),
    )
  })
}

async function copyLive(current: Current): Promise<Pick<NewIndex, 'files' | 'documents'>> {
  const { directory, manifest, files, removed } = current
  const path = (file: keyof typeof FILES) => join(directory, NEW, FILES[file])
  const offsets = await readOffsets(current)
  const ranges = [...liveRanges(rowsOf(manifest), removed)]
  const offset = (row: number) => Number(offsets.readBigUInt64LE(row * 8))
  const width = manifest.dims * 4
  const scaled = (at: (row: number) => number): ByteRange[] =>
    ranges.map(({ start, end }) => ({ start: at(start), end: at(end) }))
  const documents = renumbered(current.documents, removed)
  return {
    documents,
    files: {
      chunks: await createFile(path('chunks'), (to) => copyRanges(to, files.chunks, scaled(offset))),
      offsets: await createFile(path('offsets'), async (to) => {
        let at = 0
        for (const { start, end } of ranges) {
          for (let row = start; row < end; row++) {
            await to.write(offsetBytes(at))
            at += offset(row + 1) - offset(row)
          }
        }
        await to.write(offsetBytes(at))
      }),
      documents: await createFile(path('documents'), async (to) => {
        for (const record of documents) await to.write(documentLine(record))
      }),
      vectors: await createFile(path('vectors'), (to) =>
        copyRanges(
          to,
          files.vectors,
          scaled((row) => row * width),
        ),
      ),
    },
  }
}

function renumbered(documents: DocumentRecord[], removed: Uint32Array): DocumentRecord[] {
  let before = 0
  return documents.map((record) => {
    while (before < removed.length && removed[before]! < record.row) before++
    return { ...record, row: record.row - before }
  })
}
