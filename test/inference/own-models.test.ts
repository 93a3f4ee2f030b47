/** Models of a user's own whose files changed, or whose card does not fit them: refused when they are opened or run. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Embedder, openEmbedder } from '#clara/inference/embedder.js'
import { openReranker } from '#clara/inference/reranker.js'
import { resolveEmbedder, resolveReranker } from '#clara/models/resolve.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { copyTiny, type TinyCopy } from '../support/tiny-model.js'

const directory = useDirectory()
const tiny = (name: string) => copyTiny(name, join(directory.path, 'tiny'))
const WEIGHTS = 'onnx/model.onnx_data'

/** Opens, embeds, closes. */
async function use(embedder: Promise<Embedder>, texts = ['the town']): Promise<Float32Array> {
  const opened = await embedder
  try {
    return await opened.embed(texts, 'document')
  } finally {
    await opened.close()
  }
}

test.each<[string, string, (copy: TinyCopy) => unknown, string]>([
  [
    'weights that changed',
    WEIGHTS,
    (copy) => copy.edit(WEIGHTS, (bytes) => bytes.fill(1, 64, 65)),
    'does not have the',
  ],
  [
    'weights cut short',
    WEIGHTS,
    (copy) => copy.edit(WEIGHTS, (bytes) => bytes.subarray(1)),
    'does not have the',
  ],
  ['weights that are gone', WEIGHTS, (copy) => rmSync(copy.file(WEIGHTS)), 'cannot be read'],
  [
    'a graph that grew',
    'onnx/model.onnx',
    (copy) => copy.edit('onnx/model.onnx', (bytes) => Buffer.concat([bytes, bytes])),
    'does not have the',
  ],
])('%s since the model was resolved', async (_, name, change, message) => {
  const copy = tiny('bert-external')
  const model = await resolveEmbedder(copy.path)
  expect(await use(openEmbedder(model, { threads: 1 }))).toHaveLength(32)
  change(copy)
  await expect(use(openEmbedder(model, { threads: 1 }))).rejects.toMatchObject(
    claraError('model', `${copy.file(name)}: ${message}`),
  )
})

test.each([
  ['bert-mean', 2, 0],
  ['nomic', 4, 2],
])('%s that reads %i tokens has no room for a text', async (name, max_seq_length, _prefix) => {
  const copy = tiny(name).json('sentence_bert_config.json', { max_seq_length })
  const opening = use(openEmbedder(await resolveEmbedder(copy.path), { threads: 1 }))
  await expect(opening).rejects.toMatchObject(
    claraError('model', copy.path, `reads at most ${max_seq_length} tokens`, 'expected at least'),
  )
})

test('bert-mean that reads one token of a text reads it', async () => {
  const copy = tiny('bert-mean').json('sentence_bert_config.json', { max_seq_length: 3 })
  expect(await use(openEmbedder(await resolveEmbedder(copy.path), { threads: 1 }))).toHaveLength(32)
})

test('a text longer than the positions of the graph, where the files promise more', async () => {
  const copy = tiny('bert-mean').json('sentence_bert_config.json', { max_seq_length: 999_999 })
  const opening = use(openEmbedder(await resolveEmbedder(copy.path), { threads: 1 }), [
    'the town '.repeat(200),
  ])
  await expect(opening).rejects.toMatchObject(
    claraError('model', copy.file('onnx/model.onnx'), 'the model cannot run'),
  )
})

test('a classifier with another number of labels than its graph', async () => {
  const copy = tiny('cross-bert-two').editJson('config.json', (old) => ({ ...old, id2label: { 0: 'a' } }))
  const reranker = await openReranker(await resolveReranker(copy.path), { threads: 1 })
  try {
    await expect(reranker.score([{ question: 'the', passage: 'town' }])).rejects.toMatchObject(
      claraError('model', 'output logits is of shape [1,2], expected [1,1]'),
    )
  } finally {
    await reranker.close()
  }
})

test('a reranker where an embedder is needed', async () => {
  const reranker = copyTiny('cross-bert', join(directory.path, 'cross')).path
  await expect(resolveEmbedder(reranker)).rejects.toMatchObject(claraError('model', 'is a reranker'))
})
