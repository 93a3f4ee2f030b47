/** Training and validation, parted by documents. */
import { createHash } from 'node:crypto'
import { type Chunk, passageOf } from '../chunks/chunk.js'
import { textKey } from '../text/same-text.js'

export const SIDES = ['train', 'validation'] as const
export type Side = (typeof SIDES)[number]

/** What answers a question. */
interface Source {
  documentId: string
  /** Of the passage's normalised text. */
  key: string
}

export interface Split {
  /** `undefined` where it would stand on both sides: it is left out. */
  sideOf(sources: Source[]): Side | undefined
}

/**
 * A document's side depends on its id and the seed alone, so that documents that come later move no others.
 * Memory: the keys of the passages on the training side.
 *
 * @param share of the documents that are for training, on average.
 */
export async function createSplit(chunks: AsyncIterable<Chunk>, share: number, seed: number): Promise<Split> {
  const trained = new Set<string>()
  for await (const chunk of chunks) {
    if (sideOfDocument(chunk.documentId, share, seed) === 'train') trained.add(textKey(passageOf(chunk)))
  }
  return {
    sideOf(sources) {
      const sides = new Set(sources.map(({ documentId }) => sideOfDocument(documentId, share, seed)))
      if (sides.size !== 1) return undefined
      const [side] = sides
      // A passage that training has, in whatever document, would show the validation's answer.
      if (side === 'validation' && sources.some(({ key }) => trained.has(key))) return undefined
      return side
    },
  }
}

export function sideOfDocument(id: string, share: number, seed: number): Side {
  const drawn = createHash('sha256')
    .update(JSON.stringify(['split', seed, id]))
    .digest()
    .readUInt32BE()
  return drawn / 2 ** 32 < share ? 'train' : 'validation'
}

/** A file's name without its ending. */
export function named(name: string, side: Side | undefined): string {
  return side === undefined ? name : `${name}.${side}`
}
