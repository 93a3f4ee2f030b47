/** How much wording two passages share: what a paraphrase keeps, and what a passage cut elsewhere repeats. */

/** Words, or for scripts that set no blanks between words each character and the next. */
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}]+/gu
const WITHOUT_BLANKS = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]$/u
/** So many words in a row are the same only where one text repeats the other. */
const RUN = 5
/** Of fewer words nothing can be said: any longer text has them. */
const LEAST_WORDS = 8

/** 32-bit hashes, ascending: a kilobyte for a passage, and quickly compared. */
export interface Wording {
  /** Of every word, as often as it occurs. */
  words: Uint32Array
  /** Of every `RUN` words in a row, each once. */
  runs: Uint32Array
}

interface Overlap {
  /** Share of the shorter text's words that are in the other, in whatever order. */
  words: number
  /** Share of the shorter text's runs of five words that are in the other. */
  runs: number
}

/** @param text normalised. */
export function wordingOf(text: string): Wording {
  const words = Uint32Array.from(wordsIn(text), hashOf)
  const runs = Uint32Array.from({ length: Math.max(0, words.length - RUN + 1) }, (_, i) =>
    hashOfRun(words, i),
  )
  return { words: words.sort(), runs: distinct(runs.sort()) }
}

/** Both 0 where a text is too short to tell. */
export function overlapOf(a: Wording, b: Wording): Overlap {
  const [short, long] = a.words.length <= b.words.length ? [a, b] : [b, a]
  if (short.words.length < LEAST_WORDS) return { words: 0, runs: 0 }
  return {
    words: sharedBy(short.words, long.words) / short.words.length,
    runs: sharedBy(short.runs, long.runs) / short.runs.length,
  }
}

/**
 * @param text normalised.
 * @returns single characters of Chinese say little: each counts with the one that follows.
 */
export function wordsIn(text: string): string[] {
  const found = text.match(WORD) ?? []
  return found.map((word, i) => {
    const next = found[i + 1]
    return next !== undefined && WITHOUT_BLANKS.test(word) && WITHOUT_BLANKS.test(next) ? word + next : word
  })
}

/** FNV-1a (Fowler, Noll, Vo), of the code units. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

function hashOfRun(words: Uint32Array, start: number): number {
  let hash = 0
  for (let i = start; i < start + RUN; i++) {
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
