/** Pairs that a program hands over. */
import { requireOptions } from '../arguments.js'
import { ClaraError } from '../errors.js'
import type { TextPair } from './encoding.js'

const isString = (name: string, value: unknown) => {
  if (typeof value !== 'string')
    throw new ClaraError('usage', `${name} is ${typeof value}, expected a string`)
}

/** @throws ClaraError `usage` for what is no list of pairs of texts. */
export function requirePairs(verb: string, pairs: TextPair[]): void {
  if (!Array.isArray(pairs))
    throw new ClaraError('usage', `${verb}: pairs is no list, expected one of {question, passage}`)
  for (const [i, pair] of pairs.entries()) {
    requireOptions(`${verb}: pairs[${i}]`, pair, { question: isString, passage: isString })
  }
}
