import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTokenizer } from '#clara/inference/tokenizer.js'
import { EMBEDDED } from '../support/model-copy.js'

const json = async (name: string) => JSON.parse(await readFile(join(EMBEDDED, name), 'utf8'))
const tokenizer = createTokenizer(await json('tokenizer.json'), await json('tokenizer_config.json'))
const [CLS, SEP] = [101, 102]

function encode(texts: string[], maxTokens = 256) {
  const { ids, starts, truncated } = tokenizer.encode(texts, maxTokens)
  return { rows: texts.map((_, i) => [...ids.subarray(starts[i], starts[i + 1])]), truncated }
}

test('special tokens are around a text and not counted', () => {
  expect(tokenizer.specialTokens).toBe(2)
  expect(encode(['hello', ''])).toEqual({
    rows: [
      [CLS, 7592, SEP],
      [CLS, SEP],
    ],
    truncated: 0,
  })
  expect([...tokenizer.count(['hello', '', 'hello hello'])]).toEqual([1, 0, 2])
})

test.each([
  [253, 0],
  [254, 0],
  [255, 1],
  [5000, 1],
])('%i tokens of text: %i cut to 256 with the closing token', (words, truncated) => {
  const result = encode([Array(words).fill('cat').join(' ')])
  const [row] = result.rows
  expect(result.truncated).toBe(truncated)
  expect(row).toHaveLength(Math.min(words, 254) + 2)
  expect(row?.at(0)).toBe(CLS)
  expect(row?.at(-1)).toBe(SEP)
  expect(row?.slice(1, -1).every((id) => id === 4937)).toBe(true)
})

test('absurd input takes no time', () => {
  const start = performance.now()
  encode(['x'.repeat(4_000_000), 'x '.repeat(2_000_000), ' '.repeat(4_000_000), '字'.repeat(1_000_000)])
  expect(performance.now() - start).toBeLessThan(2000)
})

test('ideographs outside the basic plane are words of their own, as others are', () => {
  // A word that the vocabulary lacks is one unknown token, however long: two words are two.
  expect([...tokenizer.count(['𠀀𠀁', '𠀀 𠀁'])]).toEqual([2, 2])
})
