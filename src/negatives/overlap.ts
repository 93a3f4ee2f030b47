/** How much wording two passages share: what a paraphrase keeps, and what a passage cut elsewhere repeats. */

import { NUMBER_WORDS, plainNumbers } from '../text/numbers.js'
import { isCharacter, wordsIn } from '../text/words.js'

/** So many words in a row are the same only where one text repeats the other. */
const RUN = 5
/** Of fewer words nothing can be said by shares: any longer text has them. */
const LEAST_WORDS = 8
/** As many are known again where another text has all of them in a row; fewer only where it has nothing else. */
const LEAST_IN_A_ROW = 5

/** 32-bit hashes, ascending: a kilobyte for a passage, and quickly compared. */
export interface Wording {
  /** Of every word, as often as it occurs. */
  words: Uint32Array
  /** Of every `RUN` words in a row, each once. */
  runs: Uint32Array
  /** Of all words in their order. */
  whole: number
  /** Words; characters of scripts without blanks, and of Korean, are half of one. */
  size: number
}

interface Overlap {
  /** Share of the shorter text's words that are in the other, in whatever order. */
  words: number
  /** Share of the shorter text's runs of five words that are in the other. */
  runs: number
}

/** @param folded as `foldText` returns it */
export function wordingOf(folded: string): Wording {
  const found = wordsIn(plainNumbers(folded)).map((word) => NUMBER_WORDS[word] ?? word)
  const words = Uint32Array.from(found, hashOf)
  const runs = Uint32Array.from({ length: Math.max(0, words.length - RUN + 1) }, (_, i) =>
    hashOfRun(words, i, RUN),
  )
  const whole = hashOfRun(words, 0, words.length)
  const size = found.reduce((sum, word) => sum + (isCharacter(word) ? 0.5 : 1), 0)
  return { words: words.sort(), runs: distinct(runs.sort()), whole, size }
}

/** Both 1 for a few words that are all of the other text, or that stand in it in a row; both 0 where a text is too short to tell. */
export function overlapOf(a: Wording, b: Wording): Overlap {
  const [short, long] = a.words.length <= b.words.length ? [a, b] : [b, a]
  const runs = short.runs.length === 0 ? 0 : sharedBy(short.runs, long.runs) / short.runs.length
  if (short.words.length >= LEAST_WORDS) {
    return { words: sharedBy(short.words, long.words) / short.words.length, runs }
  }
  const isSame =
    short.words.length > 0 && short.words.length === long.words.length && short.whole === long.whole
  const isInARow = short.size >= LEAST_IN_A_ROW && runs === 1
  return isSame || isInARow ? { words: 1, runs: 1 } : { words: 0, runs: 0 }
}

/** FNV-1a (Fowler, Noll, Vo), of the code units. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

function hashOfRun(words: Uint32Array, start: number, count: number): number {
  let hash = 0
  for (let i = start; i < start + count; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x85ebca6b)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}

function distinct(sorted: Uint32Array): Uint32Array {
  return sorted.filter((value, i) => i === 0 || value !== sorted[i - 1])
}

/** How many of ascending numbers are in both, each as often as in the one that has it less often. */
function sharedBy(a: Uint32Array, b: Uint32Array): number {
  let shared = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      shared++
      i++
      j++
    } else if (a[i]! < b[j]!) i++
    else j++
  }
  return shared
}
