/** Chunks whose vectors are near a chunk's own: what a question over several chunks is asked about. */
import type { Chunk } from '../chunks/chunk.js'
import type { Index } from '../index/open.js'
import { backgroundOf, groupOfChunk } from './background.js'
import type { Corpus } from './corpus.js'

/** Neighbours looked at. */
const DEPTH = 10
/** Below, on a scale where 0 is two chunks drawn at random and 1 two equal ones, chunks have little to do with each other; from the other on, they say the same. */
export const LEAST_RELATED = 0.3
const SAME_PASSAGE = 0.95

/** @returns the nearest first, each text once and not the chunk's own. Of vectors of unit length the score is the cosine. */
export function relatedChunks(index: Index, corpus: Corpus): (chunk: Chunk) => Promise<Chunk[]> {
  return async (chunk) => {
    const [position] = corpus.find(chunk.id)
    if (position === undefined) return []
    const own = await corpus.read(position)
    const vector = await index.vectors([position])
    const { ids, scores } = await index.search(vector, DEPTH)
    const background = await backgroundOf(index, corpus)
    const group = groupOfChunk(own, background)
    const seen = new Set([own.key])
    const found: Chunk[] = []
    for (const [i, id] of ids.entries()) {
      if (id < 0 || id === position) continue
      const other = await corpus.read(id)
      const { key } = other
      const near = background.scaled(scores[i]!, group, groupOfChunk(other, background))
      const isRelated = index.manifest.metric !== 'cos' || (near >= LEAST_RELATED && near < SAME_PASSAGE)
      if (seen.has(key) || !isRelated) continue
      seen.add(key)
      found.push(await index.chunks.read(id))
    }
    return found
  }
}
