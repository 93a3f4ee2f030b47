/** Calls with a deadline: one, or as many as the kind of failure deserves. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Failure, failureOf, RETRIES, retryDelay } from '../../endpoint/failure.js'

export type Call<T> = (options: { signal: AbortSignal }) => Promise<T>

export type Result<T> = { value: T } | { failure: Failure }

/** @throws `signal.reason`. */
export async function once<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  call: Call<T>,
): Promise<Result<T>> {
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    return { value: await call({ signal: signal ? AbortSignal.any([signal, deadline]) : deadline }) }
  } catch (error) {
    signal?.throwIfAborted()
    const late: Failure = { kind: 'late', reason: `no answer within ${timeoutMs / 1000} s` }
    return { failure: deadline.aborted ? late : failureOf(error) }
  }
}

/** @throws `signal.reason`. */
export async function patiently<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  call: Call<T>,
): Promise<Result<T>> {
  for (let attempt = 0; ; attempt++) {
    const result = await once(timeoutMs, signal, call)
    if ('value' in result || attempt >= RETRIES[result.failure.kind]) return result
    await sleep(retryDelay(result.failure, attempt).ms, undefined, { signal })
  }
}
