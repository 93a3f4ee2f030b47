/** Models of anyone's: what is wrong with one is said, soon, and named as the model's. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { copyTiny } from '../support/tiny-model.js'
import { clara, workFolder } from './clara.js'

const work = workFolder()
const corpus = join(work, 'corpus.jsonl')
writeFileSync(corpus, JSON.stringify({ _id: 'a', text: `hello ${'a'.repeat(60)}!` }))
let count = 0

async function refusal(embedder: string): Promise<string> {
  const flags = ['--input-file', corpus, '--force', '--embedder', embedder]
  const { code, stderr } = await clara([
    'index',
    'build',
    ...flags,
    '--output-dir',
    join(work, `index ${count++}`),
  ])
  expect(stderr).not.toContain('this is a bug')
  expect({ code, stderr }).toMatchObject({ code: 2 })
  return stderr
}

it.each([
  ['dims', 2 ** 40],
  ['dims', 1e308],
  ['dims', 0],
  ['dims', -384],
  ['dims', 384.5],
  ['dims', '384'],
  ['dims', null],
  ['maxTokens', 2 ** 40],
  ['maxTokens', 1e308],
  ['maxTokens', -1],
  ['maxTokens', [256]],
])('a card with "%s": %j', async (key, value) => {
  const folder = join(work, `card ${count++}`)
  cpSync(fileURLToPath(new URL('../../models/all-minilm-l6-v2', import.meta.url)), folder, {
    recursive: true,
  })
  const path = join(folder, 'card.json')
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), [key]: value }))
  expect(await refusal(folder)).toContain(
    `${path}: "${key}" is ${JSON.stringify(value)}, expected a whole number from 1 to `,
  )
})

const tokenizerOf = (change: (json: Record<string, unknown>) => object) =>
  copyTiny('bert-mean', join(work, `tokenizer ${count++}`)).editJson('tokenizer.json', change)

it.each([
  [
    'a split',
    { pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false } },
  ],
  ['a replacement', { normalizer: { type: 'Replace', pattern: { Regex: '([a-z]+)+\\d' }, content: ' ' } }],
])('a regular expression that tries without end, in %s, is stopped', async (_, change) => {
  const start = performance.now()
  const { file, path } = tokenizerOf((json) => ({ ...json, ...change }))
  expect(await refusal(path)).toContain(`${file('tokenizer.json')}: has been at one text for 10 s`)
  expect(performance.now() - start).toBeLessThan(60_000) // about 12 s on an idle machine
})

it.each([
  ['pre_tokenizer', { type: 'Split', pattern: { Regex: 'a' }, behavior: 'Nope' }, 'behavior "Nope"'],
  ['added_tokens', [{ id: 2 ** 40, content: 'hello' }], 'id 1099511627776'],
  ['added_tokens', [{ id: -5, content: 'hello' }], 'id -5'],
  [
    'post_processor',
    { type: 'BertProcessing', sep: ['[SEP]', 2 ** 40], cls: ['[CLS]', 2] },
    'id 1099511627776',
  ],
  ['post_processor', { type: 'BertProcessing', sep: 3, cls: 4 }, 'post_processor: id'],
  [
    'model',
    { type: 'WordPiece', vocab: { '[UNK]': 1e308 }, unk_token: '[UNK]' },
    'vocab: "[UNK]": id 1e+308',
  ],
])('tokenizer.json with %s %j', async (key, value, reason) => {
  const { file, path } = tokenizerOf((json) => ({ ...json, [key]: value }))
  const said = await refusal(path)
  expect(said).toContain(file('tokenizer.json'))
  expect(said).toContain(reason)
})
