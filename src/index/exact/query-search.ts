/** The search of one query: its best rows so far, and those that may be among them. */
import { firstNotBelow } from './ascending.js'
import type { SharedBounds } from './bounds.js'
import { rowScorer } from './score-rows.js'
import { kthLargest } from './select.js'
import { Top, UNKNOWN } from './top.js'

/** Rows scored by one call: enough that the call itself costs little. */
const AT_ONCE = 64
/** Candidates that wait: about as many as bytes leave in question of 100,000 rows, and some times k. */
const ROOM = 192
const ROOM_TIMES_K = 3

/** Fewer than this and k do not raise the bound by much. */
const MANY = 64

/** Rows that lie in memory one after the other. */
export interface Store {
  /** [rows, dims] */
  vectors: Float32Array
  /** Row numbers. */
  ids: Int32Array
}

const scoreRows = rowScorer()
/** One search at a time needs them. */
const batch = new Int32Array(AT_ONCE)
const exact = new Float32Array(AT_ONCE)
let sorting = new Float64Array(0)

export class QuerySearch {
  /** Scored in full precision. */
  readonly top: Top
  /** What scores less is not among the best. */
  bound = UNKNOWN
  #waiting = 0
  readonly #places: Int32Array
  /** The most that each can score. */
  readonly #highs: Float64Array
  /** Each scores at most so much less than its high. */
  #width = 0

  /** @param excluded row numbers, ascending. */
  constructor(
    readonly query: Float32Array,
    readonly k: number,
    readonly excluded: Uint32Array,
    readonly store: Store,
    readonly shared: { bounds: SharedBounds; place: number },
  ) {
    this.top = new Top(k)
    const room = ROOM + ROOM_TIMES_K * k
    this.#places = new Int32Array(room)
    this.#highs = new Float64Array(room)
  }

  /** @param place in the store, of a row that scores between `high - width` and `high`; never one twice. */
  add(place: number, high: number, width: number): void {
    if (this.excluded.length > 0 && this.#isExcluded(this.store.ids[place]!)) return
    if (this.#waiting === this.#places.length) this.#makeRoom()
    this.#places[this.#waiting] = place
    this.#highs[this.#waiting++] = high
    if (width > this.#width) this.#width = width
  }

  /** Scores those that wait in full precision; the store may change afterwards. */
  settle(): void {
    this.catchUp()
    // The likely best first: they raise the bound under which the others need no score.
    const likely = this.#kthHigh()
    this.#score(likely, true)
    this.#score(likely, false)
    this.#waiting = 0
    this.#width = 0
  }

  /** Settles where enough wait for the bound to rise by it. */
  settleMany(): void {
    if (this.#waiting >= MANY + this.k) this.settle()
  }

  raise(bound: number): void {
    if (!(bound > this.bound)) return
    this.bound = bound
    this.shared.bounds.raise(this.shared.place, bound)
  }

  /** Takes over what other threads know. */
  catchUp(): void {
    const known = this.shared.bounds.get(this.shared.place)
    if (known > this.bound) this.bound = known
  }

  #isExcluded(id: number): boolean {
    return this.excluded[firstNotBelow(this.excluded, id)] === id
  }

  #makeRoom(): void {
    this.raise(this.#kthHigh() - this.#width)
    let kept = 0
    for (let i = 0; i < this.#waiting; i++) {
      if (this.#highs[i]! < this.bound) continue
      this.#places[kept] = this.#places[i]!
      this.#highs[kept++] = this.#highs[i]!
    }
    this.#waiting = kept
    if (kept > this.#places.length / 2) this.settle()
  }

  /** -Infinity where fewer than k wait. */
  #kthHigh(): number {
    const count = this.#waiting
    if (count < this.k) return UNKNOWN
    if (sorting.length < count) sorting = new Float64Array(count)
    sorting.set(this.#highs.subarray(0, count))
    return kthLargest(sorting.subarray(0, count), this.k)
  }

  /** Those whose high reaches `likely`, or the others. */
  #score(likely: number, reaching: boolean): void {
    let count = 0
    for (let i = 0; i < this.#waiting; i++) {
      const high = this.#highs[i]!
      if (high >= likely !== reaching || high < this.bound) continue
      batch[count++] = this.#places[i]!
      if (count === AT_ONCE) count = this.#offer(count)
    }
    if (count > 0) this.#offer(count)
  }

  #offer(count: number): 0 {
    const { query, top, store } = this
    scoreRows(query, store.vectors, batch, count, exact)
    for (let i = 0; i < count; i++) top.offer(store.ids[batch[i]!]!, exact[i]!)
    this.raise(top.worst())
    return 0
  }
}
