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
