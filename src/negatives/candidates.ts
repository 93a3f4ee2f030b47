/** Where negatives come from, in the order in which they are tried. */
import { type Random, shuffled } from './random.js'

export interface Candidate {
  position: number
  /** From 1; `undefined` for a chunk drawn at random. */
  rank: number | undefined
  /** The embedder's score of question and chunk. */
  score: number | undefined
}

export interface Hits {
  ids: ArrayLike<number>
  scores: ArrayLike<number>
}

export interface RankWindow {
  /** The first so many are passed over. */
  skipTop: number
  /** None after this rank, but for what `beyond` is asked for. */
  maxRank: number
  /** As far as a search goes. */
  deepest: number
}

/** Scores fall with the rank: from `over` on none passes. */
export type Outlook = 'not yet' | 'may pass' | 'over'

/** `deeper`: the search must go deeper before there is a next one. */
export type Next = Candidate | 'deeper' | undefined

/** What retrieval returned for a question, each chunk once, best first or in an order drawn from the window. */
export class Ranked {
  #hits: Hits
  #at = 0
  #seen = new Set<number>()
  #drawn: Candidate[] | undefined
  #gathered: Candidate[] = []
  /** The first `skipTop`, for those that have to go back to them. */
  readonly skipped: Candidate[] = []

  constructor(
    first: Hits,
    private readonly window: RankWindow,
    private readonly random?: Random,
  ) {
    this.#hits = first
  }

  get depth(): number {
    return this.#hits.ids.length
  }

  /** Takes the place of the hits before it: a deeper search of a graph may find others on the way. */
  extend(hits: Hits): void {
    this.#hits = hits
    this.#at = 0
  }

  /** Of what is ranked after the window, the next that may pass. */
  beyond(outlook: (score: number) => Outlook): Next {
    const { ids, scores } = this.#hits
    if (this.window.deepest <= this.window.maxRank) return undefined
    while (this.#at < ids.length) {
      const position = ids[this.#at]!
      const score = scores[this.#at++]!
      if (position < 0 || this.#seen.has(position)) continue
      this.#seen.add(position)
      const found = outlook(score)
      if (found === 'over') return undefined
      if (found === 'may pass') return { position, rank: this.#seen.size, score }
    }
    return ids.length < this.window.deepest ? 'deeper' : undefined
  }

  next(): Next {
    if (!this.random) return this.#nextByRank()
    if (!this.#drawn) {
      for (let next = this.#nextByRank(); next !== undefined; next = this.#nextByRank()) {
        if (next === 'deeper') return next
        this.#gathered.push(next)
      }
      this.#drawn = shuffled(this.#gathered, this.random).reverse()
    }
    return this.#drawn.pop()
  }

  #nextByRank(): Next {
    const { ids, scores } = this.#hits
    while (this.#at < ids.length && this.#seen.size < this.window.maxRank) {
      const position = ids[this.#at]!
      const score = scores[this.#at++]!
      if (position < 0 || this.#seen.has(position)) continue
      this.#seen.add(position)
      const candidate = { position, rank: this.#seen.size, score }
      if (candidate.rank > this.window.skipTop) return candidate
      this.skipped.push(candidate)
    }
    return this.#seen.size < this.window.maxRank && ids.length < this.window.maxRank ? 'deeper' : undefined
  }
}

/**
 * Every chunk of the corpus once, in random order.
 * @param positionAt of the n-th chunk, from 0.
 */
export function* drawn(
  count: number,
  seeded: () => Random,
  positionAt: (n: number) => number = (n) => n,
): Generator<Candidate> {
  const random = seeded() // a hash, which a question that draws nothing is spared
  const moved = new Map<number, number>() // Fisher and Yates, without the array
  for (let left = count; left > 0; left--) {
    const slot = random(left)
    const position = moved.get(slot) ?? slot
    moved.set(slot, moved.get(left - 1) ?? left - 1)
    yield { position: positionAt(position), rank: undefined, score: undefined }
  }
}
