/** How a model is spread over a machine, before anything has been measured. */
import { totalmem } from 'node:os'

export interface Layout {
  /** More than one on a CPU only. */
  sessions: number
  /** Threads inside of each session. */
  intraThreads: number
}

export interface Setting extends Layout {
  /** Padded tokens a run; a longer text runs alone. */
  budget: number
}

/**
 * The first is what is taken until something has been measured. Small runs stay in a CPU's cache:
 * 256 to 512 are equally fast on one thread, 1,024 loses 4% (models/recipe/README.md). A GPU wants
 * them large.
 */
export const TOKEN_BUDGETS = { cpu: [512, 256, 1024, 2048], gpu: [16_384, 4096, 65_536] }

/** Each session holds the weights once, and once more as packed for its kernels. */
const COPIES = 2
const SHARE_OF_MEMORY = 0.25

/**
 * Sessions of one thread each: two of them are faster than one of two threads, because the small
 * operators between the products run in parallel too. A large model gets fewer, of more threads.
 */
export function defaultLayout(threads: number, modelBytes: number): Layout {
  const fitting = Math.floor((totalmem() * SHARE_OF_MEMORY) / (modelBytes * COPIES))
  const sessions = Math.max(1, Math.min(threads, fitting))
  return { sessions, intraThreads: Math.max(1, Math.floor(threads / sessions)) }
}
