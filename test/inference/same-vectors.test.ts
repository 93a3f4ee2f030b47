/** What a vector may not depend on: the texts beside it, the threads, how often and when it is asked for. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Embedder, openEmbedder } from '#clara/inference/embedder.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '#clara/models/resolve.js'
import { collect } from '../support/collect.js'
import { exampleDocuments } from '../support/example-index.js'
import { TINY } from '../support/tiny-model.js'

const bitsOf = (vectors: Float32Array) => Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength)
const sameBits = (a: Float32Array, b: Float32Array) => bitsOf(a).equals(bitsOf(b))
const row = (vectors: Float32Array, i: number, dims: number) => vectors.subarray(i * dims, (i + 1) * dims)

const opened: Embedder[] = []
async function open(model: string, threads: number): Promise<Embedder> {
  const embedder = await openEmbedder(await resolveEmbedder(model), { threads })
  opened.push(embedder)
  return embedder
}
afterAll(async () => {
  await Promise.all(opened.map((embedder) => embedder.close()))
})

describe('the same bits alone and together, with one thread, two and three', () => {
  let texts: string[]
  beforeAll(async () => {
    const passages = (await collect(exampleDocuments())).map(({ text }) => text)
    texts = ['cat', '', 'cat sat', '猫坐在垫子上，狗不喜欢。', ...passages.slice(0, 12), passages.join(' ')]
  })

  test.each([
    DEFAULT_EMBEDDER,
    'multilingual-e5-small-en-zh',
    join(TINY, 'bert-mean/onnx/model_quantized.onnx'),
  ])('%s', async (model) => {
    const [one, two, three] = await Promise.all([1, 2, 3].map((threads) => open(model, threads)))
    const together = await two!.embed(texts, 'document')
    expect(sameBits(await three!.embed(texts, 'document'), together)).toBe(true)
    expect(sameBits(await three!.embed(texts.toReversed(), 'document'), reversed(together, two!.dims))).toBe(
      true,
    )
    for (const [i, text] of texts.entries()) {
      const alone = await one!.embed([text], 'document')
      expect(sameBits(alone, row(together, i, one!.dims)), text.slice(0, 40)).toBe(true)
    }
  })

  function reversed(vectors: Float32Array, dims: number): Float32Array {
    const count = vectors.length / dims
    return Float32Array.from({ length: vectors.length }, (_, at) => {
      const i = Math.floor(at / dims)
      return vectors[(count - 1 - i) * dims + (at % dims)]!
    })
  }
})

describe('one embedder', () => {
  let embedder: Embedder
  let long: string
  beforeAll(async () => {
    embedder = await open(DEFAULT_EMBEDDER, 2)
    long = (await collect(exampleDocuments())).map(({ text }) => text).join(' ')
  })

  test('equal texts run through the model once', async () => {
    await embedder.embed(['warm', 'up'], 'document')
    const seconds = async (texts: string[]) => {
      const start = performance.now()
      await embedder.embed(texts, 'document')
      return (performance.now() - start) / 1000
    }
    const text = long.slice(0, 400)
    const different = await seconds(Array.from({ length: 60 }, (_, i) => `${i} ${text}`))
    const copies = await seconds(Array(600).fill(text)) // ten times as many
    expect(copies).toBeLessThan(different)
  })

  test('64 calls at once', async () => {
    const texts = Array.from({ length: 64 }, (_, i) => `${'word '.repeat(i % 7)}${i}`)
    const expected = await embedder.embed(texts, 'document')
    const another = await open(DEFAULT_EMBEDDER, 2)
    const each = await Promise.all(texts.map((text) => another.embed([text], 'document')))
    each.forEach((vector, i) => {
      expect(sameBits(vector, row(expected, i, another.dims))).toBe(true)
    })
  })

  test('a list of no texts, also beside another call', async () => {
    const [none, one] = await Promise.all([embedder.embed([], 'query'), embedder.embed(['one'], 'query')])
    expect([none.length, one.length]).toEqual([0, 384])
  })

  const odd = [
    '',
    '   ',
    '\n\t',
    '\0',
    '\0\0cat',
    '\ud800',
    'cat \udfff dog',
    '\ufffd',
    '\u200b',
    '\ufeff',
    '\u{10ffff}',
  ]

  test('blank texts, NULs, surrogates that stand alone: finite, of unit length, and as they are alone', async () => {
    const vectors = await embedder.embed(odd, 'document')
    const another = await open(DEFAULT_EMBEDDER, 1)
    for (const [i, text] of odd.entries()) {
      const ours = row(vectors, i, embedder.dims)
      expect(Math.hypot(...ours)).toBeCloseTo(1, 5)
      expect(sameBits(await another.embed([text], 'document'), ours), JSON.stringify(text)).toBe(true)
    }
    expect(sameBits(row(vectors, 0, 384), row(vectors, 1, 384))).toBe(true)
  })

  test('a text of 5 MB is its beginning', async () => {
    const huge = long.repeat(Math.ceil(5e6 / long.length))
    const start = performance.now()
    const before = embedder.counts.truncated
    const [vector, beginning] = await Promise.all([
      embedder.embed([huge], 'document'),
      embedder.embed([long], 'document'),
    ])
    expect(sameBits(vector, beginning)).toBe(true)
    expect(embedder.counts.truncated - before).toBe(2)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

test.each(['qwen3', 'qwen3-past', 'roberta', 'modernbert'])(
  '%s, with byte-level BPE, takes any text',
  async (name) => {
    const embedder = await open(join(TINY, name), 1)
    const texts = ['', ' ', 'a', '\0', '\n', '\ud800', '\u{1f9ac}', 'a'.repeat(5000)]
    const { starts, unknown } = await embedder.tokenizer.encode(texts)
    const vectors = await embedder.embed(texts, 'document')
    for (const i of texts.keys()) {
      expect(starts[i + 1]! - starts[i]!).toBeGreaterThan(0)
      expect(Math.hypot(...row(vectors, i, embedder.dims))).toBeCloseTo(1, 5)
    }
    expect(unknown).toBe(0)
    const reference = JSON.parse(readFileSync(join(TINY, name, 'reference.json'), 'utf8'))
    expect(starts.at(-1)! - starts.at(-2)!).toBeLessThanOrEqual(reference.max_tokens)
  },
)
