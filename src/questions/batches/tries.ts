/** Calls of the Batch API: as many tries as the kind of failure deserves. */
import { setTimeout as sleep } from 'node:timers/promises'
import { withDeadline } from '../../endpoint/deadline.js'
import { type Failure, RETRIES, retryDelay } from '../../endpoint/failure.js'

/** @throws `signal.reason`. */
export async function patiently<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<{ value: T } | { failure: Failure }> {
  for (let attempt = 0; ; attempt++) {
    const result = await withDeadline(timeoutMs, signal, call)
    if ('value' in result || attempt >= RETRIES[result.failure.kind]) return result
    await sleep(retryDelay(result.failure, attempt).ms, undefined, { signal })
  }
}
