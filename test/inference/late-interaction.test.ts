/** A reranker of an embedder's tokens, beside the arithmetic written out over what the graph gives. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openTokenizer } from '#clara/inference/open-tokenizer.js'
import { openReranker, type Reranker } from '#clara/inference/reranker.js'
import { type RerankerModel, resolveReranker } from '#clara/models/resolve.js'
import { InferenceSession, Tensor } from '#clara/runtime/onnxruntime.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { EMBEDDED } from '../support/model-copy.js'
import { copyTiny, TINY } from '../support/tiny-model.js'

const directory = useDirectory()
const tiny = (name: string) => resolveReranker(join(TINY, name))

async function use<T>(
  model: RerankerModel,
  work: (reranker: Reranker) => Promise<T>,
  threads = 1,
): Promise<T> {
  const reranker = await openReranker(model, { threads })
  try {
    return await work(reranker)
  } finally {
    await reranker.close()
  }
}

/** Unit vectors of a text's tokens, by the graph alone. */
async function tokensOf(session: InferenceSession, ids: Int32Array): Promise<number[][]> {
  const of = (values: number[]) =>
    new Tensor(
      'int64',
      BigInt64Array.from(values, (value) => BigInt(value)),
      [1, values.length],
    )
  const all: Record<string, () => Tensor> = {
    input_ids: () => of([...ids]),
    attention_mask: () => of([...ids].map(() => 1)),
    token_type_ids: () => of([...ids].map(() => 0)),
  }
  const feeds = Object.fromEntries(session.inputNames.map((name) => [name, all[name]!()]))
  const output = session.outputNames.find((name) => /last_hidden_state|token_embeddings/.test(name))!
  const { data, dims } = (await session.run(feeds))[output]!
  const size = dims[2]!
  return Array.from(ids, (_, token) => {
    const vector = Array.from((data as Float32Array).subarray(token * size, (token + 1) * size))
    const length = Math.hypot(...vector)
    return vector.map((value) => value / length)
  })
}

const QUESTIONS = ['the town', 'a river and the town on it?']
const PASSAGES = ['the town', 'a river runs through the old town.', 'the', 'nothing of it']
const PAIRS = QUESTIONS.flatMap((question) => PASSAGES.map((passage) => ({ question, passage })))

test.each([
  ['bert-mean', '', ''],
  ['xlm-r', 'query: ', 'passage: '],
  ['bert-cls', undefined, ''],
])('%s: the mean of the best cosines of the question’s own tokens', async (name, ...rest) => {
  const model = await tiny(name)
  const { card } = model.encoder!
  const [queryPrefix = card.queryPrefix, documentPrefix] = rest
  expect([card.queryPrefix, card.documentPrefix]).toEqual([queryPrefix, documentPrefix])
  const session = await InferenceSession.create(model.model.path)
  const tokenizer = await openTokenizer(model.encoder!)
  const encode = async (text: string) => (await tokenizer.encode([text])).ids
  try {
    const before = (await encode(queryPrefix.trimEnd())).length - 1
    const expected: number[] = []
    for (const { question, passage } of PAIRS) {
      const asked = (await tokensOf(session, await encode(queryPrefix + question))).slice(before, -1)
      const others = await tokensOf(session, await encode(documentPrefix + passage))
      const best = asked.map((a) =>
        Math.max(...others.map((b) => a.reduce((sum, x, i) => sum + x * b[i]!, 0))),
      )
      expected.push(best.reduce((sum, each) => sum + each, 0) / best.length / 0.05)
    }
    const scores = await use(model, (reranker) => reranker.score(PAIRS))
    expect(new Set(expected.map((each) => each.toFixed(2))).size).toBeGreaterThan(4)
    // Vectors are kept in 8 bits a number.
    for (const [i, score] of scores.entries()) expect(Math.abs(score - expected[i]!)).toBeLessThan(0.05)
  } finally {
    await tokenizer.close()
  }
})

test('a score depends on its pair alone: not on those beside it, their order, threads or what was asked before', async () => {
  const model = await resolveReranker(EMBEDDED)
  const alone = await use(model, async (reranker) => {
    const scores: number[] = []
    for (const pair of PAIRS) scores.push((await reranker.score([pair]))[0]!)
    return scores
  })
  const together = await use(model, (reranker) => reranker.score([...PAIRS, ...PAIRS].reverse()), 2)
  expect([...together].reverse()).toEqual([...alone, ...alone])
})

test('what answers is above what does not', async () => {
  const question = 'Where do ships lie safely?'
  const passages = ['Bread is baked from flour, water and salt.', 'In a harbour, ships are safe from storms.']
  const [bread, harbour] = await use(await resolveReranker(EMBEDDED), (reranker) =>
    reranker.score(passages.map((passage) => ({ question, passage }))),
  )
  expect(harbour).toBeGreaterThan(bread! + 2)
})

test('many pairs: several blocks give what one gives, and an empty question or passage has a score', async () => {
  const odd = ['', ' ', '?', 'the town '.repeat(300)]
  const pairs = odd.flatMap((question) => odd.map((passage) => ({ question, passage })))
  const model = await tiny('bert-mean')
  const { few, many, counts } = await use(model, async (reranker) => {
    const few = await reranker.score(pairs)
    const many = await reranker.score(Array.from({ length: 1600 }, (_, i) => pairs[i % pairs.length]!))
    return { few: [...few], many: [...many], counts: reranker.counts }
  })
  expect(few.every(Number.isFinite)).toBe(true)
  expect(many).toEqual(Array.from({ length: 100 }, () => few).flat())
  expect(counts.pairs).toBe(1616)
  expect(counts.truncated).toBeGreaterThan(0)
})

test('the temperature of the card sets how steep scores are', async () => {
  const pair = [{ question: 'a river', passage: 'the old town' }]
  const [usual] = await use(await tiny('bert-mean'), (reranker) => reranker.score(pair))
  const copy = copyTiny('bert-mean', join(directory.path, 'cold')).json('card.json', { temperature: 0.01 })
  const [cold] = await use(await resolveReranker(copy.path), (reranker) => reranker.score(pair))
  expect(cold).toBeCloseTo(usual! * 5, 3)
  copy.json('card.json', { temperature: 0 })
  await expect(resolveReranker(copy.path)).rejects.toMatchObject(claraError('model', '"temperature" is 0'))
})

test('a graph that gives a text one vector has no tokens to compare', async () => {
  await expect(tiny('bert-pooled')).rejects.toMatchObject(
    claraError('model', 'gives a text one vector', 'an embedder that gives each token one'),
  )
})
