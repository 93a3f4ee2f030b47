/** Ranking by the words that a question and a chunk share: Okapi BM25 (Robertson and Zaragoza 2009). */

const K1 = 1.2
const B = 0.75

interface Bm25 {
  /** @param words of the next text; texts are numbered from 0. */
  add(words: string[]): void
  /** @returns the k best texts that share a word with the question, best first, ties by number. */
  search(words: string[], k: number): Uint32Array
}

/** Numbers of texts and how often the word is in each, in turns; grown by doubling. */
interface Postings {
  pairs: Uint32Array
  length: number
}

export function createBm25(): Bm25 {
  const postings = new Map<string, Postings>()
  const lengths: number[] = []
  let total = 0
  let scores = new Float64Array(0)
  return {
    add(words) {
      const counts = new Map<string, number>()
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
      for (const [word, count] of counts) push(postings, word, lengths.length, count)
      lengths.push(words.length)
      total += words.length
    },
    search(words, k) {
      if (scores.length < lengths.length) scores = new Float64Array(lengths.length)
      const found: number[] = []
      const mean = total / lengths.length
      for (const word of new Set(words)) {
        const { pairs, length } = postings.get(word) ?? NONE
        const rarity = Math.log(1 + (lengths.length - length / 2 + 0.5) / (length / 2 + 0.5))
        for (let i = 0; i < length; i += 2) {
          const [text, count] = [pairs[i]!, pairs[i + 1]!]
          if (scores[text] === 0) found.push(text)
          const norm = K1 * (1 - B + (B * lengths[text]!) / mean)
          scores[text]! += (rarity * count * (K1 + 1)) / (count + norm)
        }
      }
      found.sort((a, b) => scores[b]! - scores[a]! || a - b)
      const best = Uint32Array.from(found.slice(0, k))
      for (const text of found) scores[text] = 0
      return best
    },
  }
}

const NONE: Postings = { pairs: new Uint32Array(), length: 0 }

function push(postings: Map<string, Postings>, word: string, text: number, count: number): void {
  let list = postings.get(word)
  if (!list) {
    list = { pairs: new Uint32Array(2), length: 0 }
    postings.set(word, list)
  }
  if (list.length === list.pairs.length) {
    const larger = new Uint32Array(list.length * 2)
    larger.set(list.pairs)
    list.pairs = larger
  }
  list.pairs[list.length] = text
  list.pairs[list.length + 1] = count
  list.length += 2
}
