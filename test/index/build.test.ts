import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Document } from '#clara/documents/document.js'
import { digestFile } from '#clara/files/durable-file.js'
import { FILES, readManifest } from '#clara/index/manifest.js'
import { openIndex } from '#clara/index/open.js'
import { verifyIndex } from '#clara/index/verify.js'
import { openEmbedder } from '#clara/inference/embedder.js'
import { claraError, collect, stream } from '../support/collect.js'
import { build, exampleDocuments, exampleQuestions, useExampleIndex } from '../support/example-index.js'

const example = useExampleIndex()

/** Of an index from which nothing is removed. */
const NAMES = Object.values(FILES).filter((name) => name !== FILES.removed)

const isEnglish = (text: string) => !/\p{Script=Han}/u.test(text)

async function searchEnglish(k: number, options = {}) {
  const questions = (await exampleQuestions()).filter(
    ({ question, docIds: [document] }) => isEnglish(question) && !document!.includes('-zh'),
  )
  const vectors = await example.embedder.embed(questions.map(({ question }) => question), 'query') // biome-ignore format: short
  const ranked = await example.index.search(vectors, k, options)
  const found = await Promise.all(Array.from(ranked.ids, example.index.chunks.read))
  return { questions, ranked, hits: (q: number) => found.slice(q * k, (q + 1) * k) }
}

describe('search', () => {
  test('finds the document of a question among the first five', async () => {
    const { questions, hits } = await searchEnglish(5)
    expect(questions).toHaveLength(40)
    const found = questions.filter(({ docIds }, q) =>
      hits(q).some(({ documentId }) => docIds.includes(documentId)),
    )
    expect(found.length / questions.length).toBeGreaterThanOrEqual(0.9)
  })

  test('by the graph gives what reading all vectors gives, best first', async () => {
    const graph = (await searchEnglish(10, { method: 'graph' })).ranked
    const exact = (await searchEnglish(10, { method: 'exact' })).ranked
    expect([graph.method, exact.method]).toEqual(['graph', 'exact'])
    expect(graph.ids).toEqual(exact.ids)
    expect(graph.scores).toEqual(exact.scores)
    expect(graph.k).toBe(10)
    for (const [i, score] of graph.scores.entries()) {
      if (i % 10 > 0) expect(score).toBeLessThanOrEqual(graph.scores[i - 1]!)
    }
  })

  test('a passage finds itself with cosine 1', async () => {
    const { text } = await example.index.chunks.read(3)
    const { ids, scores } = await example.index.search(await example.embedder.embed([text], 'document'), 1)
    expect([...ids]).toEqual([3])
    expect(scores[0]).toBeCloseTo(1, 4)
  })

  test('deeper than the index gives each chunk once', async () => {
    const { count } = example.index.chunks
    const vector = await example.embedder.embed(['attention'], 'query')
    const { k, ids } = await example.index.search(vector, count + 100)
    expect(k).toBe(count)
    expect([...ids].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
  })
})

test('the manifest says what is there', async () => {
  const { index, model, directory } = example
  const documents = await collect(exampleDocuments())
  const chunks = await collect(index.chunks.all())
  expect(index.manifest).toMatchObject({
    format: 'clara-index',
    version: 2,
    generation: 1,
    recall: null,
    embedder: { name: 'all-minilm-l6-v2', sha256: model.model.sha256 },
    dims: 384,
    metric: 'cos',
    precision: 'bf16',
    chunking: { tokens: 256, overlap: 0, split: true },
    counts: { documents: documents.length, chunks: chunks.length, truncated: 0, removed: 0 },
  })
  expect(index.manifest.counts.distinctChunks).toBe(chunks.length) // the example has no two texts alike
  expect(await verifyIndex(directory)).toEqual(index.manifest)
  expect((await readdir(directory)).sort()).toEqual([...NAMES, 'manifest.json'].sort())
  for (const { name, ...digest } of Object.values(index.manifest.files)) {
    expect(await digestFile(join(directory, name))).toEqual(digest)
  }
  expect(index.manifest.files.vectors.bytes).toBe(chunks.length * 384 * 4)
  expect(new Set(chunks.map(({ documentId }) => documentId))).toEqual(new Set(documents.map(({ id }) => id)))
})

test('distinct chunks are counted without case and white space', async () => {
  const directory = join(example.work, 'distinct')
  const texts = ['One  text.', 'one text.', 'Ｏne text.', 'Another.']
  const documents = texts.map((text, i): Document => ({ id: `${i}`, title: '', text }))
  const { counts } = await build(stream(documents), example.embedder, directory)
  expect(counts).toEqual({ documents: 4, chunks: 4, distinctChunks: 2, truncated: 0, removed: 0 })
})

test('without splitting, a document is one chunk of its id, its title before the text', async () => {
  const directory = join(example.work, 'whole')
  const long: Document = {
    id: 'd',
    title: 'Title',
    text: 'A sentence of six words here. '.repeat(100).trim(),
  }
  const chunking = { tokens: 256, overlap: 0, split: false }
  const { counts } = await build(stream([long]), example.embedder, directory, { chunking })
  expect(counts).toEqual({ documents: 1, chunks: 1, distinctChunks: 1, truncated: 1, removed: 0 })
  const index = await openIndex(directory, example.model)
  expect(await index.chunks.read(0)).toEqual({ id: 'd', documentId: 'd', title: 'Title', text: long.text })
  await index.close()
})

test('a document of many chunks is split so that nothing is cut off', async () => {
  const directory = join(example.work, 'split')
  const long: Document = { id: 'd', title: 'Title', text: 'A sentence of six words here. '.repeat(100) }
  const { counts } = await build(stream([long]), example.embedder, directory)
  expect(counts.chunks).toBeGreaterThan(2)
  expect(counts.truncated).toBe(0)
  const index = await openIndex(directory, example.model)
  const ids = (await collect(index.chunks.all())).map(({ id }) => id)
  expect(ids).toEqual(ids.map((_, n) => `d#${n}`))
  await index.close()
})

test.each([1, 2])('another build, with %i threads, gives the same bytes', async (threads) => {
  const directory = join(example.work, `again-${threads}`)
  const embedder = await openEmbedder(example.model, { threads })
  await build(exampleDocuments(), embedder, directory)
  await embedder.close()
  for (const name of [...NAMES, 'manifest.json']) {
    const [again, first] = await Promise.all(
      [directory, example.directory].map((d) => readFile(join(d, name))),
    )
    expect(again!.equals(first!), name).toBe(true)
  }
})

test.each(['f32', 'f16', 'i8'] as const)(
  'precision %s opens and finds the same first hit',
  async (precision) => {
    const directory = join(example.work, precision)
    await build(exampleDocuments(), example.embedder, directory, { precision })
    expect((await readManifest(directory)).precision).toBe(precision)
    const index = await openIndex(directory, example.model)
    const vector = await example.embedder.embed(['How many parameters does ResNet-50 have?'], 'query')
    const { documentId } = await index.chunks.read((await index.search(vector, 1)).ids[0]!)
    expect(documentId).toBe('resnet-residual-learning.md')
    await index.close()
  },
)

describe('a build that fails leaves nothing', () => {
  const listed = async () => (await readdir(example.work)).filter((name) => name.includes('failed'))

  test('when a document cannot be read', async () => {
    async function* broken() {
      yield { id: 'a', title: '', text: 'text' }
      throw new Error('the disk is gone')
    }
    await expect(build(broken(), example.embedder, join(example.work, 'failed'))).rejects.toThrow('gone')
    expect(await listed()).toEqual([])
  })

  test('when there is no text', async () => {
    const built = build(stream([]), example.embedder, join(example.work, 'failed'))
    await expect(built).rejects.toMatchObject(claraError('too-small', 'no text'))
    expect(await listed()).toEqual([])
  })

  test('when something is in its place', async () => {
    const before: Record<string, Buffer> = {}
    for (const name of NAMES) before[name] = await readFile(join(example.directory, name))
    await expect(build(exampleDocuments(), example.embedder, example.directory)).rejects.toMatchObject(
      claraError('exists', example.directory),
    )
    for (const name of NAMES) {
      expect((await readFile(join(example.directory, name))).equals(before[name]!), name).toBe(true)
    }
  })
})

test('overwrite replaces an index', async () => {
  const directory = join(example.work, 'replaced')
  const one = stream([{ id: 'a', title: '', text: 'text' }])
  await build(exampleDocuments(), example.embedder, directory)
  await build(one, example.embedder, directory, { overwrite: true })
  expect((await verifyIndex(directory)).counts.documents).toBe(1)
})
