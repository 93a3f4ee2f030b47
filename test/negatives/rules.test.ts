import { describe, expect, test } from 'vitest'
import type { Corpus } from '#clara/negatives/corpus.js'
import { DEFAULT_TRUTH, type TruthOptions, truthRule } from '#clara/negatives/rules.js'
import { textKey } from '#clara/text/same-text.js'
import { corpusOf } from '../support/corpus.js'

const GOLD = 'The old bridge over the river was built in 1874 and carried trains until the flood of 1913.'
const documents = {
  gold: ['Before it.', GOLD, 'After it.', 'Far from it.'],
  copy: [GOLD.toUpperCase()],
  paraphrase: ['Built in 1874, the old bridge over the river carried trains until the flood of 1913.'],
  answer: [
    'Trains ran for years. Then came the flood of 1913, and all was over for the company and its men.',
  ],
  other: ['Bread rises because yeast turns sugar into gas, and warm dough rises faster than cold.'],
}

async function judge(options: Partial<TruthOptions> = {}, cosine?: number, related = new Set<number>()) {
  const corpus = await corpusOf(documents)
  const rule = truthRule({ answer: 'the flood of 1913' }, await goldOf(corpus, related), {
    ...DEFAULT_TRUTH,
    ...options,
  })
  const chunks = await Promise.all(Array.from({ length: corpus.count }, (_, i) => corpus.read(i)))
  return Object.fromEntries(
    chunks.map((chunk) => [chunk.chunkId, rule(chunk, cosine === undefined ? undefined : () => cosine)]),
  )
}

async function goldOf(corpus: Corpus, related: Set<number>) {
  const chunk = await corpus.read(1)
  return { positives: [{ chunk, text: chunk.text, key: textKey(chunk.text) }], related }
}

describe('by default', () => {
  test('nothing that is, repeats, surrounds or answers like the positive is a negative', async () => {
    expect(await judge()).toEqual({
      'gold#0': 'next to a positive',
      'gold#1': 'is a positive',
      'gold#2': 'next to a positive',
      'gold#3': undefined,
      'copy#0': 'same text as a positive',
      'paraphrase#0': 'near-duplicate of a positive',
      'answer#0': 'contains the answer',
      'other#0': undefined,
    })
  })

  test('a document that was named as a whole is out as a whole', async () => {
    expect((await judge({}, undefined, new Set([0, 1, 2, 3])))['gold#3']).toBe('same document as a positive')
  })

  test('vectors decide where they are near, words wherever they are', async () => {
    expect((await judge({}, 0.96))['other#0']).toBe('near-duplicate of a positive')
    expect((await judge({}, 0.94))['other#0']).toBeUndefined()
    expect((await judge({}, 0.1))['paraphrase#0']).toBe('near-duplicate of a positive')
  })
})

test('traditional and simplified Chinese are the same', async () => {
  const gold = '圖書館於民國一百零九年擴建，如今藏書三萬五千冊，是縣裏最大的一座。'
  const corpus = await corpusOf({
    gold: [gold],
    copy: ['图书馆于民国一百零九年扩建，如今藏书三万五千册，是县里最大的一座。'],
    numbers: ['图书馆于2020年扩建，如今藏书3.5万册，是县里最大的一座。'],
    answer: ['读者很多，新馆藏书35,000册，每天开放。'],
    other: ['新馆藏书三百五十册，每天开放。'],
  })
  const chunk = await corpus.read(0)
  const positives = [{ chunk, text: gold, key: textKey(gold) }]
  const rule = truthRule({ answer: '藏書三萬五千冊' }, { positives, related: new Set() }, DEFAULT_TRUTH)
  const chunks = await Promise.all(Array.from({ length: corpus.count }, (_, i) => corpus.read(i)))
  expect(chunks.map((each) => rule(each, undefined))).toEqual([
    'is a positive',
    'same text as a positive',
    'near-duplicate of a positive',
    'contains the answer',
    undefined,
  ])
})

test('each rule can be given up', async () => {
  expect((await judge({ excludeAdjacent: false }))['gold#0']).toBeUndefined()
  expect((await judge({ excludeAnswers: false }))['answer#0']).toBeUndefined()
  expect((await judge({ nearDuplicate: 1, excludeAnswers: false }))['paraphrase#0']).toBeUndefined()
  expect(
    (await judge({ nearDuplicate: 1, nearCosine: 1, excludeAnswers: false }, 0.999))['paraphrase#0'],
  ).toBeUndefined()
  expect((await judge({ nearDuplicate: 1, nearCosine: 1 }, 0.999))['copy#0']).toBe('same text as a positive')
})
