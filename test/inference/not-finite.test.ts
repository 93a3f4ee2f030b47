/** A model that gives NaN for texts of one token alone: the text is named, the others are not lost. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Embedder, openEmbedder } from '#clara/inference/embedder.js'
import { openReranker } from '#clara/inference/reranker.js'
import { resolveEmbedder, resolveReranker } from '#clara/models/resolve.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { copyTiny, TINY } from '../support/tiny-model.js'
import { cosine } from '../support/vectors.js'

const HIDDEN = 32
const GRAPH = 'onnx/model.onnx'
const directory = useDirectory()
let whole: Embedder
beforeAll(async () => {
  whole = await openEmbedder(await resolveEmbedder(join(TINY, 'bert-mean')), { threads: 1 })
})
afterAll(() => whole.close())

/** Overwrites a token's row of the word embeddings, the one tensor of vocabulary * hidden floats. */
function spoil(name: string, token: number, value: number) {
  const config = JSON.parse(readFileSync(join(TINY, name, 'config.json'), 'utf8'))
  const bytes = config.vocab_size * HIDDEN * 4
  const rawData = Buffer.from([0x4a, (bytes & 0x7f) | 0x80, ((bytes >> 7) & 0x7f) | 0x80, bytes >> 14])
  return copyTiny(name, join(directory.path, name)).edit(GRAPH, (graph) => {
    const at = graph.indexOf(rawData)
    expect(at).toBeGreaterThan(0)
    expect(graph.indexOf(rawData, at + 1)).toBe(-1)
    for (let i = 0; i < HIDDEN; i++) graph.writeFloatLE(value, at + 4 + (token * HIDDEN + i) * 4)
    return graph
  }).path
}

/** The id that a word has; it must be one token. */
async function tokenOf(embedder: Embedder, word: string): Promise<number> {
  const { ids } = await embedder.tokenizer.encode([word])
  expect(ids).toHaveLength(3)
  return ids[1]!
}

const texts = ['the town', 'the town', 'before the sun', 'The harbour', 'the', 'a town by the harbour', 'sun']

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%f stops with the name of the text', async (value) => {
  const path = spoil('bert-mean', await tokenOf(whole, 'sun'), value)
  const embedder = await openEmbedder(await resolveEmbedder(path), { threads: 2 })
  try {
    const name = (i: number) => `chunk ${i}`
    const error = claraError('model', 'the model gave NaN for chunk 2')
    await expect(embedder.embed(texts, 'document', name)).rejects.toMatchObject(error)
    await expect(embedder.embed(['sun'], 'query')).rejects.toMatchObject(claraError('model', 'for text 1'))
    const good = texts.filter((text) => !text.includes('sun'))
    const [vectors, expected] = await Promise.all([
      embedder.embed(good, 'document'),
      whole.embed(good, 'document'),
    ])
    expect(cosine(vectors, expected)).toBeGreaterThanOrEqual(0.999999)
  } finally {
    await embedder.close()
  }
})

test('calls side by side: only the one with the bad text fails', async () => {
  const embedder = await openEmbedder(
    await resolveEmbedder(spoil('bert-mean', await tokenOf(whole, 'sun'), Number.NaN)),
    { threads: 1 },
  )
  try {
    const [bad, good] = await Promise.allSettled([
      embedder.embed(['the town', 'sun'], 'document', (i) => `bad ${i}`),
      embedder.embed(['the town', 'the'], 'document', (i) => `good ${i}`),
    ])
    expect(bad).toMatchObject({ status: 'rejected', reason: claraError('model', 'for bad 1') })
    expect(good.status).toBe('fulfilled')
  } finally {
    await embedder.close()
  }
})

test('a reranker names the pair', async () => {
  const { ids } = await whole.tokenizer.encode(['sun'])
  const reranker = await openReranker(await resolveReranker(spoil('cross-bert', ids[1]!, Number.NaN)), {
    threads: 1,
  })
  try {
    const pairs = [
      { question: 'the town', passage: 'the' },
      { question: 'the town', passage: 'the harbour sun' },
    ]
    await expect(reranker.score(pairs)).rejects.toMatchObject(claraError('model', 'NaN for pair 2'))
    expect(await reranker.score(pairs.slice(0, 1))).toHaveLength(1)
  } finally {
    await reranker.close()
  }
})
