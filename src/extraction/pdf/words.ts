/** Lines of a paragraph as one text: words parted at line ends made whole. */
import { isIdeographic } from './characters.js'

/** Words of a document that stand within lines: whether a hyphen at a line's end belongs to the word is seen from them. */
export type Vocabulary = ReadonlySet<string>

/** @param texts lines in the order in which they are read. */
export function vocabularyOf(texts: Iterable<string>): Set<string> {
  const words = new Set<string>()
  let parted = false
  for (const text of texts) {
    const all = text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+(?:[-‐][\p{L}\p{M}\p{N}]+)*/gu) ?? []
    // The last word of a line may be half a word, and the first of the next the other half.
    const first = parted ? 1 : 0
    parted = /[-‐]$/.test(text)
    for (const word of all.slice(first, parted ? -1 : undefined)) words.add(word.replaceAll('‐', '-'))
  }
  return words
}

export function joinLines(lines: readonly string[], vocabulary: Vocabulary): string {
  return lines.reduce((text, line) => joinTwo(text, line, vocabulary), '')
}

export function joinTwo(text: string, next: string, vocabulary: Vocabulary): string {
  if (!text || !next) return text + next
  const head = /(?:^|[^\p{L}\p{M}\p{N}])([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}])[-‐]$/u.exec(text)?.[1]
  const tail = /^[\p{L}\p{M}]+(?:-[\p{L}\p{M}]+)*/u.exec(next)?.[0]
  if (head && tail) return keepsHyphen(head, tail, vocabulary) ? text + next : text.slice(0, -1) + next
  if (/\S[-‐–—/]$/.test(text) && /^\p{N}/u.test(next)) return text + next
  const ideographs = isIdeographic([...text].at(-1)!) && isIdeographic([...next][0]!)
  return ideographs ? text + next : `${text} ${next}`
}

/** Half of a compound is mostly a word that the document has, and the whole is one that it has not. */
function keepsHyphen(head: string, tail: string, vocabulary: Vocabulary): boolean {
  const first = head.toLowerCase().split('-').at(-1)!
  const second = tail.toLowerCase().split('-')[0]!
  if (vocabulary.has(first + second)) return false
  if (vocabulary.has(`${first}-${second}`)) return true
  if (/^\p{Lu}/u.test(tail)) return true
  if (head.includes('-')) return vocabulary.has(first)
  return vocabulary.has(first) && vocabulary.has(second) && first.length > 2 && second.length > 2
}
