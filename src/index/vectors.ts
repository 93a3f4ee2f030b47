/** What vectors of an index must be, before they go in and when it is verified. */
import { ClaraError } from '../errors.js'
import type { CheckedFile } from './checked-file.js'
import type { Metric } from './graph.js'

/** Float32 keeps a norm to about 1e-6; bf16 models reach some 1e-3. */
const NORM_TOLERANCE = 1e-3

/**
 * Numbers that are finite; with `cos`, unit length.
 * @returns what is wrong with the first vector that is not so.
 */
export function faultOfVectors(
  vectors: Float32Array,
  { dims, metric }: { dims: number; metric: Metric },
): { row: number; reason: string } | undefined {
  for (let row = 0; row * dims < vectors.length; row++) {
    let square = 0
    for (let i = row * dims; i < (row + 1) * dims; i++) square += vectors[i]! * vectors[i]!
    if (!Number.isFinite(square)) return { row, reason: 'a number that is not finite' }
    const norm = Math.sqrt(square)
    if (metric === 'cos' && Math.abs(norm - 1) > NORM_TOLERANCE) {
      return { row, reason: `length ${norm.toPrecision(4)}, expected 1` }
    }
  }
  return undefined
}

/** @throws ClaraError `model` that names the first text whose vector is of no use. */
export function requireUsableVectors(
  vectors: Float32Array,
  { dims, unit, model }: { dims: number; unit: boolean; model: { card: { name: string } } },
  nameOf: (row: number) => string,
): void {
  const fault = faultOfVectors(vectors, { dims, metric: metricOf({ unit }) })
  if (!fault) return
  throw new ClaraError(
    'model',
    `the vector that ${model.card.name} gave for ${nameOf(fault.row)} has ${fault.reason}`,
  )
}

/** @throws ClaraError `index` where the file's size is not that of its rows. */
export function requireVectorFile(
  { path, bytes }: CheckedFile,
  { dims, rows }: { dims: number; rows: number },
): void {
  if (bytes === rows * dims * 4) return
  throw new ClaraError('index', `${path}: ${bytes} bytes, expected ${rows} vectors of ${dims}`)
}

/** Vectors of unit length are compared by cosine, others by inner product. */
export function metricOf({ unit }: { unit: boolean }): Metric {
  return unit ? 'cos' : 'ip'
}
