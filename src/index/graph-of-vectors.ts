/** The finished file of vectors -> a graph of them, and the hashes of both. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { syncFile } from '../files/durable-file.js'
import { BlockHashes, hashBlocks } from './blocks.js'
import type { CheckedFile } from './checked-file.js'
import { ADD_ROWS, createGraph, type GraphBuilder, type GraphShape } from './graph.js'
import { damaged, type IndexFilePath } from './index-files.js'

export interface GraphOptions {
  threads: number
  /** A graph of the first rows, to go on from. */
  from?: { graph: CheckedFile; rows: number } | undefined
}

/**
 * Writes the graph to `path`. The vectors are read once.
 * @throws ClaraError `index` where their hash is not the one given.
 */
export async function writeGraph(
  path: string,
  vectors: IndexFilePath,
  shape: GraphShape,
  { threads, from }: GraphOptions,
): Promise<{ graph: CheckedFile; vectors: CheckedFile }> {
  const expectedRows = Math.floor((await stat(vectors.path)).size / (shape.dims * 4)) // else its memory grows by doubling
  const builder = await createGraph(shape, { threads, expectedRows, ...(from && { from }) })
  try {
    const checked = await addVectors(builder, vectors, shape.dims, from?.rows ?? 0)
    await builder.save(path)
    const { sha256 } = await syncFile(path)
    const graph = await hashBlocks(path)
    if (graph.sha256 !== sha256) throw damaged(graph)
    return { graph, vectors: checked }
  } finally {
    await builder.close()
  }
}

async function addVectors(
  builder: GraphBuilder,
  vectors: IndexFilePath,
  dims: number,
  first: number,
): Promise<CheckedFile> {
  const hashes = new BlockHashes()
  const size = ADD_ROWS * dims * 4
  let adding: Promise<void> | undefined
  let batch = new Uint8Array(size)
  let filled = 0
  let skip = first * dims * 4
  const flush = async () => {
    const rows = new Float32Array(batch.buffer, 0, filled / 4)
    await adding // one is read while one is added
    adding = rows.length > 0 ? builder.add(rows) : undefined
    adding?.catch(() => {}) // seen when it is awaited
    batch = new Uint8Array(size)
    filled = 0
  }
  for await (const piece of createReadStream(vectors.path, { highWaterMark: 1 << 20 })) {
    hashes.update(piece)
    for (let at = Math.min(skip, piece.byteLength); at < piece.byteLength; ) {
      const part = piece.subarray(at, at + size - filled)
      batch.set(part, filled)
      filled += part.byteLength
      at += part.byteLength
      if (filled === size) await flush()
    }
    skip -= Math.min(skip, piece.byteLength)
  }
  await flush()
  await adding
  const checked = { path: vectors.path, ...hashes.end() }
  if (checked.sha256 !== vectors.sha256 || checked.bytes !== vectors.bytes) throw damaged(vectors)
  return checked
}
