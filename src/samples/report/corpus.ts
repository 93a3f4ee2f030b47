/** The chunks that a run took its documents from, where they are at hand. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { passageOf } from '../../chunks/chunk.js'
import { ClaraError, type OnProblem } from '../../errors.js'
import { readJsonObjects } from '../../files/records.js'
import { FILES, MANIFEST, type Manifest, readManifest } from '../../index/manifest.js'
import { openChunks } from '../../index/snapshot.js'
import type { WantedTexts } from './wanted.js'

export interface CorpusCounts {
  chunks: number
  /** UTF-16 units of what was embedded. */
  characters: number
}

interface Corpus {
  /** Only of an index. */
  manifest: Manifest | undefined
  /** Gives the texts that are wanted, and counts. */
  look(wanted: WantedTexts): Promise<CorpusCounts | undefined>
}

/**
 * An index that is named, else the one in the run's directory, else the chunks there.
 * @throws ClaraError `index` or `input` for a named index that is none, or is damaged.
 */
export async function openRunCorpus(
  directory: string,
  index: string | undefined,
  onProblem: OnProblem,
): Promise<Corpus | undefined> {
  if (index !== undefined) return indexCorpus(index, await readManifest(index))
  for (const own of ['index', 'api-index'].map((name) => join(directory, name))) {
    if (await isThere(join(own, MANIFEST))) return ownIndex(own, onProblem)
  }
  const chunks = join(directory, 'chunks', FILES.chunks)
  return (await isThere(chunks)) ? chunkCorpus(chunks, onProblem) : undefined
}

/** Nobody named it: where it is damaged, the report goes without. */
async function ownIndex(directory: string, onProblem: OnProblem): Promise<Corpus | undefined> {
  const orProblem = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ClaraError)) throw error
      onProblem({ path: join(directory, MANIFEST), line: 1, reason: error.message })
      return undefined
    }
  }
  const manifest = await orProblem(() => readManifest(directory))
  if (!manifest) return undefined
  const corpus = indexCorpus(directory, manifest)
  return { manifest, look: (wanted) => orProblem(() => corpus.look(wanted)) }
}

function indexCorpus(directory: string, manifest: Manifest): Corpus {
  return {
    manifest,
    async look(wanted) {
      const chunks = await openChunks(directory)
      const counts = { chunks: 0, characters: 0 }
      try {
        for await (const chunk of chunks.all()) {
          const text = passageOf(chunk)
          counts.chunks++
          counts.characters += text.length
          wanted.give(chunk.id, text)
        }
      } finally {
        await chunks.close()
      }
      return counts
    },
  }
}

/** Without an index nothing says what the file must be: lines that are no chunks are passed over. */
function chunkCorpus(path: string, onProblem: OnProblem): Corpus {
  return {
    manifest: undefined,
    async look(wanted) {
      const counts = { chunks: 0, characters: 0 }
      for await (const { line, value } of readJsonObjects(path, onProblem)) {
        const { id, title = '', text } = value
        if (typeof id !== 'string' || typeof title !== 'string' || typeof text !== 'string') {
          onProblem({ path, line, reason: 'not a chunk' })
          continue
        }
        const passage = passageOf({ title, text })
        counts.chunks++
        counts.characters += passage.length
        wanted.give(id, passage)
      }
      return counts
    },
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
