/** The ONNX graphs of exact search: rows [rows, dims] by queries [dims, queries]. */
import { constant, model, node, value } from '../../runtime/onnx-writer.js'

/** Rows of which the graph gives the best score beside the scores: one comparison passes over so many. */
export const GROUP = 16
/** What the int8 code of zero is. */
export const ZERO_CODE = 128

/**
 * Inputs `rows` and `queries` of f32; `scores` [rows, queries] and `best` [rows / GROUP, queries].
 * `grouped` is [rows / GROUP, GROUP, queries].
 */
export function scoreGraph(dims: number): Uint8Array {
  return model({
    nodes: [node('MatMul', ['rows', 'queries'], ['scores']), ...bestOfGroups()],
    inputs: [
      value('rows', 'float', ['rows', dims]),
      value('queries', 'float', [dims, 'queries']),
      value('grouped', 'int64', [3]),
    ],
    outputs: [value('scores', 'float', ['rows', 'queries']), value('best', 'float', ['groups', 'queries'])],
  })
}

/** As scoreGraph, of codes: u8 with zero at ZERO_CODE for the rows, s8 for the queries; scores are s32. */
export function codeGraph(dims: number): Uint8Array {
  return model({
    nodes: [node('MatMulInteger', ['rows', 'queries', 'zero'], ['scores']), ...bestOfGroups()],
    inputs: [
      value('rows', 'uint8', ['rows', dims]),
      value('queries', 'int8', [dims, 'queries']),
      value('grouped', 'int64', [3]),
    ],
    outputs: [value('scores', 'int32', ['rows', 'queries']), value('best', 'int32', ['groups', 'queries'])],
    constants: [constant('zero', 'uint8', [], Uint8Array.of(ZERO_CODE))],
  })
}

function bestOfGroups(): Buffer[] {
  return [
    node('Reshape', ['scores', 'grouped'], ['groups']),
    node('ReduceMax', ['groups'], ['best'], { axes: [1], keepdims: 0 }),
  ]
}

/** For a GPU, from which all scores would be slow to fetch: `k` best `scores` and `places` of each query. */
export function topGraph(dims: number): Uint8Array {
  return model({
    nodes: [
      node('MatMul', ['rows', 'queries'], ['all']),
      node('TopK', ['all', 'k'], ['scores', 'places'], { axis: 0, largest: 1, sorted: 1 }),
    ],
    inputs: [
      value('rows', 'float', ['rows', dims]),
      value('queries', 'float', [dims, 'queries']),
      value('k', 'int64', [1]),
    ],
    outputs: [value('scores', 'float', ['k', 'queries']), value('places', 'int64', ['k', 'queries'])],
  })
}
