import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Embedder, openEmbedder } from '#clara/inference/embedder.js'
import { readGoldenVectors } from '#clara/inference/golden.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '#clara/models/resolve.js'
import { collect } from '../support/collect.js'
import { exampleDocuments } from '../support/example-index.js'

let one: Embedder
let two: Embedder
let passages: string[]
beforeAll(async () => {
  const model = await resolveEmbedder(DEFAULT_EMBEDDER)
  ;[one, two] = await Promise.all([openEmbedder(model, { threads: 1 }), openEmbedder(model, { threads: 2 })])
  passages = (await collect(exampleDocuments())).map(({ text }) => text)
})
afterAll(async () => {
  await one.close()
  await two.close()
})

const row = (vectors: Float32Array, i: number, dims = 384) => vectors.subarray(i * dims, (i + 1) * dims)
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const cosine = (a: Float32Array, b: Float32Array) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))

const GOLDEN: [string, number][] = [
  [DEFAULT_EMBEDDER, 0.99],
  ['multilingual-e5-small-en-zh', 0.997],
]
test.each(GOLDEN)('%s: every text is near the vector of the reference', async (name, least) => {
  const model = await resolveEmbedder(name)
  const golden = await readGoldenVectors(join(dirname(model.model.path), 'golden.json'), 384)
  const embedder = await openEmbedder(model, { threads: 2 })
  try {
    const vectors = await embedder.embed(golden.map(({ text }) => text), 'document') // biome-ignore format: short
    const cosines = golden.map(({ vector }, i) => cosine(row(vectors, i), vector))
    const worst = cosines.indexOf(Math.min(...cosines))
    expect(golden.length).toBeGreaterThanOrEqual(40)
    expect(cosines[worst], `worst text: ${golden[worst]?.text}`).toBeGreaterThanOrEqual(0.98)
    expect(cosines.reduce((a, b) => a + b) / cosines.length).toBeGreaterThanOrEqual(least)
  } finally {
    await embedder.close()
  }
})

test('of passages in the other language a question finds its own', async () => {
  const embedder = await openEmbedder(await resolveEmbedder('multilingual-e5-small-en-zh'), { threads: 1 })
  try {
    const english = ['Bread is baked from flour, water and salt.', 'Beijing is the capital of China.']
    const chinese = ['面包由面粉、水和盐烤成。', '輪船停泊在港口裡，躲避風浪。']
    const stored = await embedder.embed([...english, ...chinese], 'document')
    const asked = await embedder.embed(['中国的首都是哪里？', 'Where do ships find shelter?'], 'query')
    const score = (q: number, p: number) => cosine(row(asked, q), row(stored, p))
    expect(score(0, 1)).toBeGreaterThan(score(0, 0))
    expect(score(1, 3)).toBeGreaterThan(score(1, 2))
  } finally {
    await embedder.close()
  }
})

test('vectors have unit length', async () => {
  const texts = ['', 'a', passages[0]!]
  const vectors = await one.embed(texts, 'query')
  for (const i of texts.keys()) expect(dot(row(vectors, i), row(vectors, i))).toBeCloseTo(1, 5)
})

test('a vector is the same alone and among texts of other lengths', async () => {
  const texts = ['cat', '', ...passages.slice(0, 20), 'What is a hard negative?', passages.join(' ')]
  const together = await two.embed(texts, 'document')
  for (const [i, text] of texts.entries()) {
    const alone = await two.embed([text], 'document')
    expect(cosine(row(together, i), alone), text.slice(0, 40)).toBeGreaterThanOrEqual(0.99999)
  }
})

test('vectors are the same bits with one thread and with two, and each time', async () => {
  const [a, b, c] = await Promise.all([
    one.embed(passages, 'document'),
    two.embed(passages, 'document'),
    two.embed(passages, 'document'),
  ])
  expect(Buffer.from(b.buffer).equals(Buffer.from(a.buffer))).toBe(true)
  expect(Buffer.from(c.buffer).equals(Buffer.from(a.buffer))).toBe(true)
})

test('calls side by side do not mix', async () => {
  const expected = await one.embed(passages.slice(0, 8), 'document')
  const each = await Promise.all(passages.slice(0, 8).map((text) => two.embed([text], 'document')))
  for (const [i, vector] of each.entries()) {
    expect(cosine(vector, row(expected, i))).toBeGreaterThanOrEqual(0.99999)
  }
})

test('no texts give no vectors', async () => {
  expect(await one.embed([], 'query')).toHaveLength(0)
})

test('texts that are cut are counted', async () => {
  const before = two.counts.truncated
  await two.embed(['short', 'cat '.repeat(254), 'cat '.repeat(255), passages.join(' ')], 'document')
  expect(two.counts.truncated - before).toBe(2)
})

test('tokens are counted without special tokens', async () => {
  expect(one.tokenizer.overheadTokens).toBe(2)
  expect([...(await one.tokenizer.countTokens(['', 'hello', 'hello world']))]).toEqual([0, 1, 2])
})
