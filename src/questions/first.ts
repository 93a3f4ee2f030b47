/** The first `count` items; what follows is not read. */
export async function* first<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  if (count === 0) return
  let taken = 0
  for await (const item of items) {
    yield item
    if (++taken >= count) return
  }
}
