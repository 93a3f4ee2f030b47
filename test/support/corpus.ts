/** A corpus of given chunks, from a real chunk store. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Chunk } from '#clara/chunks/chunk.js'
import { createChunkWriter, openNewChunks } from '#clara/index/chunk-store.js'
import { type Corpus, openCorpus } from '#clara/negatives/corpus.js'

/** Document ids, each with the texts of its chunks. */
export async function corpusOf(documents: Record<string, string[]>): Promise<Corpus> {
  const chunks = Object.entries(documents).flatMap(([documentId, texts]) =>
    texts.map((text, n): Chunk => ({ id: `${documentId}#${n}`, documentId, title: '', text })),
  )
  const directory = await mkdtemp(join(tmpdir(), 'clara-corpus-'))
  const writer = await createChunkWriter(directory)
  for (const chunk of chunks) await writer.write(chunk)
  const store = await openNewChunks(directory, await writer.close())
  onTestFinished(async () => {
    await store.close()
    await rm(directory, { recursive: true })
  })
  return openCorpus(store)
}
