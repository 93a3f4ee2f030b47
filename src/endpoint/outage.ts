/** How long to wait for a server that is not there: seconds for one that never was, minutes for one that went. */

export interface Outage {
  /** After a call that found nobody. @returns when anybody should try again, or that there is no point in it. */
  waitMs(): number | undefined
  /** Somebody was there. */
  end(): void
}

const FIRST_WAIT_MS = 200
const MOST_WAIT_MS = 5000
/** A name that is misspelt and a server that is not started should be said at once. */
const PATIENCE_MS = 3000
/** A server that is restarted loads its model again. */
const PATIENCE_WITH_ONE_THAT_WAS_THERE_MS = 120_000

/** Calls that fail together count as one: each wait is twice the one before. */
export function createOutage(now: () => number = () => performance.now()): Outage {
  let wasThere = false
  let outage: { since: number; wait: number; until: number } | undefined
  return {
    waitMs() {
      const time = now()
      outage ??= { since: time, wait: FIRST_WAIT_MS / 2, until: 0 }
      if (time < outage.until) return outage.until - time
      const patience = wasThere ? PATIENCE_WITH_ONE_THAT_WAS_THERE_MS : PATIENCE_MS
      if (time - outage.since >= patience) return undefined
      outage.wait = Math.min(MOST_WAIT_MS, outage.wait * 2)
      outage.until = time + outage.wait
      return outage.wait
    },
    end() {
      wasThere = true
      outage = undefined
    },
  }
}
