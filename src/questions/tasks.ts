/** Chunks -> what is to be asked about each, and about groups of related ones. */
import { type Chunk, passageOf } from '../chunks/chunk.js'
import { allot } from './pair-types.js'
import { multiHopTask, type Task, taskOf, type Writing } from './prompt.js'

/** Chunks that have to do with this one, the nearest first; none of the same text. */
export type Related = (chunk: Chunk) => Promise<Chunk[]>

export interface Work {
  /** One, or the chunk and those related to it. */
  chunks: Chunk[]
  task: Task
}

/** A group takes this many related chunks, where there are so many. */
const MOST_RELATED = 2

/**
 * A chunk that is to give multi-hop pairs is asked about once by itself and once in its group. Where nothing is
 * related to it, it gives pairs that ask for reasoning instead.
 */
export async function* tasksFor(
  chunks: AsyncIterable<Chunk>,
  writing: Writing,
  related: Related | undefined,
): AsyncGenerator<Work> {
  for await (const chunk of chunks) {
    const passage = passageOf(chunk)
    const drawn = allot(passage, writing.pairsPerChunk, writing.shares)
    const hops = drawn.filter((type) => type === 'multi-hop').length
    const group = hops > 0 ? ((await related?.(chunk)) ?? []).slice(0, MOST_RELATED) : []
    const alone =
      group.length > 0
        ? drawn.filter((type) => type !== 'multi-hop')
        : drawn.map((type) => (type === 'multi-hop' ? 'reasoning' : type))
    if (alone.length > 0) yield { chunks: [chunk], task: taskOf(passage, alone, writing) }
    if (group.length === 0) continue
    const all = [chunk, ...group]
    yield { chunks: all, task: multiHopTask(all.map(passageOf), hops, writing) }
  }
}

export function idsOf({ chunks }: Work): string {
  return chunks.map(({ id }) => id).join(' + ')
}
