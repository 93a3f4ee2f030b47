/** Graphs that lie about themselves, and files that are none. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ClaraError } from '#clara/errors.js'
import { readOnnxFile } from '#clara/models/onnx-file.js'
import { resolveModel } from '#clara/models/resolve.js'
import { randomFor } from '#clara/negatives/random.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { externalTensor, field, graph, model, node, varint } from '../support/onnx.js'
import { copyTiny, TINY } from '../support/tiny-model.js'

const directory = useDirectory()
const GRAPH = 'onnx/model.onnx'
const whole = readFileSync(join(TINY, 'bert-int32', GRAPH))
/** The nodes, inputs and outputs, and all: most of a graph is weights, of which nothing is read. */
const PARTS = [
  [0, 11_000],
  [whole.length - 1500, whole.length],
  [0, whole.length],
] as const

/** @returns the message of what is thrown, which must be for a user; '' where nothing is. */
async function outcome(bytes: Buffer): Promise<string> {
  const path = await directory.write('a.onnx', bytes)
  try {
    const { operators } = readOnnxFile(path)
    expect(operators.size).toBeGreaterThan(0)
    return ''
  } catch (error) {
    if (!(error instanceof ClaraError)) throw error
    expect(error).toMatchObject(claraError('model', path))
    return error.message
  }
}

test('a graph says what it takes, gives and holds', () => {
  expect(readOnnxFile(join(TINY, 'bert-pooled', GRAPH))).toMatchObject({
    inputs: ['input_ids', 'attention_mask', 'token_type_ids'],
    outputs: [
      { name: 'token_embeddings', shape: [undefined, undefined, 32] },
      { name: 'sentence_embedding', shape: [undefined, undefined] },
    ],
    externalFiles: new Set(),
  })
  const { operators, externalFiles } = readOnnxFile(join(TINY, 'bert-external', GRAPH))
  expect([...operators]).toEqual(expect.arrayContaining(['Gather', 'MatMul', 'Softmax']))
  expect([...externalFiles]).toEqual(['model.onnx_data'])
})

describe('a file cut anywhere is refused or has lost what comes last', () => {
  const cuts = [
    0,
    1,
    2,
    7,
    8,
    64,
    ...Array.from({ length: 150 }, (_, i) => Math.floor((i * whole.length) / 150)),
  ]
  test('at many places', async () => {
    const outcomes = await Promise.all(
      cuts.map(async (length) => {
        const path = await directory.write(`${length}.onnx`, whole.subarray(0, length))
        try {
          return readOnnxFile(path) && length
        } catch (error) {
          expect(error).toMatchObject(claraError('model', path, 'no ONNX file'))
          return -1
        }
      }),
    )
    expect(outcomes.every((length) => length < 0)).toBe(true)
  })
})

test('300 files with changed bytes give a value or an error for a user', async () => {
  const random = randomFor('changed bytes')
  let refused = 0
  for (let i = 0; i < 300; i++) {
    const bytes = Buffer.from(whole)
    for (let n = 0; n <= random(8); n++) {
      const [start, end] = PARTS[n % PARTS.length]!
      bytes[start + random(end - start)] = random(256)
    }
    if ((await outcome(bytes)) !== '') refused++
  }
  expect(refused).toBeGreaterThan(20)
  expect(refused).toBeLessThan(300)
})

const identity = node('Identity', ['a'], ['b'])
const nested = (depth: number): Buffer =>
  depth === 0
    ? graph({ nodes: [identity], inputs: [], outputs: [] })
    : graph({ nodes: [around(depth - 1)], inputs: [], outputs: [] })
const around = (depth: number) =>
  node('If', ['a'], ['b'], field(5, Buffer.concat([field(1, 'then_branch'), field(6, nested(depth))])))

test.each<[string, Buffer, string]>([
  ['nothing', Buffer.alloc(0), 'no operators'],
  ['zeros', Buffer.alloc(1000), ''],
  ['a graph of nothing', model(Buffer.alloc(0)), 'no operators'],
  ['a graph without nodes', model({ nodes: [], inputs: [], outputs: [] }), 'no operators'],
  [
    'a length beyond the file',
    Buffer.concat([varint(7 * 8 + 2), varint(1e6)]),
    'speaks of 1000000 bytes, only 0',
  ],
  [
    'the longest length',
    Buffer.concat([varint(58), Buffer.from('ffffffffffffffffff01', 'hex')]),
    'speaks of',
  ],
  ['a number without an end', Buffer.alloc(64, 0xff), 'no number'],
  ['a number at the end of the file', Buffer.from([0x3a, 0x80]), 'no number'],
  ['a wire type that is gone', Buffer.from([0x3b, 0x00]), 'wire type 3'],
  [
    'a name of 100 kB',
    model({ nodes: [node('x'.repeat(1e5), [], [])], inputs: [], outputs: [] }),
    'a name of 100000 bytes',
  ],
  ['graphs in graphs', model(nested(9)), 'nested deeper than 8'],
  ['graphs in graphs in graphs', model(nested(2000)), 'nested deeper than 8'],
  ['text', Buffer.from('this is no protobuf'), ''],
  ['JSON', Buffer.from('{"model": 1}'), ''],
  ['HTML', Buffer.from('<!DOCTYPE html>'), ''],
])('%s is refused', async (_, bytes, message) => {
  const found = await outcome(bytes)
  expect(found).toContain('is no ONNX file, or a part of one')
  expect(found).toContain(message)
})

test('a folder and a missing file are refused', () => {
  for (const path of [directory.path, join(directory.path, 'none.onnx')]) {
    expect(() => readOnnxFile(path)).toThrow(
      expect.objectContaining(claraError('model', path, 'cannot be read')),
    )
  }
})

test('a size that is negative, or over what a number holds, is no size', async () => {
  const minusOne = Buffer.from('ffffffffffffffffff01', 'hex')
  const dim = field(1, Buffer.concat([Buffer.from([8]), minusOne]))
  const output = Buffer.concat([field(1, 'x'), field(2, field(1, field(2, dim)))])
  const bytes = model({ nodes: [identity], inputs: [], outputs: [output] })
  const copy = copyTiny('bert-mean', join(directory.path, 'tiny')).write(GRAPH, bytes)
  await expect(resolveModel(copy.path)).rejects.toMatchObject(claraError('model', copy.path, '"dims"'))
})

describe('weights outside of the folder are found wherever a graph may name them', () => {
  const outside = externalTensor('w', ['offset', '0'], ['location', '../w'])
  const swapped = Buffer.concat([
    field(8, 'w'),
    field(13, Buffer.concat([field(2, '../w'), field(1, 'location')])),
  ])
  const attribute = (number: number, content: Buffer) =>
    node('Constant', [], ['c'], field(5, Buffer.concat([field(1, 'value'), field(number, content)])))
  const inGraph = (...more: Buffer[]) => graph({ nodes: [identity], inputs: [], outputs: [], more })
  const withNode = (each: Buffer) => model({ nodes: [each], inputs: [], outputs: [] })

  test.each<[string, Buffer]>([
    ['an initializer', model(inGraph(field(5, outside)))],
    ['an initializer with its value before its key', model(inGraph(field(5, swapped)))],
    ['the values of a sparse initializer', model(inGraph(field(15, field(1, outside))))],
    ['the indices of a sparse initializer', model(inGraph(field(15, field(2, outside))))],
    ['a tensor of a node', withNode(attribute(5, outside))],
    ['one of several tensors of a node', withNode(attribute(10, outside))],
    ['a sparse tensor of a node', withNode(attribute(22, field(1, outside)))],
    ['one of several sparse tensors', withNode(attribute(23, field(1, outside)))],
    ['a graph in a node', withNode(attribute(6, inGraph(field(5, outside))))],
    ['one of several graphs in a node', withNode(attribute(11, inGraph(field(5, outside))))],
    ['a function', model(inGraph(), field(25, field(7, attribute(5, outside))))],
    ['an attribute of a function', model(inGraph(), field(25, field(11, field(5, outside))))],
  ])('%s', async (_, bytes) => {
    const copy = copyTiny('bert-mean', join(directory.path, 'tiny')).write(GRAPH, bytes)
    await expect(resolveModel(copy.path)).rejects.toMatchObject(
      claraError('model', copy.file(GRAPH), 'its weights lie in ../w, expected a file beside it'),
    )
  })

  test.each(['/etc/passwd', '..', '.', 'a/../../b', '..\\w', 'sub/w', 'C:w'])('%s', async (location) => {
    const bytes = model(inGraph(field(5, externalTensor('w', ['location', location]))))
    const copy = copyTiny('bert-mean', join(directory.path, 'tiny')).write(GRAPH, bytes)
    await expect(resolveModel(copy.path)).rejects.toMatchObject(
      claraError('model', copy.file(GRAPH), `lie in ${location},`),
    )
  })

  test('a file that is missing, and a name of nothing', async () => {
    for (const [location, message] of [
      ['weights', 'has no onnx/weights'],
      ['', 'its weights lie in'],
    ] as const) {
      const bytes = model(inGraph(field(5, externalTensor('w', ['location', location]))))
      const copy = copyTiny('bert-mean', join(directory.path, `tiny${location}`)).write(GRAPH, bytes)
      await expect(resolveModel(copy.path)).rejects.toMatchObject(claraError('model', copy.path, message))
    }
  })
})
