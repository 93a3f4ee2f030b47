/** Counts as a trainer does. The numbers are of transformers 4.56.2: `<ENC><s>text</s>` without the three. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { tokenizerOfSentencePiece } from '#clara/inference/sentencepiece.js'
import { createTokenizer } from '#clara/inference/tokenizer.js'
import {
  DEFAULT_TRAINER,
  openTrainerTokenizer,
  type TrainerTokenizer,
} from '#clara/inference/trainer-tokenizer.js'
import { useDirectory } from '../support/directory.js'

const model = fileURLToPath(new URL('../../models/mistral-7b-tokenizer/tokenizer.model', import.meta.url))
const directory = useDirectory()
const open: TrainerTokenizer[] = []
afterAll(() => Promise.all(open.map((tokenizer) => tokenizer.close())))

async function opened(name?: string) {
  const tokenizer = await openTrainerTokenizer(name)
  open.push(tokenizer)
  return tokenizer
}

/** Text, tokens where a blank is thought before each part ("legacy"), tokens where none is. */
const COUNTED: [string, number, number][] = [
  ['Puffins nest in burrows.', 8, 8],
  ['Parliament', 1, 2],
  ['parliament\n\nHouse of Lords', 8, 9],
  ['北极海鹦在洞穴里筑巢。', 20, 19],
  ['罕見字：龘靐齉爨 𠀀', 24, 23],
  ['1,234,567.89 and 2026-12-01', 25, 24],
  ['👩‍💻👍🏽 ☃ ⛄', 18, 17],
  ['def f(x):\n    return x ** 2\n', 13, 13],
  ['ก ข สวัสดีชาวโลก', 17, 16],
  ['日本語のトークン', 9, 8],
  ['<s>struck</s> out', 5, 5],
  ['  two blanks', 4, 4],
  ['', 0, 0],
  ['tab\there', 3, 3],
  ['Ünïcödé naïve café', 10, 10],
  ['https://example.org/a_b?c=1&d=%20', 18, 18],
]
const texts = COUNTED.map(([text]) => text)
const greater = Int32Array.from(COUNTED, ([, legacy, fresh]) => Math.max(legacy, fresh))

test('of the ways in which a trainer may count, the one with most tokens counts', async () => {
  const tokenizer = await opened()
  expect(tokenizer).toMatchObject({ name: DEFAULT_TRAINER, exact: true, title: 'mistral' })
  expect(tokenizer.sha256).toMatch(/^dadfd56d/)
  expect(await tokenizer.countTokens(texts)).toEqual(greater)
})

test('a text that goes on where another ends has no blank thought before it', async () => {
  const tokenizer = await opened()
  expect(Array.from(await tokenizer.countWithin(['Parliament', ' Parliament', '\n\nHouse', '。北']))).toEqual(
    [2, 1, 4, 2],
  )
})

test('words that are counted one by one make the number of the whole', async () => {
  const tokenizer = await opened()
  const json = tokenizerOfSentencePiece(readFileSync(model))
  const blanks = { type: 'Replace', pattern: { String: ' ' }, content: '▁' } // none is thought before a text
  const whole = createTokenizer({ ...json, normalizer: blanks }, {})
  const parts = ['a', 'the ', '北', '▁', ' ', '   ', '\n', '\n\n', '\t', '\u3000', '<s>', '<', '12', '😀', '\0', '//', '=', '.', 'Parliament'] // biome-ignore format: short
  let state = 7
  const next = (count: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return Math.floor(state / 65536) % count
  }
  const strings = Array.from({ length: 4000 }, () =>
    Array.from({ length: 1 + next(14) }, () => parts[next(parts.length)]!).join(''),
  )
  expect(await tokenizer.countWithin(strings)).toEqual(whole.count(strings))
})

describe('a tokenizer by its file', () => {
  const json = tokenizerOfSentencePiece(readFileSync(model))
  const forms = {
    'legacy tokenizer.json': json,
    'tokenizer.json with Metaspace': {
      ...json,
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false },
    },
  }
  test.each(Object.entries(forms))('%s', async (_, form) => {
    const path = `${directory.path}/tokenizer.json`
    await directory.write('tokenizer.json', JSON.stringify(form))
    for (const given of [path, directory.path]) {
      const tokenizer = await opened(given)
      expect(tokenizer).toMatchObject({ name: given, exact: true, title: given })
      expect(await tokenizer.countTokens(texts)).toEqual(greater)
    }
  })

  test('tokenizer.model, under any name, and in a folder', async () => {
    await directory.write('folder/tokenizer.model', readFileSync(model))
    await directory.write('mistral.v1', readFileSync(model))
    for (const name of ['folder', 'folder/tokenizer.model', 'mistral.v1']) {
      const tokenizer = await opened(`${directory.path}/${name}`)
      expect(await tokenizer.countTokens(texts)).toEqual(greater)
    }
  })

  test.each<[string, Buffer]>([
    ['cut off', readFileSync(model).subarray(0, 100_001)],
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('no tokenizer at all')],
  ])('a SentencePiece model that is %s', async (_, content) => {
    await directory.write('damaged.model', content)
    await expect(opened(`${directory.path}/damaged.model`)).rejects.toMatchObject({
      name: 'ClaraError',
      message: expect.stringMatching(/damaged\.model: neither tokenizer\.json nor a SentencePiece model/),
    })
  })
})

test('qwen3 is an estimate that says so and errs on the safe side', async () => {
  const tokenizer = await opened('qwen3')
  expect(tokenizer).toMatchObject({ name: 'qwen3', exact: false, sha256: null, title: 'qwen3 (estimated)' })
  // Text, tokens by Qwen's vocabulary.
  const known: [string, number][] = [
    ['Puffins nest in burrows.', 8],
    ['北极海鹦在洞穴里筑巢。', 10],
    ['罕見字：龘靐齉爨 𠀀', 14],
    ['1,234,567.89 and 2026-12-01', 24],
    ['👩‍💻👍🏽 ☃ ⛄', 10],
    ['def f(x):\n    return x ** 2\n', 11],
    ['<s>struck</s> out', 8],
    ['Ünïcödé naïve café', 9],
    ['這是繁體中文的句子。', 7],
  ]
  const counts = await tokenizer.countTokens(known.map(([text]) => text))
  known.forEach(([text, tokens], i) => {
    expect(counts[i], text).toBeGreaterThanOrEqual(tokens)
  })
})
