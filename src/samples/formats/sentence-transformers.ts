/**
 * The four layouts of sentence-transformers' `mine_hard_negatives`. Its losses take columns by their
 * place, but for `label` and `labels`.
 */
import type { Columns } from '../../files/parquet-file.js'
import type { AssembledSample } from '../assemble.js'
import { byRole } from './by-role.js'

interface Triplet {
  anchor: string
  positive: string
  negative: string
}

export const TRIPLET: Columns = { anchor: 'string', positive: 'string', negative: 'string' }

/** Each positive with each negative. */
export function triplets(sample: AssembledSample): Triplet[] {
  const { question: anchor, positives, negatives } = byRole(sample)
  return positives.flatMap((positive) =>
    negatives.map((negative) => ({ anchor, positive: positive.text, negative: negative.text })),
  )
}

interface LabeledPair {
  anchor: string
  passage: string
  /** 1 for a positive. */
  label: 0 | 1
}

export const LABELED_PAIR: Columns = { anchor: 'string', passage: 'string', label: 'int' }

export function labeledPairs(sample: AssembledSample): LabeledPair[] {
  const { question: anchor, positives, negatives } = byRole(sample)
  return [
    ...positives.map(({ text }) => ({ anchor, passage: text, label: 1 as const })),
    ...negatives.map(({ text }) => ({ anchor, passage: text, label: 0 as const })),
  ]
}

interface LabeledList {
  anchor: string
  /** Positives first: ListMLE and PListMLE read the order as the ranking. */
  passages: string[]
  labels: (0 | 1)[]
}

export const LABELED_LIST: Columns = { anchor: 'string', passages: 'strings', labels: 'ints' }

export function labeledLists(sample: AssembledSample): LabeledList[] {
  const pairs = labeledPairs(sample)
  return [
    {
      anchor: sample.sample.question,
      passages: pairs.map(({ passage }) => passage),
      labels: pairs.map(({ label }) => label),
    },
  ]
}

/** A positive with all the negatives of its sample; made a row once it is known how many fit. */
export interface Tuple {
  anchor: string
  positive: string
  negatives: string[]
}

export function tuples(sample: AssembledSample): Tuple[] {
  const { question: anchor, positives, negatives } = byRole(sample)
  const texts = negatives.map(({ text }) => text)
  return positives.map(({ text }) => ({ anchor, positive: text, negatives: texts }))
}

/** Columns of rows with `n` negatives. */
export function tupleColumns(n: number): Columns {
  const negatives = Array.from({ length: n }, (_, i) => [`negative_${i + 1}`, 'string'] as const)
  return { anchor: 'string', positive: 'string', ...Object.fromEntries(negatives) }
}

/** @param n negatives, of which the tuple has as many at least. */
export function tupleRow({ anchor, positive, negatives }: Tuple, n: number): Record<string, string> {
  const taken = negatives.slice(0, n).map((negative, i) => [`negative_${i + 1}`, negative] as const)
  return { anchor, positive, ...Object.fromEntries(taken) }
}
