/**
 * Whether calls under way only wait for each other. A server that answers one at a time refuses none of 16: each
 * takes 16 times as long, and no more of them get done.
 */

interface Saturation {
  /**
   * Of each call that was served.
   * @param strain how many times the shortest latency it took.
   * @param size of the window, and `underWay` how many calls are.
   * @returns the size to go on with.
   */
  served(strain: number, size: number, underWay: number): number
  /** Begins anew: the size was changed for another reason. */
  forget(): void
  /** Whether the window should not grow for now. */
  readonly holds: boolean
  /** The size from which on no more got done. */
  readonly most: number
}

/** Calls that take so many times the shortest may be waiting; or their replies are long, which only a trial tells. */
const STRAINED = 3
/** With half the calls under way a server that is not full gets half as many done; one that is, about as many. */
const AS_MANY = 0.75
const LEAST_MEASURED = 8
/** Measurements for which it is taken for granted that the calls do not wait. */
const SURE_FOR = 16

/**
 * As TCP Vegas takes a risen round-trip time for a queue, but it does not believe it unseen: lengths of replies alone make
 * latencies differ as much. So half as many calls are tried for a while, and kept to where as many get done.
 */
export function createSaturation(unlimited: number, now: () => number): Saturation {
  let state: 'watching' | 'draining' | 'trying' = 'watching'
  let before = { rate: 0, size: 0 }
  let most = unlimited
  let sureFor = 0
  let measured = { calls: 0, strain: 0, since: now() }
  const restart = () => {
    measured = { calls: 0, strain: 0, since: now() }
  }
  const watched = (strain: number, rate: number, size: number) => {
    if (sureFor > 0) sureFor--
    else if (strain > STRAINED && size > 1) {
      before = { rate, size }
      state = 'draining'
      return Math.ceil(size / 2)
    } else if (strain < STRAINED / 2) most = Math.min(unlimited, most + 1)
    return size
  }
  const tried = (rate: number, size: number) => {
    state = 'watching'
    if (rate >= AS_MANY * before.rate) {
      most = size
      return size
    }
    sureFor = SURE_FOR
    return before.size
  }
  return {
    served(strain, size, underWay) {
      if (state === 'draining') {
        if (underWay >= size) return size
        state = 'trying'
        restart()
        return size
      }
      measured.calls++
      measured.strain += strain
      if (measured.calls < Math.max(LEAST_MEASURED, 2 * size)) return size
      const { calls, strain: sum, since } = measured
      const rate = calls / Math.max(1, now() - since)
      restart()
      return state === 'trying' ? tried(rate, size) : watched(sum / calls, rate, size)
    },
    forget() {
      state = 'watching'
      restart()
    },
    get holds() {
      const { calls, strain } = measured
      return (
        state !== 'watching' || (sureFor === 0 && calls >= LEAST_MEASURED / 2 && strain > STRAINED * calls)
      )
    },
    get most() {
      return most
    },
  }
}
