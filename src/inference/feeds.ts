/** A batch of token ids -> the tensors that a graph asks for. */
import { ClaraError } from '../errors.js'
import { type InferenceSession, Tensor } from '../runtime/onnxruntime.js'
import { rowStart } from './batches.js'

export interface Batch {
  /** Row-major [rows, width]. */
  ids: Int32Array
  /** Segments, as `ids`; absent where all are 0. */
  typeIds?: Uint8Array
  /** Tokens of each row. */
  lengths: Int32Array
  width: number
  padLeft: boolean
}

type Metadata = InferenceSession.ValueMetadata
type Build = (batch: Batch) => Tensor

/** What a cache of keys and values is called in exported decoders; it is fed empty. */
const PAST = /^past_key_values\.\d+\.(key|value)$/

/**
 * @returns what builds the inputs of a run.
 * @throws ClaraError `model` for an input that is not known.
 */
export function feedsFor(
  inputs: readonly Metadata[],
  path: string,
): (batch: Batch) => InferenceSession.FeedsType {
  const builders = inputs.map((input): [string, Build] => [input.name, builderFor(input, path)])
  if (!inputs.some(({ name }) => name === 'input_ids')) {
    throw new ClaraError(
      'model',
      `${path}: inputs are ${inputs.map((i) => i.name).join(', ')}; expected input_ids among them`,
    )
  }
  return (batch) => Object.fromEntries(builders.map(([name, build]) => [name, build(batch)]))
}

function builderFor(input: Metadata, path: string): Build {
  if (!input.isTensor) throw new ClaraError('model', `${path}: input ${input.name} is no tensor`)
  const { name, type, shape } = input
  if (PAST.test(name) && (type === 'float32' || type === 'float16'))
    return (batch) => emptyPast(type, shape, batch.lengths.length)
  const values = VALUES.get(name)
  if (values && (type === 'int64' || type === 'int32')) {
    return (batch) => integers(type, values(batch), [batch.lengths.length, batch.width])
  }
  throw new ClaraError(
    'model',
    `${path}: input ${name} of ${type} is not one that can be fed; expected ${[...VALUES.keys()].join(', ')} of int64 or int32`,
  )
}

const VALUES = new Map<string, (batch: Batch) => ArrayLike<number>>([
  ['input_ids', ({ ids }) => ids],
  ['attention_mask', attentionMask],
  ['token_type_ids', ({ typeIds, ids }) => typeIds ?? new Uint8Array(ids.length)],
  ['position_ids', positionIds],
])

function attentionMask({ ids, lengths, width, padLeft }: Batch): Uint8Array {
  const mask = new Uint8Array(ids.length)
  lengths.forEach((length, row) => {
    const start = rowStart({ width, padLeft }, row, length)
    mask.fill(1, start, start + length)
  })
  return mask
}

/** Counted from a row's first token; padding has position 0 and is masked. */
function positionIds({ ids, lengths, width, padLeft }: Batch): Int32Array {
  const positions = new Int32Array(ids.length)
  lengths.forEach((length, row) => {
    const start = rowStart({ width, padLeft }, row, length)
    for (let i = 0; i < length; i++) positions[start + i] = i
  })
  return positions
}

function integers(type: 'int64' | 'int32', values: ArrayLike<number>, dims: number[]): Tensor {
  if (type === 'int32') return new Tensor('int32', Int32Array.from(values), dims)
  const wide = new BigInt64Array(values.length)
  // None is negative, so that the lower half is all there is: several times as fast as BigInt().
  const halves = new Int32Array(wide.buffer)
  for (let i = 0; i < values.length; i++) halves[2 * i] = values[i]!
  return new Tensor('int64', wide, dims)
}

/** [rows, heads, 0, head size]: the graph names the sizes that are not fixed. */
function emptyPast(type: Tensor.Type, shape: readonly (number | string)[], rows: number): Tensor {
  const dims = shape.map((size, axis) => (typeof size === 'number' ? size : axis === 0 ? rows : 0))
  const data = type === 'float16' ? new Uint16Array(0) : new Float32Array(0)
  return new Tensor(type, data, dims)
}
