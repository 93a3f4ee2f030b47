import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { type Batch, feedsFor } from '#clara/inference/feeds.js'
import { claraError } from '../support/collect.js'

type Metadata = InferenceSession.ValueMetadata

const input = (name: string, type = 'int64', shape: (number | string)[] = ['rows', 'width']): Metadata =>
  ({ name, isTensor: true, type, shape }) as Metadata
const IDS = input('input_ids')

const right: Batch = {
  ids: Int32Array.of(5, 6, 7, 8, 0, 0),
  typeIds: Uint8Array.of(0, 1, 1, 0, 0, 0),
  lengths: Int32Array.of(3, 1),
  width: 3,
  padLeft: false,
}
const left: Batch = {
  ids: Int32Array.of(5, 6, 7, 0, 0, 8),
  lengths: Int32Array.of(3, 1),
  width: 3,
  padLeft: true,
}

function fed(name: string, batch: Batch, type = 'int64', shape?: (number | string)[]): Tensor {
  const { [name]: tensor } = feedsFor([IDS, input(name, type, shape)], 'a.onnx')(batch)
  return tensor as Tensor
}

test.each<[string, number[], number[]]>([
  ['input_ids', [5, 6, 7, 8, 0, 0], [5, 6, 7, 0, 0, 8]],
  ['attention_mask', [1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 1]],
  ['token_type_ids', [0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
  ['position_ids', [0, 1, 2, 0, 0, 0], [0, 1, 2, 0, 0, 0]],
])('%s, padded on the right and on the left, in both widths', (name, onRight, onLeft) => {
  for (const [batch, expected] of [
    [right, onRight],
    [left, onLeft],
  ] as const) {
    const wide = fed(name, batch)
    expect(wide).toMatchObject({ type: 'int64', dims: [2, 3] })
    expect(Array.from(wide.data as BigInt64Array, Number)).toEqual(expected)
    const narrow = fed(name, batch, 'int32')
    expect(narrow).toMatchObject({ type: 'int32', dims: [2, 3] })
    expect(Array.from(narrow.data as Int32Array)).toEqual(expected)
  }
})

test('the largest id fits', () => {
  const batch = { ...right, ids: Int32Array.of(2 ** 31 - 1), lengths: Int32Array.of(1), width: 1 }
  expect(fed('input_ids', batch).data).toEqual(BigInt64Array.of(2n ** 31n - 1n))
})

test.each([
  ['past_key_values.0.key', 'float32', ['batch', 2, 'past', 8], [2, 2, 0, 8]],
  ['past_key_values.11.value', 'float16', ['batch', 2, 'past', 8], [2, 2, 0, 8]],
  ['past_key_values.0.value', 'float32', ['batch', 'heads', 'past', 'size'], [2, 0, 0, 0]],
])('%s of %s is empty', (name, type, shape, dims) => {
  const tensor = fed(name, right, type, shape)
  expect(tensor).toMatchObject({ type, dims })
  expect(tensor.data).toHaveLength(0)
})

test.each<[string, Metadata[], string]>([
  ['no input_ids', [input('attention_mask')], 'inputs are attention_mask; expected input_ids'],
  ['an input that is not known', [IDS, input('pixel_values', 'float32')], 'input pixel_values of float32'],
  ['a name of every object', [IDS, input('constructor')], 'input constructor of int64'],
  ['ids of another type', [input('input_ids', 'float32')], 'input input_ids of float32'],
  ['a mask of another type', [IDS, input('attention_mask', 'bool')], 'input attention_mask of bool'],
  ['no tensor', [IDS, { name: 'cache', isTensor: false } as Metadata], 'input cache is no tensor'],
  ['a cache of another kind', [IDS, input('past_key_values.x.key')], 'input past_key_values.x.key'],
  [
    'a cache of another type',
    [IDS, input('past_key_values.0.key', 'int64')],
    'past_key_values.0.key of int64',
  ],
])('a graph with %s is refused', (_, inputs, message) => {
  expect(() => feedsFor(inputs, 'a.onnx')).toThrow(
    expect.objectContaining(claraError('model', 'a.onnx', message)),
  )
})
