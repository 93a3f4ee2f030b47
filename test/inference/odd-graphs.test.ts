/** Graphs made by hand that take, give or do what an embedder does not. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openEmbedder } from '#clara/inference/embedder.js'
import { resolveEmbedder } from '#clara/models/resolve.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { field, type Graph, intAttribute, intsAttribute, model, node, TYPES, value } from '../support/onnx.js'
import { copyTiny } from '../support/tiny-model.js'

const directory = useDirectory()

const IDS = value('input_ids', 'int64', ['rows', 'width'])
const out = (shape: (number | string)[], name = 'last_hidden_state', type: keyof typeof TYPES = 'float') =>
  value(name, type, shape)
const cast = (from: string, to: string, type: keyof typeof TYPES = 'float') =>
  node('Cast', [from], [to], intAttribute('to', TYPES[type]))
const last = node('Constant', [], ['last'], intsAttribute('value_ints', [2]))
const unsqueeze = (from: string, to: string) => node('Unsqueeze', [from, 'last'], [to])

/** Gives each token its own id, as a vector of one number. */
const plain: Graph = {
  nodes: [cast('input_ids', 'ids'), last, unsqueeze('ids', 'last_hidden_state')],
  inputs: [IDS],
  outputs: [out(['rows', 'width', 1])],
}

async function embed(graph: Graph, texts = ['the']): Promise<Float32Array> {
  const copy = copyTiny('bert-mean', join(directory.path, 'tiny')).write('onnx/model.onnx', model(graph))
  copy.json('card.json', { dims: 1, pooling: 'last-token' })
  const embedder = await openEmbedder(await resolveEmbedder(copy.path), { threads: 1, asReference: true })
  try {
    return await embedder.embed(texts, 'document')
  } finally {
    await embedder.close()
  }
}

test('the plain graph works, so that what follows fails for its own reason', async () => {
  expect([...(await embed(plain))]).toEqual([1]) // normalised, as modules.json says
})

test('a single output may have any name', async () => {
  const nodes = [cast('input_ids', 'ids'), last, unsqueeze('ids', 'output_0')]
  expect(await embed({ ...plain, nodes, outputs: [out(['rows', 'width', 1], 'output_0')] })).toHaveLength(1)
})

test.each<[string, Partial<Graph>, string]>([
  [
    'an input that is not known',
    { inputs: [IDS, value('pixel_values', 'float', ['rows', 3])] },
    'input pixel_values of float32',
  ],
  [
    'ids of floats',
    { inputs: [value('input_ids', 'float', ['rows', 'width'])] },
    'input input_ids of float32',
  ],
  [
    'a mask of strings',
    { inputs: [IDS, value('attention_mask', 'string', ['rows', 'width'])] },
    'attention_mask of string',
  ],
  [
    'no input_ids',
    {
      nodes: [cast('ids', 'f'), last, unsqueeze('f', 'last_hidden_state')],
      inputs: [value('ids', 'int64', ['rows', 'width'])],
    },
    'input ids of int64',
  ],
  [
    'two outputs of other names',
    {
      nodes: [cast('input_ids', 'f'), last, unsqueeze('f', 'a'), unsqueeze('f', 'b')],
      outputs: [out(['rows', 'width', 1], 'a'), out(['rows', 'width', 1], 'b')],
    },
    'outputs are a, b; expected one named last_hidden_state or token_embeddings',
  ],
  [
    'vectors of one number fewer dimensions',
    { nodes: [cast('input_ids', 'last_hidden_state')], outputs: [out(['rows', 'width'])] },
    'output last_hidden_state is of shape [1,3], expected [1,3,1]',
  ],
  [
    'whole numbers for vectors',
    {
      nodes: [last, unsqueeze('input_ids', 'last_hidden_state')],
      outputs: [out(['rows', 'width', 1], undefined, 'int64')],
    },
    'output last_hidden_state is of int64, expected float32 or float16',
  ],
  [
    'double precision',
    {
      nodes: [cast('input_ids', 'ids', 'double'), last, unsqueeze('ids', 'last_hidden_state')],
      outputs: [out(['rows', 'width', 1], undefined, 'double')],
    },
    'output last_hidden_state is of float64',
  ],
  [
    'a list for an output',
    {
      nodes: [
        ...plain.nodes.slice(0, 2),
        unsqueeze('ids', 'x'),
        node('SequenceConstruct', ['x'], ['last_hidden_state']),
      ],
      outputs: [
        Buffer.concat([field(1, 'last_hidden_state'), field(2, field(4, field(1, field(1, field(1, 1)))))]),
      ],
    },
    'the model cannot run: Non tensor type',
  ],
  [
    'an operator that does not exist',
    { nodes: [node('Levitate', ['input_ids'], ['last_hidden_state'])] },
    'cannot load it',
  ],
  ['an output that nothing gives', { nodes: [cast('input_ids', 'elsewhere')] }, 'cannot load it'],
  [
    'a step that fails when it runs',
    {
      nodes: [
        ...plain.nodes.slice(0, 2),
        unsqueeze('ids', 'x'),
        node('Constant', [], ['axes'], intsAttribute('value_ints', [7, 7, 7])),
        node('Reshape', ['x', 'axes'], ['last_hidden_state']),
      ],
    },
    'the model cannot run',
  ],
])('a graph with %s is refused', async (_, change, message) => {
  await expect(embed({ ...plain, ...change })).rejects.toMatchObject(claraError('model', message))
})
