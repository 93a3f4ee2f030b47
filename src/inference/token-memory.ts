/** Tokens of texts that were compared lately: a passage is a candidate of many questions. */
import type { TokenCodes } from './token-matches.js'

export interface TokenMemory {
  /**
   * @param compute is asked for the texts that are not known, each once, by their places.
   * @returns the tokens of each text.
   */
  get(texts: string[], compute: (missing: number[]) => Promise<TokenCodes[]>): Promise<TokenCodes[]>
}

/** @param most bytes; what was not asked for the longest is forgotten. */
export function createTokenMemory(most: number): TokenMemory {
  const recent = new Map<string, TokenCodes>()
  let bytes = 0
  const keep = (text: string, tokens: TokenCodes) => {
    if (recent.delete(text)) bytes -= tokens.length
    recent.set(text, tokens)
    bytes += tokens.length
  }
  return {
    async get(texts, compute) {
      const known = new Map<string, TokenCodes>()
      const missing: number[] = []
      const places = new Set<string>()
      for (const [i, text] of texts.entries()) {
        const tokens = recent.get(text)
        if (tokens) known.set(text, tokens)
        else if (!places.has(text)) {
          places.add(text)
          missing.push(i)
        }
      }
      if (missing.length > 0) {
        const computed = await compute(missing)
        for (const [n, i] of missing.entries()) known.set(texts[i]!, computed[n]!)
      }
      for (const [text, tokens] of known) keep(text, tokens)
      for (const [text, tokens] of recent) {
        if (bytes <= most) break
        recent.delete(text)
        bytes -= tokens.length
      }
      return texts.map((text) => known.get(text)!)
    },
  }
}
