/** Seeded randomness that depends on what is drawn for, not on when. */
import { createHash } from 'node:crypto'

/** @returns whole numbers from 0 to below `limit`. */
export type Random = (limit: number) => number

/** SplitMix32 (Steele et al. 2014, 32-bit variant), seeded from the SHA-256 of the parts. */
export function randomFor(...parts: (string | number)[]): Random {
  let state = createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32LE()
  const next = () => {
    state = (state + 0x9e3779b9) | 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  return (limit) => Math.floor((next() / 2 ** 32) * limit)
}

/** Fisher and Yates; the input stays as it is. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = random(i + 1)
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}
