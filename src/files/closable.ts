import { ClaraError } from '../errors.js'

/** What holds threads or files until it is closed. */
export interface Closable {
  close(): Promise<void>
}

/** Closes once, however often it is asked to, and refuses what comes after. */
export function closeOnce(
  name: string,
  close: () => Promise<unknown>,
): { close(): Promise<void>; requireOpen(): void } {
  let closing: Promise<void> | undefined
  return {
    close() {
      closing ??= close().then(() => {})
      return closing
    },
    requireOpen() {
      if (closing) throw new ClaraError('usage', `${name}: is closed: open it again to use it`)
    },
  }
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
