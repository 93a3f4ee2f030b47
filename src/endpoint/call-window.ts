/** How many calls may be under way: found out from those that the endpoint turns away, and from how long they take. */
import { createSaturation } from './saturation.js'

export interface CallWindow {
  /** A whole number from 1. */
  readonly size: number
  /** @param tokens what it will take, estimated: latencies of calls about as long are compared. */
  begin(tokens: number): Call
  end(call: Call, outcome: Outcome): void
}

/** `failed` says nothing about load; `unreachable`, that nobody is there to be loaded. */
export type Outcome = 'served' | 'throttled' | 'full' | 'late' | 'unreachable' | 'failed'

interface Call {
  number: number
  at: number
  /** Of calls about as long. */
  length: number
  /** Under way when it began. */
  others: number
  /** Calls that had been served when it began. */
  servedBefore: number
  /** Calls that began after it and were served before it ended. */
  overtakenBy: number
}

/** Until replies have come nothing is known of the endpoint: it may answer one call at a time, or none. */
export const FIRST_CALLS = 4
const GROWTH = 8
/** Once a round trip, while it is not known what is too much. */
const START_GROWTH = 1.5
/** Rounds without one that was too much, until one call more is tried than had room. */
const ROUNDS_TO_FIT = 16
/** Shorter latencies say nothing of a server: what else this process does is as long. */
const NOISE_MS = 100
/** A reply that takes hardly longer than the shortest shows that calls under way do not wait for each other. */
const UNHINDERED = 1.5

/**
 * It begins small and grows eightfold with a reply that takes no longer than the shortest (slow start). Then: additive
 * increase, multiplicative decrease, once for each round trip (all calls that were under
 * way together). As in DCTCP (RFC 8257, 3.3) a round is decreased by half the share of its calls
 * that were turned away, not by half: an endpoint that refuses one call in twenty at random is not
 * full, and halving would settle at 5 calls there, however many it could take. A server that refuses
 * none and lets them wait is found out by createSaturation, or by calls that are late.
 *
 * @param now the time, in milliseconds.
 */
export function createCallWindow(most: number, now: () => number): CallWindow {
  let size = Math.min(FIRST_CALLS, most)
  let isStarting = true
  let isDown = false
  let next = 0
  let nextRound = size
  let served = 0
  let fits = most // together, as long as they are
  let nextFit = 0
  let deadline = Number.POSITIVE_INFINITY // as it is seen where a call was late
  const shortest = new Map<number, number>()
  const underWay = new Set<Call>()
  const saturation = createSaturation(most, now)
  const round = { served: 0, throttled: 0, took: 0 }

  /** @param first number of the call whose end ends it: the first that began when the last change could show. */
  const beginRound = (first: number) => {
    Object.assign(round, { served: 0, throttled: 0, took: 0 })
    nextRound = first
  }
  const countServed = (call: Call) => {
    served++
    for (const other of underWay) if (other.number < call.number) other.overtakenBy++
    const took = Math.max(1, now() - call.at)
    round.served++
    round.took += took
    const least = shortest.get(call.length)
    const isUnhindered = shortest.size > 0 && took < UNHINDERED * (least ?? Math.min(...shortest.values()))
    shortest.set(call.length, Math.min(took, least ?? took))
    if (isStarting && isUnhindered) {
      size = Math.min(most, size * GROWTH)
      isStarting = size < most
      saturation.forget()
      beginRound(next + size) // what the small window met says nothing about the large one
      return
    }
    const strain = took < NOISE_MS ? 1 : took / Math.min(took, least ?? took)
    size = saturation.served(strain, size, underWay.size)
    if (saturation.most < most) isStarting = false
  }
  /** It waited behind others of ours: what was served meanwhile fits into a deadline, and half of it leaves room. */
  const makeRoom = (call: Call) => {
    isStarting = false
    deadline = Math.min(deadline, now() - call.at)
    size = Math.min(size, Math.max(1, Math.floor((served - call.servedBefore) / 2)))
    saturation.forget()
  }
  /** The server has dropped all that were under way: half as many, and more of them only slowly. */
  const shrink = (call: Call) => {
    const together = underWay.size + 1
    if (together === 1 || call.number < nextFit) return
    isStarting = false
    fits = Math.floor(together / 2)
    size = Math.min(size, fits)
    nextFit = next
    saturation.forget()
  }
  const endRound = () => {
    const share = round.throttled / Math.max(1, round.served + round.throttled)
    if (share > 0.5) isStarting = false
    const expected = (round.took / Math.max(1, round.served)) * (1 + 1 / size)
    const isSlow = saturation.holds || expected > deadline / 2
    const growth = isStarting ? size * (START_GROWTH - 1) : 1
    const grown = size * (1 - share / 2) + (isSlow ? 0 : growth * (1 - share))
    size = Math.max(1, Math.min(saturation.most, fits, grown))
    fits = Math.min(most, fits + 1 / ROUNDS_TO_FIT)
    isStarting &&= size < most
    beginRound(next)
  }
  return {
    get size() {
      return isDown ? 1 : Math.round(size)
    },
    begin(tokens) {
      const call = {
        number: next++,
        at: now(),
        length: Math.round(Math.log2(Math.max(1, tokens))),
        others: underWay.size,
        servedBefore: served,
        overtakenBy: 0,
      }
      underWay.add(call)
      return call
    },
    end(call, outcome) {
      underWay.delete(call)
      isDown = outcome === 'unreachable'
      if (outcome === 'served') countServed(call)
      if (outcome === 'late' && isQueued(call)) makeRoom(call)
      if (outcome === 'full') shrink(call)
      if (outcome === 'throttled' || outcome === 'late') round.throttled++
      if (call.number >= nextRound) endRound() // others began before the last change could have shown
    },
  }
}

/** Whether a call that was late waited for others: it was not alone, and not overtaken by as many that began later. */
export function isQueued({ others, overtakenBy }: Pick<Call, 'others' | 'overtakenBy'>): boolean {
  return others > 0 && overtakenBy < others
}
