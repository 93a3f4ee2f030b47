/** Work on several items at once, results in the items' order, a bounded number of them held. */

import { setMaxListeners } from 'node:events'

/** How many items, times the concurrency, may be ahead of the oldest unfinished one. */
const WINDOW = 4

/**
 * The first rejection of `work` aborts the signal that all the others got, and is thrown. So does
 * an abort of `outer` (its reason is thrown) and an early return of the consumer. When the
 * generator has ended, nothing is under way any more.
 */
export async function* mapInOrder<T, R>(
  items: AsyncIterable<T>,
  concurrency: number,
  outer: AbortSignal | undefined,
  work: (item: T, index: number, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R> {
  const stop = new AbortController()
  setMaxListeners(concurrency + 1, stop.signal) // each call listens; Node warns from 11 on
  const forward = () => stop.abort(outer?.reason)
  const acquire = slots(concurrency)
  const queue: Promise<R>[] = []

  const start = async (item: T, index: number) => {
    const release = await acquire()
    try {
      stop.signal.throwIfAborted()
      return await work(item, index, stop.signal)
    } catch (error) {
      stop.abort(error)
      throw stop.signal.reason
    } finally {
      release()
    }
  }

  outer?.throwIfAborted()
  outer?.addEventListener('abort', forward, { once: true })
  try {
    let index = 0
    for await (const item of items) {
      const result = start(item, index++)
      result.catch(() => {}) // it is thrown when its turn comes, or was the consequence of another
      queue.push(result)
      while (queue.length >= concurrency * WINDOW) yield await takeFirst(queue)
      stop.signal.throwIfAborted()
    }
    while (queue.length > 0) yield await takeFirst(queue)
  } finally {
    outer?.removeEventListener('abort', forward)
    stop.abort()
    await Promise.allSettled(queue)
  }
}

/** Leaves the promise in the queue until it has settled, so that `finally` waits for it too. */
async function takeFirst<R>(queue: Promise<R>[]): Promise<R> {
  const result = await queue[0]!
  queue.shift()
  return result
}

/** A counting semaphore: the returned function waits for a slot and resolves to its release. */
function slots(free: number): () => Promise<() => void> {
  const waiting: (() => void)[] = []
  const release = () => {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
  return async () => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    return release
  }
}
