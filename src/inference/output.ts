import type { Pooling } from '../models/card.js'

/** What a run gives for each row. */
export type Output =
  | { kind: 'vector'; pooling: Pooling; modelDims: number; dims: number; normalised: boolean }
  | { kind: 'logits'; labels: number }

/** Numbers a row. */
export function sizeOf(output: Output): number {
  return output.kind === 'vector' ? output.dims : output.labels
}
