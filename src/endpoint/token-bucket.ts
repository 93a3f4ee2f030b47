/** So much a minute, spread over the minute. */

export interface TokenBucket {
  /** Milliseconds until so much may be taken. */
  wait(amount: number, now: number): number
  take(amount: number, now: number): void
  /** What was taken turned out to be less, or (negative) more; a minute's worth of debt is the most. */
  giveBack(amount: number): void
}

/**
 * Holds what comes in a second, so that no minute gets more than 61 seconds' worth. An amount that
 * is more than it holds is let through when it is full, and paid off afterwards.
 */
export function createTokenBucket(perMinute: number, now: number): TokenBucket {
  const perMs = perMinute / 60_000
  const capacity = Math.max(1, perMinute / 60)
  let level = capacity
  let filledAt = now
  const fill = (time: number) => {
    level = Math.min(capacity, level + (time - filledAt) * perMs)
    filledAt = time
  }
  return {
    wait(amount, time) {
      fill(time)
      const missing = Math.min(amount, capacity) - level
      return missing <= 1e-9 ? 0 : Math.ceil(missing / perMs)
    },
    take(amount, time) {
      fill(time)
      level -= amount
    },
    giveBack(amount) {
      level = Math.min(capacity, Math.max(-perMinute, level + amount))
    },
  }
}
