/**
 * How many tokens a text has for Qwen2 and Qwen3 at most, nearly always, without their vocabulary.
 *
 * Their 151,000 tokens cut texts into fewer parts than the 32,000 of Mistral 7B, digits into as many. Of Chinese, whose words are
 * tokens to Qwen, each character counts for itself: 1 where simplified script uses it (GB 2312: 98% of those are a token),
 * 2 where only traditional does (Big5, level 1), else 3, the bytes. docs/tokenizers.md has what was measured.
 */

import type { TokenizerJson } from './tokenizer-json.js'
import { type TrainerCounter, trainerCounter } from './trainer-counter.js'

const HAN = /(\p{Script=Han}+)/u

export function qwenEstimate(mistral: TokenizerJson): TrainerCounter {
  const { within } = trainerCounter({ ...mistral, added_tokens: [] }) // its `<s>` is no token to them
  const costs = costsOfHan()
  const count = (text: string): number =>
    text.split(HAN).reduce((sum, part, i) => {
      if (part === '') return sum
      if (i % 2 === 0) return sum + within([part])[0]!
      for (const character of part) sum += costs.get(character) ?? Buffer.byteLength(character)
      return sum
    }, 0)
  const counts = (texts: string[]) => Int32Array.from(texts, count)
  return { whole: counts, within: counts }
}

function costsOfHan(): Map<string, number> {
  const costs = new Map<string, number>()
  for (const [encoding, firsts, cost] of [
    ['big5', [0xa4, 0xc6], 2],
    ['gb2312', [0xb0, 0xf7], 1],
  ] as const) {
    const decoder = new TextDecoder(encoding)
    for (let first = firsts[0]; first <= firsts[1]; first++) {
      for (let second = encoding === 'big5' ? 0x40 : 0xa1; second <= 0xfe; second++) {
        const [character, ...more] = decoder.decode(Uint8Array.of(first, second))
        if (more.length === 0 && character && HAN.test(character)) costs.set(character, cost)
      }
    }
  }
  return costs
}
