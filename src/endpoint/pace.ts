/** When the next call may begin: calls under way, calls and tokens a minute, and pauses asked for. */
import { type CallWindow, createCallWindow, isQueued, type Outcome } from './call-window.js'
import { createTokenBucket, type TokenBucket } from './token-bucket.js'

export interface PaceLimits {
  /** Calls under way at once, at most; how many it really are adapts. */
  concurrency: number
  requestsPerMinute?: number | undefined
  tokensPerMinute?: number | undefined
}

/** Time in milliseconds. */
export interface Clock {
  now(): number
  /** @returns what cancels it. */
  after(ms: number, run: () => void): () => void
}

export interface Pace {
  /**
   * Waits for the call's turn.
   * @param tokens what the call will take, estimated.
   * @param again a call that was made before goes ahead of those that were not.
   * @throws `signal.reason`
   */
  turn(tokens: number, signal: AbortSignal, again?: boolean): Promise<Turn>
  /** No call begins for so many milliseconds; what is under way goes on. */
  pause(ms: number): void
  /** To be told when `most` allows more. */
  wake(): void
  /** Calls that may be under way now. */
  readonly concurrency: number
}

/** One call, from its turn to its end. */
export interface Turn {
  /** @param tokens what it took; without it the estimate stands. */
  end(outcome: Outcome, tokens?: number): void
  /** Of one that is late, before its end: it waited behind others of ours. */
  readonly isQueued: boolean
}

const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

interface Waiting {
  tokens: number
  again: boolean
  go: () => void
}

/** @param most calls under way, for another reason than what the endpoint bears; `again`: the next was made before. */
export function createPace(
  limits: PaceLimits,
  clock: Clock = systemClock,
  most: (again: boolean) => number = () => limits.concurrency,
): Pace {
  const window = createCallWindow(limits.concurrency, clock.now)
  const bucket = (perMinute: number | undefined) =>
    perMinute === undefined ? undefined : createTokenBucket(perMinute, clock.now())
  const [requests, tokens] = [bucket(limits.requestsPerMinute), bucket(limits.tokensPerMinute)]
  const queue: Waiting[] = []
  let underWay = 0
  let pausedUntil = Number.NEGATIVE_INFINITY
  let cancelTimer: (() => void) | undefined

  const untilNext = (amount: number) => {
    const now = clock.now()
    return Math.max(pausedUntil - now, requests?.wait(1, now) ?? 0, tokens?.wait(amount, now) ?? 0)
  }
  const advance = () => {
    cancelTimer?.()
    cancelTimer = undefined
    while (queue.length > 0 && underWay < Math.min(window.size, most(queue[0]!.again))) {
      const wait = untilNext(queue[0]!.tokens)
      if (wait > 0) {
        cancelTimer = clock.after(wait, advance)
        return
      }
      const next = queue.shift()!
      underWay++
      requests?.take(1, clock.now())
      tokens?.take(next.tokens, clock.now())
      next.go()
    }
  }
  // Not at once: what the call's maker does next, a pause or another try, comes before the next call.
  const end = () =>
    setImmediate(() => {
      underWay--
      advance()
    })

  return {
    async turn(amount, signal, again = false) {
      signal.throwIfAborted()
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          queue.splice(queue.indexOf(waiting), 1)
          advance()
          reject(signal.reason)
        }
        const go = () => {
          signal.removeEventListener('abort', leave)
          resolve()
        }
        const waiting = { tokens: amount, again, go }
        signal.addEventListener('abort', leave, { once: true })
        enter(queue, waiting)
        advance()
      })
      return beginTurn(window, tokens, amount, end)
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, clock.now() + ms)
    },
    wake: advance,
    get concurrency() {
      return Math.min(window.size, most(false))
    },
  }
}

function enter(queue: Waiting[], waiting: Waiting): void {
  const at = waiting.again ? queue.findIndex(({ again }) => !again) : -1
  queue.splice(at < 0 ? queue.length : at, 0, waiting)
}

function beginTurn(
  window: CallWindow,
  bucket: TokenBucket | undefined,
  estimate: number,
  done: () => void,
): Turn {
  const call = window.begin(estimate)
  return {
    get isQueued() {
      return isQueued(call)
    },
    end(outcome, tokens = estimate) {
      bucket?.giveBack(estimate - tokens)
      window.end(call, outcome)
      done()
    },
  }
}
