import type { Pooling } from '../models/card.js'

/** What a run gives for each row. */
export type Output =
  | { kind: 'vector'; pooling: Pooling; modelDims: number; dims: number; normalised: boolean }
  | { kind: 'logits'; labels: number }
  | { kind: 'tokens'; modelDims: number }

/** Numbers a row; of token vectors there are as many as tokens. */
export function sizeOf(output: Output): number {
  if (output.kind === 'tokens') return output.modelDims
  return output.kind === 'vector' ? output.dims : output.labels
}
