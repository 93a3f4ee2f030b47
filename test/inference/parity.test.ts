/**
 * Tiny models of each family against sentence-transformers and transformers, whose outputs are kept
 * beside them (test/fixtures/models/make.py).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openEmbedder } from '#clara/inference/embedder.js'
import { openReranker } from '#clara/inference/reranker.js'
import { resolveEmbedder, resolveReranker } from '#clara/models/resolve.js'
import { cosine } from '../support/vectors.js'

const MODELS = fileURLToPath(new URL('../fixtures/models/', import.meta.url))

interface TextCase {
  text: string
  kind: 'query' | 'document'
  ids: number[]
  vector: number[]
}

interface PairCase {
  question: string
  passage: string
  ids: number[]
  logits: number[]
}

interface Reference {
  max_tokens: number
  labels?: 1 | 2
  normalize?: boolean
  cases: (TextCase & PairCase)[]
  truncated?: { truncate_dim: number; cases: TextCase[] }
}

const reference = (name: string): Reference =>
  JSON.parse(readFileSync(join(MODELS, name, 'reference.json'), 'utf8'))
const names = readdirSync(MODELS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter((name) => !name.startsWith('_'))
const rerankers = names.filter((name) => name.startsWith('cross-'))
const embedders = names.filter((name) => !name.startsWith('cross-'))

test('there are models of each family', () => {
  expect(embedders.length).toBeGreaterThanOrEqual(13)
  expect(rerankers.length).toBeGreaterThanOrEqual(4)
})

const graphs: [string, number][] = [
  ...embedders.map((name): [string, number] => [name, 0.99999]),
  ['bert-mean/onnx/model_fp16.onnx', 0.9999],
  ['bert-mean/onnx/model_quantized.onnx', 0.99],
]

test.each(graphs)('%s gives the vectors of the reference', async (path, least) => {
  const { cases, max_tokens, normalize } = reference(path.split('/')[0]!)
  const model = await resolveEmbedder(join(MODELS, path))
  expect(model.card).toMatchObject({ maxTokens: max_tokens, normalised: normalize })
  const embedder = await openEmbedder(model, { threads: 2, asReference: true })
  const another = await openEmbedder(model, { threads: 1, asReference: true }) // it has not seen the texts yet
  try {
    for (const kind of ['query', 'document'] as const) {
      const asked = cases.filter((each) => each.kind === kind)
      const vectors = await embedder.embed(
        asked.map(({ text }) => text),
        kind,
      ) // in batches
      for (const [i, { text, vector }] of asked.entries()) {
        const ours = vectors.subarray(i * embedder.dims, (i + 1) * embedder.dims)
        expect(ours.length).toBe(vector.length)
        expect(cosine(ours, vector), `${kind} ${JSON.stringify(text)}`).toBeGreaterThanOrEqual(least)
        expect(Math.hypot(...ours) / Math.hypot(...vector)).toBeCloseTo(1, least > 0.999 ? 3 : 1)
        const alone = await another.embed([text], kind)
        expect(cosine(alone, ours)).toBeGreaterThanOrEqual(least > 0.9999 ? 0.99999 : 0.999)
      }
    }
  } finally {
    await Promise.all([embedder.close(), another.close()])
  }
})

test('fewer dimensions are the first of all, made unit vectors again', async () => {
  const { truncated } = reference('bert-mean')
  const dims = truncated!.truncate_dim
  const embedder = await openEmbedder(await resolveEmbedder(join(MODELS, 'bert-mean')), { threads: 1, dims })
  try {
    const vectors = await embedder.embed(
      truncated!.cases.map(({ text }) => text),
      'document',
    )
    for (const [i, { vector }] of truncated!.cases.entries()) {
      const ours = vectors.subarray(i * dims, (i + 1) * dims)
      expect(vector.length).toBe(dims)
      expect(cosine(ours, vector)).toBeGreaterThanOrEqual(0.99999)
      expect(Math.hypot(...ours)).toBeCloseTo(1, 5)
    }
  } finally {
    await embedder.close()
  }
})

test.each(rerankers)('%s gives the logits of the reference', async (name) => {
  const { cases, labels, max_tokens } = reference(name)
  const model = await resolveReranker(join(MODELS, name))
  expect(model.card).toMatchObject({ labels, maxTokens: max_tokens })
  const reranker = await openReranker(model, { threads: 2 })
  try {
    const logits = await reranker.logits(cases)
    const scores = await reranker.score(cases)
    for (const [i, { logits: expected, question, passage }] of cases.entries()) {
      const ours = logits.subarray(i * labels!, (i + 1) * labels!)
      expected.forEach((logit, j) => {
        expect(Math.abs(ours[j]! - logit), `${JSON.stringify([question, passage])}`).toBeLessThanOrEqual(1e-4)
      })
      const score = labels === 1 ? expected[0]! : expected[1]! - expected[0]!
      expect(Math.abs(scores[i]! - score)).toBeLessThanOrEqual(2e-4)
    }
  } finally {
    await reranker.close()
  }
})
