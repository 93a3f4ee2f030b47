/** Work on several items at once, results in the items' order, a bounded number of them held. */

import { setMaxListeners } from 'node:events'

/**
 * @param held how many items may have been begun and not yet given out: so far is read ahead of the
 * oldest unfinished one.
 *
 * The first rejection of `work` aborts the signal that all the others got, and is thrown. So does
 * an abort of `outer` (its reason is thrown) and an early return of the consumer. When the
 * generator has ended, nothing is under way any more.
 */
export async function* mapInOrder<T, R>(
  items: AsyncIterable<T>,
  held: number,
  outer: AbortSignal | undefined,
  work: (item: T, index: number, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R> {
  const stop = new AbortController()
  setMaxListeners(held + 1, stop.signal) // each call listens; Node warns from 11 on
  const forward = () => stop.abort(outer?.reason)
  const queue: Promise<R>[] = []

  const start = async (item: T, index: number) => {
    try {
      stop.signal.throwIfAborted()
      return await work(item, index, stop.signal)
    } catch (error) {
      stop.abort(error)
      throw stop.signal.reason
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
      while (queue.length >= held) yield await takeFirst(queue)
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
