/** Why a candidate was passed over: which of the reasons mean that it may answer the question. */
import type { Exclusion } from '../../negatives/hunt.js'

/**
 * `text`: what it says gives it away. `score`: the model finds it as good as the positive. `place`: it stands in or
 * beside what answers. `other`: it is the positive itself, or it is left out for another reason than that.
 */
export type ReasonKind = 'text' | 'score' | 'place' | 'other'

const KINDS: Record<Exclusion, ReasonKind> = {
  'is a positive': 'other',
  'same text as a positive': 'text',
  'same document as a positive': 'place',
  'next to a positive': 'place',
  'near-duplicate of a positive': 'text',
  'contains the answer': 'text',
  'positive of an equal question': 'text',
  'score near the positive': 'score',
  'score within the margin': 'score',
  'score over --max-score': 'score',
  'score under --min-score': 'other',
  'same text as a candidate before it': 'other',
  'used often enough': 'other',
}

export function kindOf(reason: string): ReasonKind {
  return Object.hasOwn(KINDS, reason) ? KINDS[reason as Exclusion] : 'other'
}

export function mayAnswer(reason: string): boolean {
  return kindOf(reason) !== 'other'
}
