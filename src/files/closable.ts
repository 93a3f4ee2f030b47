/** What holds threads or files until it is closed. */
export interface Closable {
  close(): Promise<void>
}

/** Waits for both; where one cannot be opened, the other is closed again. */
export async function bothOrNeither<A extends Closable, B extends Closable>(
  a: Promise<A>,
  b: Promise<B>,
): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b])
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value]
  for (const each of [first, second]) if (each.status === 'fulfilled') await each.value.close()
  throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason
}
