/** Documents -> chunks on disk, without vectors: for a run that draws its negatives at random. */
import { chunkDocuments } from '../chunks/split.js'
import type { Document } from '../documents/document.js'
import { ClaraError } from '../errors.js'
import { writeDirectory } from '../files/staged-directory.js'
import type { ThreadedTokenizer } from '../inference/open-tokenizer.js'
import type { EmbedderModel } from '../models/resolve.js'
import { type ChunkDigests, type ChunkStore, createChunkWriter, openNewChunks } from './chunk-store.js'
import { chunkOptions } from './embed-rows.js'
import type { ChunkingOptions } from './progress.js'
import { openChunking } from './trainer.js'

/**
 * Replaces what is at `outputDir`: chunking takes seconds where embedding takes hours.
 * @throws ClaraError `too-small` when the corpus has no text.
 */
export async function storeChunks(
  documents: AsyncIterable<Document>,
  model: EmbedderModel,
  tokenizer: ThreadedTokenizer,
  { outputDir, chunking }: { outputDir: string; chunking: ChunkingOptions },
): Promise<ChunkStore> {
  const opened = await openChunking(chunking)
  const chunks = chunkDocuments(documents, chunkOptions(opened, model, tokenizer), tokenizer.countTokens)
  const digests = await writeDirectory(
    outputDir,
    { overwrite: true },
    async (path): Promise<ChunkDigests> => {
      const writer = await createChunkWriter(path)
      let count = 0
      try {
        for await (const chunk of chunks) {
          await writer.write(chunk)
          count++
        }
        if (count === 0) throw new ClaraError('too-small', 'the corpus has no text to cut into chunks')
        return await writer.close()
      } catch (error) {
        await writer.abandon()
        throw error
      }
    },
  ).finally(() => opened.close())
  return openNewChunks(outputDir, digests)
}
