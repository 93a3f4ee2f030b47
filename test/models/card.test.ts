import { expect, test } from 'vitest'
import { parseCard } from '#clara/models/card.js'
import { readEmbeddedCard } from '../support/model-copy.js'

const card = await readEmbeddedCard()
const [file, ...others] = card.files

test('the embedded card is right', () => {
  expect(parseCard(card)).toEqual(card)
})

test.each([
  ['not an object', [card]],
  ['not an object', null],
  ...[
    'name',
    'pooling',
    'queryPrefix',
    'documentPrefix',
    'licence',
    'source',
    'model',
    'tokenizer',
    'tokenizerConfig',
  ].flatMap((key) => [
    [`"${key}"`, { ...card, [key]: undefined }],
    [`"${key}"`, { ...card, [key]: 3 }],
  ]),
  ['"kind" is "generator", expected', { ...card, kind: 'generator' }],
  ['"labels" is undefined', { ...card, kind: 'reranker' }],
  ['"pooling" is "max"', { ...card, pooling: 'max' }],
  ['"golden" names other.json', { ...card, golden: 'other.json' }],
  ['"externalData" names weights', { ...card, externalData: ['weights'] }],
  ...['dims', 'maxTokens'].flatMap((key) =>
    [undefined, 0, -1, 1.5, '384'].map((value) => [`"${key}"`, { ...card, [key]: value }]),
  ),
  ['"normalised"', { ...card, normalised: 'yes' }],
  ['"languages"', { ...card, languages: 'en' }],
  ['"languages"', { ...card, languages: [1] }],
  ['"files"', { ...card, files: undefined }],
  ...[
    { bytes: 0 },
    { bytes: '12' },
    { sha256: 'abc' },
    { sha256: file.sha256.toUpperCase() },
    { path: 7 },
    { path: '../model.onnx' },
    { path: 'a/../../model.onnx' },
    { path: '..\\model.onnx' },
    { path: '/etc/passwd' },
  ].map((change) => ['"files"', { ...card, files: [{ ...file, ...change }, ...others] }]),
  ['"model" names other.onnx', { ...card, model: 'other.onnx' }],
  ['"tokenizer" names ../t.json', { ...card, tokenizer: '../t.json' }],
])('a card is refused: %s (%#)', (reason, value) => {
  const result = parseCard(value)
  expect(result).toBeTypeOf('string')
  expect(result).toContain(reason === 'not an object' ? 'not a JSON object' : reason)
})
