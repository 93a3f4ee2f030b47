/** What kinds of questions are asked for, and how many of each about one passage. */
import { createHash } from 'node:crypto'
import { ClaraError } from '../errors.js'

export const PAIR_TYPES = ['fact', 'reasoning', 'cross-lingual', 'multi-hop'] as const
export type PairType = (typeof PAIR_TYPES)[number]

/** Shares of all pairs; they add up to 1. */
export type TypeShares = Partial<Record<PairType, number>>

export const DEFAULT_SHARES: TypeShares = { fact: 0.7, reasoning: 0.3 }

/**
 * `fact,reasoning`: equal shares. `fact:0.6,reasoning:0.3`: shares, which are scaled to add up to 1.
 * @throws ClaraError `usage`
 */
export function parseShares(text: string): TypeShares {
  const shares: TypeShares = {}
  for (const part of text.split(',')) {
    const [name, share = '1', ...rest] = part.trim().split(':')
    const type = PAIR_TYPES.find((each) => each === name)
    const value = Number(share)
    if (!type || rest.length > 0) throw wrongShares(text, `${JSON.stringify(name)} is no type`)
    if (type in shares) throw wrongShares(text, `${type} is there twice`)
    if (share.trim() === '' || !(value > 0 && value <= 1)) {
      throw wrongShares(text, `the share of ${type} must be over 0 and at most 1`)
    }
    shares[type] = value
  }
  const sum = Object.values(shares).reduce((a, b) => a + b, 0)
  return Object.fromEntries(Object.entries(shares).map(([type, share]) => [type, share / sum]))
}

function wrongShares(text: string, why: string): ClaraError {
  return new ClaraError(
    'usage',
    `--types ${text}: ${why}: expected ${PAIR_TYPES.join(', ')}, as in fact:0.6,reasoning:0.4`,
  )
}

/**
 * The types of the pairs that one passage gives, in the order of PAIR_TYPES. Each type gets its share
 * rounded down; what is left over is drawn by the passage's own hash, so that shares are right on average,
 * and that the same passage is always asked the same.
 */
export function allot(passage: string, count: number, shares: TypeShares): PairType[] {
  const types = PAIR_TYPES.filter((type) => shares[type] !== undefined)
  const start = drawFrom(passage)
  let sum = 0
  let given = 0
  return types.flatMap((type, i) => {
    sum += shares[type]! * count
    // Systematic sampling: a type gets the whole numbers that its stretch of the line passes.
    const until = i === types.length - 1 ? count : Math.min(count, Math.floor(sum + start))
    const mine = Math.max(0, until - given)
    given += mine
    return Array.from({ length: mine }, () => type)
  })
}

/** From 0 to below 1. */
function drawFrom(text: string): number {
  return createHash('sha256').update(`types ${text}`).digest().readUInt32BE() / 2 ** 32
}
