/** Ids of the Rust library for tiny tokenizers of each family: fixtures/tokenizers/make.py. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { createTokenizer } from '#clara/inference/tokenizer.js'

const read = async (name: string) =>
  JSON.parse(await readFile(new URL(`../fixtures/tokenizers/${name}`, import.meta.url), 'utf8'))
const tokenizers: Record<string, { json: object; config: object }> = await read('tokenizers.json')
const golden: {
  texts: string[]
  pairs: [string, string][]
  pairTokens: number
  families: Record<string, { single: number[][]; pairs: { ids: number[]; typeIds: number[] }[] }>
} = await read('golden.json')

describe.each(Object.entries(golden.families))('%s', (family, { single, pairs }) => {
  const { json, config } = tokenizers[family]!
  const tokenizer = createTokenizer(json, config)

  test('every text has the ids of the reference', () => {
    const wrong = golden.texts.filter((text, i) => {
      const ids = [...tokenizer.encode([text], 10_000).ids]
      return JSON.stringify(ids) !== JSON.stringify(single[i])
    })
    expect(golden.texts.length).toBeGreaterThan(100)
    expect(wrong).toEqual([])
  })

  test('texts together have the ids of each', () => {
    const { ids, starts } = tokenizer.encode(golden.texts, 10_000)
    expect([...ids]).toEqual(single.flat())
    expect([...starts].slice(1)).toEqual(single.map((_, i) => single.slice(0, i + 1).flat().length))
  })

  test('pairs have its ids and segments, cut as it cuts them', () => {
    for (const [i, [question, passage]] of golden.pairs.entries()) {
      const { ids, typeIds } = tokenizer.encodePairs([{ question, passage }], golden.pairTokens)
      expect([...ids], question).toEqual(pairs[i]!.ids)
      expect([...(typeIds ?? new Uint8Array(ids.length))], question).toEqual(pairs[i]!.typeIds)
    }
  })

  test('counts are those of the ids without special tokens', () => {
    const counts = golden.texts.map((_, i) => single[i]!.length - tokenizer.specialTokens)
    expect([...tokenizer.count(golden.texts)]).toEqual(counts)
  })

  test('lone surrogates are replacement characters', () => {
    const encoded = (text: string) => [...tokenizer.encode([text], 100).ids]
    expect(encoded('a\ud800b \udc00')).toEqual(encoded('a\ufffdb \ufffd'))
  })

  test('hostile texts take no time', () => {
    const hostile = [
      'x'.repeat(1_100_000),
      '的'.repeat(100_000),
      '😀'.repeat(80_000),
      '\u0301\u0316'.repeat(100_000),
      '👩\u200d'.repeat(40_000),
      '\n'.repeat(100_000),
      '[SEP]<s>'.repeat(20_000),
      'ab '.repeat(100_000),
    ]
    const start = performance.now()
    for (const text of hostile) {
      expect(tokenizer.encode([text], 512).ids.length).toBeLessThanOrEqual(512)
      tokenizer.count([text])
    }
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})

test('the bilingual model’s own vocabulary gives the ids of the reference', async () => {
  const { model, texts, single }: { model: string; texts: string[]; single: number[][] } =
    await read('embedded.json')
  const [json, config] = await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json'].map((file) => read(`../../../models/${model}/${file}`)),
  )
  const tokenizer = createTokenizer(json, config)
  const wrong = texts.filter((text, i) => {
    const ids = [...tokenizer.encode([text], 10_000).ids]
    return JSON.stringify(ids) !== JSON.stringify(single[i])
  })
  expect(texts.length).toBeGreaterThan(100)
  expect(wrong).toEqual([])
  const start = performance.now()
  for (const text of [
    '的'.repeat(400_000),
    'a'.repeat(400_000),
    '\u{20000}'.repeat(200_000),
    '\u200b'.repeat(400_000),
  ])
    expect(tokenizer.count([text])[0]).toBeGreaterThanOrEqual(0)
  expect(performance.now() - start).toBeLessThan(10_000)
})

test.each([
  ['normalizer', { type: 'Nmt' }],
  ['pre_tokenizer', { type: 'UnicodeScripts' }],
  ['post_processor', { type: 'Other' }],
  ['model', { type: 'WordLevel', vocab: {} }],
])('a %s of a kind that is not known is refused', (part, value) => {
  const { json, config } = tokenizers.roberta!
  expect(() => createTokenizer({ ...json, pre_tokenizer: null, [part]: value }, config)).toThrow(
    `${part}: type ${JSON.stringify(value.type)} is not known`,
  )
})
