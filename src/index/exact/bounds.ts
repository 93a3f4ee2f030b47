/**
 * What the threads of one search know of each query: a score that the k-th best reaches. Each
 * thread leaves out what scores less, which changes how soon it is done and never what is found.
 */
export class SharedBounds {
  readonly #keys: Int32Array

  constructor(readonly buffer: SharedArrayBuffer) {
    this.#keys = new Int32Array(buffer)
  }

  static create(queries: number): SharedBounds {
    const bounds = new SharedBounds(new SharedArrayBuffer(queries * 4))
    bounds.#keys.fill(keyOf(Number.NEGATIVE_INFINITY))
    return bounds
  }

  get(query: number): number {
    return scoreOf(Atomics.load(this.#keys, query))
  }

  raise(query: number, score: number): void {
    const key = keyOf(score)
    let known = Atomics.load(this.#keys, query)
    while (known < key) {
      const found = Atomics.compareExchange(this.#keys, query, known, key)
      if (found === known) return
      known = found
    }
  }
}

const float = new Float32Array(1)
const bits = new Int32Array(float.buffer)

/** Integers in the order of the scores, no more than them. */
function keyOf(score: number): number {
  float[0] = score
  const key = ordered(bits[0]!)
  return float[0] > score ? key - 1 : key
}

function scoreOf(key: number): number {
  bits[0] = ordered(key)
  return float[0]!
}

/** Negative floats grow with their bits the other way. */
function ordered(key: number): number {
  return key < 0 ? key ^ 0x7fffffff : key
}
