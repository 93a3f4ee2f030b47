/**
 * Items in arrays of `size`, the last one shorter.
 * @param first size of the first array; each is twice the one before, up to `size`. What comes next can
 * then begin before many items have been made.
 */
export async function* windows<T>(items: AsyncIterable<T>, size: number, first = size): AsyncGenerator<T[]> {
  let window: T[] = []
  let room = first
  for await (const item of items) {
    window.push(item)
    if (window.length < room) continue
    yield window
    window = []
    room = Math.min(size, room * 2)
  }
  if (window.length > 0) yield window
}

/** The next item is begun before the one before it is used; what is begun has ended when the generator has. */
export async function* oneAhead<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  const begin = () => {
    const next = iterator.next()
    next.catch(() => {}) // it is thrown when its turn comes
    return next
  }
  let next = begin()
  try {
    for (;;) {
      const { done, value } = await next
      if (done) return
      next = begin()
      yield value
    }
  } finally {
    await next.catch(() => {})
    await iterator.return?.()
  }
}
