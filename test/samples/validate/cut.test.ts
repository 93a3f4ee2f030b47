import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { openTokenizer } from '#clara/inference/open-tokenizer.js'
import { openTrainerTokenizer } from '#clara/inference/trainer-tokenizer.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '#clara/models/resolve.js'
import { keptParts } from '#clara/samples/validate/cut.js'
import { jsonl, useDirectory } from '../../support/directory.js'
import { kindsOf, type Row, soundRows, validateContent } from './rows.js'

const directory = useDirectory()
const countWords = async (texts: string[]) =>
  Int32Array.from(texts, (text) => text.split(/\s+/).filter(Boolean).length)

const filler = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`).join(' ')

/** Rows of docs of at most 22 words, and in row 7 these. */
function rowsWith(change: (row: Row) => Row): Row[] {
  const rows = soundRows(24)
  return rows.with(6, change(rows[6]!))
}

const positive = (row: Row, text: string): Row => ({ ...row, docs: row.docs.with(row.pos_index[0]!, text) })

const validate = (rows: Row[]) =>
  validateContent(directory, jsonl(...rows), { docMaxTokens: 30, countTokens: countWords })

describe('the trainer’s cut', () => {
  test.each<[string, (row: Row) => Row, object, number]>([
    [
      'behind it',
      (row) => positive(row, `${filler(30)} it was Halvorsen-6`),
      { 'long-doc': [7], 'lost-answer': [7] },
      1,
    ],
    [
      'across it',
      (row) => ({
        ...positive(row, `${filler(29)} old Halvorsen`),
        answer: 'old Halvorsen',
        gold_answer: 'old Halvorsen',
      }),
      { 'long-doc': [7], 'lost-answer': [7] },
      1,
    ],
    ['before it', (row) => positive(row, `Halvorsen-6 came ${filler(40)}`), { 'long-doc': [7] }, 0],
    [
      'before it and behind it',
      (row) => positive(row, `Halvorsen-6 ${filler(40)} Halvorsen-6`),
      { 'long-doc': [7] },
      0,
    ],
    [
      'in another positive',
      (row) => ({
        ...positive(row, `${filler(40)} Halvorsen-6`),
        docs: positive(row, `${filler(40)} Halvorsen-6`).docs.with(0, 'Halvorsen-6 again'),
        pos_index: [0, 2],
      }),
      { 'long-doc': [7] },
      0,
    ],
    ['of a negative', (row) => ({ ...row, docs: row.docs.with(0, filler(50)) }), { 'long-doc': [7] }, 0],
    [
      'in other words behind it',
      (row) => ({
        ...positive(row, `${filler(40)} volcanoes had often erupted`),
        answer: 'it erupted: a volcano',
        gold_answer: 'it erupted: a volcano',
      }),
      { 'long-doc': [7], 'lost-answer': [7] },
      1,
    ],
    [
      'in other words before it',
      (row) => ({
        ...positive(row, `volcanoes had often erupted ${filler(40)}`),
        answer: 'it erupted: a volcano',
        gold_answer: 'it erupted: a volcano',
      }),
      { 'long-doc': [7] },
      0,
    ],
  ])('the answer stands %s', async (_, change, kinds, lost) => {
    const { report, told } = await validate(rowsWith(change))
    expect(kindsOf(report)).toEqual(kinds)
    expect(report.tokens?.lostAnswers).toBe(lost)
    expect(
      told.filter((line) => /^7: docs\[2\], a positive, is cut after 30 of \d+ tokens/.test(line)),
    ).toHaveLength(lost)
  })

  test('an exact fit is whole', async () => {
    const { report } = await validate(rowsWith((row) => positive(row, `${filler(29)} Halvorsen-6`)))
    expect(report).toMatchObject({ ok: true, tokens: { longest: 30, overLimit: 0 } })
  })
})

describe('a limit that nobody named', () => {
  const read = (change: (row: Row) => Row, options = {}) =>
    validateContent(directory, jsonl(...rowsWith(change)), { docTokensRead: 30, countTokens: countWords, ...options }) // biome-ignore format: short
  const cut = (row: Row) => positive(row, `Halvorsen-6 came ${filler(40)}`)

  test('a document that it cuts is warned of', async () => {
    const { report, told } = await read(cut)
    expect(kindsOf(report)).toEqual({ 'cut-doc': [7] })
    expect(report).toMatchObject({ ok: true, valid: 24, withFindings: 0, withWarnings: 1 })
    expect(report.tokens).toMatchObject({ limit: 30, overLimit: 1, lostAnswers: 0 })
    expect(told[0]).toMatch(/^7: warning: docs\[2\] has 42 tokens, the limit is 30/)
    expect((await read(cut, { strict: true })).report).toMatchObject({ ok: false, withFindings: 1 })
  })

  test('an answer behind the cut is an error', async () => {
    const { report } = await read((row) => positive(row, `${filler(30)} it was Halvorsen-6`))
    expect(kindsOf(report)).toEqual({ 'lost-answer': [7], 'cut-doc': [7] })
    expect(report).toMatchObject({ ok: false, valid: 23, withFindings: 1, withWarnings: 1 })
  })

  test('one that is named goes before it', async () => {
    expect(kindsOf((await read(cut, { docMaxTokens: 40 })).report)).toEqual({ 'long-doc': [7] })
    expect(kindsOf((await read(cut, { docMaxTokens: 64 })).report)).toEqual({})
  })
})

test('half a word at the end is left out, half a Chinese sentence is not', async () => {
  const letters = async (texts: string[]) => texts.map((text) => text.length)
  const texts = ['one twenty three', '北极海鹦在洞穴里', 'twenty', 'one two']
  expect(await keptParts(texts, 7, letters)).toEqual(['one ', '北极海鹦在洞穴', 'twenty', 'one two'])
})

test('what is kept is the longest beginning within the limit', async () => {
  const texts = [filler(100), filler(7), '', `${'x'.repeat(5000)} y z`]
  const kept = await keptParts(texts, 6, countWords)
  expect(kept[0]).toBe('w0 w1 w2 w3 w4 w5 ')
  expect(kept.slice(1)).toEqual([`${filler(6)} `, '', texts[3]])
})

describe('a tokenizer by its file', () => {
  const model = fileURLToPath(new URL('../../../models/all-minilm-l6-v2', import.meta.url))

  test.each([model, `${model}/tokenizer.json`])('%s counts as the model does', async (path) => {
    const texts = ['Puffins nest in burrows.', '', '北极海鹦'.repeat(40)]
    const [own, counter] = [
      await openTokenizer(await resolveEmbedder(DEFAULT_EMBEDDER)),
      await openTrainerTokenizer(path),
    ]
    expect(await counter.countTokens(texts)).toEqual(await own.countTokens(texts))
    await Promise.all([own.close(), counter.close()])
  })

  test.each<[string, string | null, RegExp]>([
    ['missing', null, /no tokenizer there: expected mistral, qwen3, none/],
    ['no JSON', '{', /is not JSON/],
    ['another JSON', '{"a": 1}', /cannot be used/],
  ])('%s', async (_, content, message) => {
    const path = `${directory.path}/tokenizer.json`
    if (content !== null) await directory.write('tokenizer.json', content)
    await expect(openTrainerTokenizer(path)).rejects.toMatchObject({
      name: 'ClaraError',
      message: expect.stringMatching(message),
    })
  })
})
