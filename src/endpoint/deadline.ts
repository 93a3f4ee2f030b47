/** A call that has to end in time. */
import { type Failure, failureOf } from './failure.js'

/**
 * The deadline holds until `call` has ended, its answer's body read.
 * @throws `signal.reason`.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<{ value: T } | { failure: Failure }> {
  signal?.throwIfAborted()
  const cut = new AbortController()
  const abort = () => cut.abort()
  const deadline = setTimeout(abort, timeoutMs)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    return { value: await call(cut.signal) }
  } catch (error) {
    signal?.throwIfAborted()
    if (!cut.signal.aborted) return { failure: failureOf(error) }
    return { failure: { kind: 'late', reason: `no answer within ${timeoutMs / 1000} s` } }
  } finally {
    clearTimeout(deadline)
    signal?.removeEventListener('abort', abort)
  }
}
