/** Texts of chunks that are only known by their ids, wherever they turn up. */
import { type Excerpt, excerptOf, MOST_PASSAGE } from './excerpt.js'

export class WantedTexts {
  readonly #takers = new Map<string, ((text: Excerpt) => void)[]>()

  want(chunkId: string, take: (text: Excerpt) => void): void {
    const takers = this.#takers.get(chunkId)
    if (takers) takers.push(take)
    else this.#takers.set(chunkId, [take])
  }

  /** Nobody wants anything any more. */
  get isEmpty(): boolean {
    return this.#takers.size === 0
  }

  give(chunkId: string, text: string): void {
    const takers = this.#takers.get(chunkId)
    if (!takers) return
    const excerpt = excerptOf(text, MOST_PASSAGE)
    for (const take of takers) take(excerpt)
    this.#takers.delete(chunkId)
  }
}
