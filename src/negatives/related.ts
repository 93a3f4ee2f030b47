/** Chunks whose vectors are near a chunk's own: what a question over several chunks is asked about. */
import type { Chunk } from '../chunks/chunk.js'
import type { Index } from '../index/open.js'
import type { Corpus } from './corpus.js'

/** Neighbours looked at. */
const DEPTH = 10
/** Below, chunks have little to do with each other; from the other on, they say the same. */
export const LEAST_RELATED = 0.35
const SAME_PASSAGE = 0.95

/** @returns the nearest first, each text once and not the chunk's own. Of vectors of unit length the score is the cosine. */
export function relatedChunks(index: Index, corpus: Corpus): (chunk: Chunk) => Promise<Chunk[]> {
  return async (chunk) => {
    const [position] = corpus.find(chunk.id)
    if (position === undefined) return []
    const own = await corpus.read(position)
    const vector = await index.vectors([position])
    const { ids, scores } = await index.search(vector, DEPTH)
    const seen = new Set([own.key])
    const found: Chunk[] = []
    for (const [i, id] of ids.entries()) {
      if (id < 0 || id === position) continue
      const { key } = await corpus.read(id)
      const isRelated =
        index.manifest.metric !== 'cos' || (scores[i]! >= LEAST_RELATED && scores[i]! < SAME_PASSAGE)
      if (seen.has(key) || !isRelated) continue
      seen.add(key)
      found.push(await index.chunks.read(id))
    }
    return found
  }
}
