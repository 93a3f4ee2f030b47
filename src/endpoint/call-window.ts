/** How many calls may be under way: found out from how many of them the endpoint turns away. */

export interface CallWindow {
  /** A whole number from 1. */
  readonly size: number
  /** @returns the call's number, for `end`. */
  begin(): number
  end(call: number, outcome: Outcome): void
}

/** `failed` says nothing about load. */
export type Outcome = 'served' | 'throttled' | 'failed'

/**
 * Additive increase, multiplicative decrease, once for each round trip (all calls that were under
 * way together). As in DCTCP (RFC 8257, 3.3) a round is decreased by half the share of its calls
 * that were turned away, not by half: an endpoint that refuses one call in twenty at random is not
 * full, and halving would settle at 5 calls there, however many it could take.
 */
export function createCallWindow(most: number): CallWindow {
  let size = most
  let next = 0
  let nextRound = most
  const counts = { served: 0, throttled: 0, failed: 0 }
  return {
    get size() {
      return Math.round(size)
    },
    begin: () => next++,
    end(call, outcome) {
      counts[outcome]++
      if (call < nextRound) return // it began before the last change could have shown
      const share = counts.throttled / Math.max(1, counts.served + counts.throttled)
      size = Math.min(most, Math.max(1, size * (1 - share / 2) + (1 - share)))
      counts.served = counts.throttled = 0
      nextRound = next
    },
  }
}
