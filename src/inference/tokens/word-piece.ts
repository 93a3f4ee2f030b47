/** WordPiece: the longest token that a word begins with, again and again; none: the word is unknown. */
import type { Component } from '../tokenizer-json.js'
import type { Model } from './models.js'

export function wordPiece(config: Component): Model {
  const { unk_token: unknownToken, max_input_chars_per_word: limit = 100 } = config
  const prefix = (config.continuing_subword_prefix as string | undefined) ?? '##'
  const vocab = config.vocab as Record<string, number>
  const unknown = vocab[unknownToken as string]
  if (unknown === undefined) throw new Error(`model: the vocabulary lacks ${JSON.stringify(unknownToken)}`)
  const starting = new Map(Object.entries(vocab))
  const continuing = new Map<string, number>()
  let longest = 0
  for (const [token, id] of starting) {
    longest = Math.max(longest, token.length)
    if (token.startsWith(prefix)) continuing.set(token.slice(prefix.length), id)
  }

  return (word) => {
    if (isLongerThan(word, limit as number)) return [unknown]
    const ids: number[] = []
    let start = 0
    while (start < word.length) {
      const tokens = start === 0 ? starting : continuing
      let end = Math.min(word.length, start + longest)
      let id: number | undefined
      while (end > start) {
        id = tokens.get(word.slice(start, end))
        if (id !== undefined) break
        end--
      }
      if (id === undefined) return [unknown]
      ids.push(id)
      start = end
    }
    return ids
  }
}

/** In characters: one is at most two units. */
function isLongerThan(word: string, characters: number): boolean {
  if (word.length <= characters) return false
  return word.length > characters * 2 || Array.from(word).length > characters
}
