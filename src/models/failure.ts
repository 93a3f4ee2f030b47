/** A request that came to nothing, and what may help. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClaraError, type ErrorCode } from '../errors.js'

/**
 * `retry`: the same again, from where it stopped. `restart`: again from the first byte. `none`:
 * the user has to do something.
 */
type Remedy = 'retry' | 'restart' | 'none'

export class Failure extends Error {
  readonly remedy: Remedy
  /** What the server asked for. */
  readonly waitMs: number | undefined
  /** Fewer than usual, where more would not help. */
  readonly attempts: number | undefined
  /** Of the answer, where there was one. */
  readonly status: number | undefined

  constructor(
    remedy: Remedy,
    message: string,
    options: {
      cause?: unknown
      waitMs?: number | undefined
      attempts?: number | undefined
      status?: number | undefined
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.remedy = remedy
    this.waitMs = options.waitMs
    this.attempts = options.attempts
    this.status = options.status
  }
}

export interface Patience {
  /** Before the second attempt; doubles with each. */
  backoffMs: number
  onRetry: (message: string) => void
}

/** In a row without a byte gained. */
const MAX_ATTEMPTS = 6
const MAX_BACKOFF_MS = 30_000
/** A server that asks for more is not waited for. */
const MAX_WAIT_MS = 120_000

/**
 * Runs `attempt` until it succeeds, help is needed or patience ends.
 * @param gained what is there now; more than before starts the count anew.
 * @throws ClaraError `network`, or `code` where the failure lies in what was sent.
 */
export async function persist<T>(
  attempt: () => Promise<T>,
  { backoffMs, onRetry }: Patience,
  { gained = () => 0, restart }: { gained?: () => number; restart?: () => Promise<void> } = {},
): Promise<T> {
  let best = gained()
  let restarted = false
  for (let failures = 1; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (error.remedy === 'none') throw final('network', error.message, error)
      if (error.remedy === 'restart') {
        await restart?.()
        if (restarted || !restart) throw final('model', `${error.message}, twice`, error)
        restarted = true
        best = 0
      }
      if (gained() > best) failures = 1
      best = Math.max(best, gained())
      const waitMs = error.waitMs ?? Math.min(backoffMs * 2 ** (failures - 1), MAX_BACKOFF_MS)
      if (failures >= (error.attempts ?? MAX_ATTEMPTS) || waitMs > MAX_WAIT_MS) {
        const tries = failures === 1 ? 'one attempt' : `${failures} attempts`
        throw final('network', `${error.message} (gave up after ${tries}; run it again to go on)`, error)
      }
      onRetry(`${error.message}: trying again${waitMs >= 1000 ? ` in ${Math.round(waitMs / 1000)} s` : ''}`)
      await sleep(waitMs)
    }
  }
}

function final(code: ErrorCode, message: string, cause: unknown): ClaraError {
  return new ClaraError(code, message, { cause })
}
