import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Encodings } from '#clara/inference/encoding.js'
import { openTokenizer } from '#clara/inference/open-tokenizer.js'
import { createTokenizer } from '#clara/inference/tokenizer.js'
import { resolveModel } from '#clara/models/resolve.js'
import { EMBEDDED } from '../support/model-copy.js'

const json = JSON.parse(await readFile(join(EMBEDDED, 'tokenizer.json'), 'utf8'))
const config = JSON.parse(await readFile(join(EMBEDDED, 'tokenizer_config.json'), 'utf8'))
const [CLS, SEP, UNK, CAT, DOG] = [101, 102, 100, 4937, 3899]

const words = (word: string, count: number) => Array(count).fill(word).join(' ')
const processed = (postProcessor: object | null) =>
  createTokenizer({ ...json, post_processor: postProcessor }, config)
const bert = createTokenizer(json, config)
const roberta = processed({ type: 'RobertaProcessing', sep: ['[SEP]', SEP], cls: ['[CLS]', CLS] })
const endOnly = processed({
  type: 'Sequence',
  processors: [
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
    {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '[SEP]', type_id: 0 } }],
      pair: [
        { Sequence: { id: 'A', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      special_tokens: { '[SEP]': { id: '[SEP]', ids: [SEP], tokens: ['[SEP]'] } },
    },
  ],
})

const rowsOf = ({ ids, starts }: Encodings) =>
  Array.from({ length: starts.length - 1 }, (_, i) => [...ids.subarray(starts[i], starts[i + 1])])

test('BERT: one separator between, the passage is segment 1 with its separator', () => {
  const pairs = [
    { question: 'cat', passage: 'dog dog' },
    { question: '', passage: '' },
  ]
  const encodings = bert.encodePairs(pairs, 16)
  expect(rowsOf(encodings)).toEqual([
    [CLS, CAT, SEP, DOG, DOG, SEP],
    [CLS, SEP, SEP],
  ])
  expect([...encodings.typeIds!]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 1])
  expect(encodings).toMatchObject({ truncated: 0, tokens: 3, unknown: 0 })
})

test('BertProcessing states the same as the template does', () => {
  const stated = processed({ type: 'BertProcessing', sep: ['[SEP]', SEP], cls: ['[CLS]', CLS] })
  const pairs = [{ question: 'cat', passage: 'dog dog' }]
  expect(stated.encodePairs(pairs, 16)).toEqual(bert.encodePairs(pairs, 16))
  expect(stated.encode(['cat'], 16)).toEqual(bert.encode(['cat'], 16))
})

test('RoBERTa: two separators between, one segment', () => {
  const encodings = roberta.encodePairs([{ question: 'cat', passage: 'dog' }], 16)
  expect(rowsOf(encodings)).toEqual([[CLS, CAT, SEP, SEP, DOG, SEP]])
  expect(encodings.typeIds).toBeUndefined()
  expect(roberta.specialTokens).toBe(2)
})

test('an end token alone survives the cut', () => {
  expect(endOnly.specialTokens).toBe(1)
  expect(rowsOf(endOnly.encode([words('cat', 9)], 4))).toEqual([[CAT, CAT, CAT, SEP]])
  const pair = { question: 'cat', passage: words('dog', 9) }
  expect(rowsOf(endOnly.encodePairs([pair], 4))).toEqual([[CAT, DOG, DOG, SEP]])
})

test('no post-processor: no special tokens, the passage is segment 1', () => {
  const encodings = processed(null).encodePairs([{ question: 'cat', passage: 'dog dog' }], 2)
  expect(rowsOf(encodings)).toEqual([[CAT, DOG]])
  expect([...encodings.typeIds!]).toEqual([0, 1])
})

test.each([
  ['all fits', 3, 4, 3, 4, 0],
  ['the passage is cut', 3, 5, 3, 4, 1],
  ['the question takes all but one token', 6, 5, 6, 1, 1],
  ['the question is cut to leave one token', 7, 5, 6, 1, 1],
  ['a question without a passage', 9, 0, 7, 0, 1],
  ['a passage without a question', 0, 9, 0, 7, 1],
])('pairs in 10 tokens, 3 of them special: %s', (_, question, passage, cats, dogs, truncated) => {
  const pair = { question: words('cat', question), passage: words('dog', passage) }
  const encodings = bert.encodePairs([pair], 10)
  expect(rowsOf(encodings)).toEqual([[CLS, ...Array(cats).fill(CAT), SEP, ...Array(dogs).fill(DOG), SEP]])
  expect(encodings).toMatchObject({ truncated, tokens: cats + dogs })
})

test('a limit without room for a token of each text is refused', () => {
  expect(() => bert.encodePairs([{ question: 'cat', passage: 'dog' }], 4)).toThrow('expected at least 5')
  expect(() => bert.encode(['cat'], 2)).toThrow('expected at least 3')
})

test('unknown tokens are counted among those that are left', () => {
  const encodings = bert.encode(['cat \u{1f9ac} dog', words('\u{1f9ac}', 9)], 6)
  expect(rowsOf(encodings)[0]).toEqual([CLS, CAT, UNK, DOG, SEP])
  expect(encodings).toMatchObject({ tokens: 7, unknown: 5, truncated: 1 })
})

test.each([
  ['pad_token', { pad_token: '[UNK]' }, { padding: { pad_id: 7 } }, UNK],
  ['pad_token as an object', { pad_token: { content: '[UNK]' } }, {}, UNK],
  ['the padding of tokenizer.json', {}, { padding: { pad_id: 7 } }, 7],
  ['a pad_token that nobody knows', { pad_token: '<pad>' }, { padding: null }, 0],
])('the pad id, from %s', (_, tokenizerConfig, change, expected) => {
  expect(createTokenizer({ ...json, ...change }, tokenizerConfig).padId).toBe(expected)
})

test('padding side and longest input', () => {
  expect(bert).toMatchObject({ paddingSide: 'right', maxLength: 512 })
  const left = createTokenizer(json, { padding_side: 'left', model_max_length: 1e30 })
  expect(left).toMatchObject({ paddingSide: 'left', maxLength: undefined })
})

test('on a thread', async () => {
  const tokenizer = await openTokenizer(await resolveModel(EMBEDDED))
  try {
    expect(tokenizer).toMatchObject({ padId: 0, paddingSide: 'right', maxLength: 512, overheadTokens: 2 })
    const pairs = [{ question: 'cat', passage: words('dog', 300) }]
    expect(await tokenizer.encodePairs(pairs)).toEqual(bert.encodePairs(pairs, 256))
  } finally {
    await tokenizer.close()
  }
})
