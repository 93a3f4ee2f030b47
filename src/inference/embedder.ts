/** Texts -> unit vectors, on threads of their own. */
import { availableParallelism } from 'node:os'
import { ClaraError } from '../errors.js'
import { startWorker, type WorkerThread } from '../files/worker-thread.js'
import type { EmbedderModel } from '../models/resolve.js'
import { fillBatch, planBatches } from './batches.js'
import { openTokenizer, type ThreadedTokenizer } from './open-tokenizer.js'
import type { SessionMethods } from './session.worker.js'

export interface Embedder {
  model: EmbedderModel
  tokenizer: ThreadedTokenizer
  /** Length of a vector. */
  dims: number
  /** Texts cut at the model's limit so far. */
  truncated: number
  /**
   * @returns unit vectors, row-major [texts, dims].
   * @throws ClaraError `model` when a vector is not finite.
   */
  embed(texts: string[], kind: 'query' | 'document'): Promise<Float32Array>
  close(): Promise<void>
}

export interface EmbedderOptions {
  /** Sessions, of one thread each: two of them are faster than one of two threads. */
  threads?: number
}

type Session = WorkerThread<SessionMethods>

/**
 * Starts a tokenizer thread and session threads. A vector does not depend on the number of
 * threads, nor on the texts beside it where the model keeps rows apart, as the embedded one does.
 * @throws ClaraError `model` when a file is missing, damaged or not loadable.
 */
export async function openEmbedder(model: EmbedderModel, options: EmbedderOptions = {}): Promise<Embedder> {
  const sessions = Array.from({ length: options.threads ?? availableParallelism() }, (_, i) =>
    startWorker<SessionMethods>(new URL('./session.worker.js', import.meta.url), `session ${i}`),
  )
  const closeSessions = () => Promise.all(sessions.map((session) => session.close()))
  try {
    const opened = sessions.map((session) =>
      session.call('open', { model: model.model, dims: model.card.dims }),
    )
    const [tokenizer] = await Promise.all([openTokenizer(model), ...opened])
    const close = async () => {
      await Promise.all([tokenizer.close(), closeSessions()])
    }
    return createEmbedder(model, tokenizer, sessions, close)
  } catch (error) {
    await closeSessions()
    throw error
  }
}

function createEmbedder(
  model: EmbedderModel,
  tokenizer: ThreadedTokenizer,
  sessions: Session[],
  close: () => Promise<void>,
): Embedder {
  const { dims, queryPrefix, documentPrefix } = model.card
  const onFreeSession = laneQueue(sessions)
  const embedder: Embedder = {
    model,
    tokenizer,
    dims,
    truncated: 0,
    async embed(texts, kind) {
      const prefix = kind === 'query' ? queryPrefix : documentPrefix
      const encodings = await tokenizer.encode(prefix === '' ? texts : texts.map((text) => prefix + text))
      embedder.truncated += encodings.truncated
      const vectors = new Float32Array(texts.length * dims)
      await Promise.all(
        planBatches(encodings).map(async (indices) => {
          const rows = await onFreeSession((session) => session.call('run', fillBatch(encodings, indices)))
          indices.forEach((index, row) => {
            const vector = rows.subarray(row * dims, (row + 1) * dims)
            requireFinite(vector, texts[index]!)
            vectors.set(vector, index * dims)
          })
        }),
      )
      return vectors
    },
    close,
  }
  return embedder
}

/** Hands each task to the first session that is free, in the order in which tasks came. */
function laneQueue(sessions: Session[]) {
  const free = [...sessions]
  const waiting: ((session: Session) => void)[] = []
  return async <T>(task: (session: Session) => Promise<T>): Promise<T> => {
    const session = free.pop() ?? (await new Promise<Session>((take) => waiting.push(take)))
    try {
      return await task(session)
    } finally {
      const next = waiting.shift()
      if (next) next(session)
      else free.push(session)
    }
  }
}

function requireFinite(vector: Float32Array, text: string): void {
  for (const value of vector) {
    if (!Number.isFinite(value)) {
      throw new ClaraError(
        'model',
        `the model gave ${value} for a text that begins ${JSON.stringify(text.slice(0, 60))}`,
      )
    }
  }
}
