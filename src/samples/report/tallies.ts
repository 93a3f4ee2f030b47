/** Counts by a word that comes from a file. */

/** A run has a dozen of them; a file may have any number. */
const MOST_WORDS = 64
const MOST_LENGTH = 100
export const OTHERS = 'others'

export class WordCounts {
  readonly #counts = new Map<string, number>()

  /** @returns the word that it is counted under. */
  add(word: string, times = 1): string {
    const short = word.slice(0, MOST_LENGTH)
    const counted = this.#counts.has(short) || this.#counts.size < MOST_WORDS ? short : OTHERS
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + times)
    return counted
  }

  /** The most frequent first. */
  sorted(): { name: string; count: number }[] {
    return [...this.#counts]
      .map(([name, count]) => ({ name, count }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
  }
}

/** Ascending by number, which is small: a position, or how many docs. */
export class NumberCounts {
  readonly #counts = new Map<number, number>()

  add(number: number): void {
    this.#counts.set(number, (this.#counts.get(number) ?? 0) + 1)
  }

  sorted<Name extends string>(name: Name): (Record<Name, number> & { count: number })[] {
    return [...this.#counts]
      .sort(([a], [b]) => a - b)
      .map(([number, count]) => ({ [name]: number, count }) as Record<Name, number> & { count: number })
  }
}
