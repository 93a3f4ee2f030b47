/** The best rows of one query so far: a heap with the worst of them on top. */

/**
 * A score under all others. (A constant of ours: the compiler makes an object of a built-in one in
 * a thread of its own, and Node 20 aborts where a worker ends meanwhile.)
 */
export const UNKNOWN = Number.NEGATIVE_INFINITY

export class Top {
  readonly ids: Int32Array
  readonly scores: Float32Array
  size = 0

  constructor(readonly k: number) {
    this.ids = new Int32Array(k)
    this.scores = new Float32Array(k)
  }

  offer(id: number, score: number): void {
    if (this.size < this.k) this.#rise(this.size++, id, score)
    else if (isWorse(this.scores[0]!, this.ids[0]!, score, id)) this.#sink(this.k, id, score)
  }

  /** The k-th best score, -Infinity as long as there are fewer. */
  worst(): number {
    return this.size < this.k ? UNKNOWN : this.scores[0]!
  }

  /** Writes them, best first, and leaves the heap empty. */
  drain(ids: Int32Array, scores: Float32Array, at: number): void {
    while (this.size > 0) {
      const last = --this.size
      ids[at + last] = this.ids[0]!
      scores[at + last] = this.scores[0]!
      this.#sink(last, this.ids[last]!, this.scores[last]!)
    }
  }

  #rise(place: number, id: number, score: number): void {
    let at = place
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isWorse(score, id, this.scores[parent]!, this.ids[parent]!)) break
      this.#put(at, this.ids[parent]!, this.scores[parent]!)
      at = parent
    }
    this.#put(at, id, score)
  }

  /** From the top, in a heap of `size`. */
  #sink(size: number, id: number, score: number): void {
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= size) break
      const other = child + 1
      if (other < size && this.#isWorse(other, child)) child = other
      if (!isWorse(this.scores[child]!, this.ids[child]!, score, id)) break
      this.#put(at, this.ids[child]!, this.scores[child]!)
      at = child
    }
    this.#put(at, id, score)
  }

  #isWorse(a: number, b: number): boolean {
    return isWorse(this.scores[a]!, this.ids[a]!, this.scores[b]!, this.ids[b]!)
  }

  #put(at: number, id: number, score: number): void {
    this.ids[at] = id
    this.scores[at] = score
  }
}

/** Equal scores: the later row is the worse. */
function isWorse(score: number, id: number, otherScore: number, otherId: number): boolean {
  return score < otherScore || (score === otherScore && id > otherId)
}
