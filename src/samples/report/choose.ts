/** Which of many are shown: seeded, and spread evenly. */
import { type Random, randomFor } from '../../negatives/random.js'

/** @returns ordinals from 0 to below `total`, ascending: one of each stretch of the file. */
export function spreadChoice(total: number, wanted: number, ...seed: (string | number)[]): number[] {
  const count = Math.min(total, wanted)
  const random = randomFor(...seed)
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor((i * total) / count)
    const end = Math.floor(((i + 1) * total) / count)
    return start + random(end - start)
  })
}

/** So many of any number, each as likely as any other, in the order of their coming (Vitter 1985, algorithm R). */
export class Reservoir<T> {
  #kept: { at: number; item: T }[] = []
  #seen = 0
  readonly #random: Random

  constructor(
    private readonly size: number,
    ...seed: (string | number)[]
  ) {
    this.#random = randomFor(...seed)
  }

  /** @param make is called only for what is kept. */
  offer(make: () => T): void {
    const at = this.#seen++
    if (at < this.size) {
      this.#kept.push({ at, item: make() })
      return
    }
    const place = this.#random(at + 1)
    if (place < this.size) this.#kept[place] = { at, item: make() }
  }

  get items(): T[] {
    return [...this.#kept].sort((a, b) => a.at - b.at).map(({ item }) => item)
  }
}
