import { expect, test } from 'vitest'
import { chunksOf, withoutBlanks } from './sample-texts.js'

const LONGEST = 20_000

/** One token for each UTF-16 unit that is no white space: fast, and strict about every character. */
async function countUnits(texts: string[]): Promise<number[]> {
  return texts.map((text) => {
    if (text.length > LONGEST) throw new Error(`asked to count ${text.length} characters at once`)
    return withoutBlanks(text).length
  })
}

async function splitStrictly(text: string, maxTokens: number): Promise<string[]> {
  const chunks = await chunksOf([{ id: 'd', title: '', text }], { maxTokens }, countUnits)
  return chunks.map((chunk) => chunk.text)
}

const PARTS: [string, string][] = [
  ['one letter', 'a'],
  ['one Chinese character', '我'],
  ['Chinese words', '我们喜欢北京'],
  ['commas', '，'],
  ['full stops', '.'],
  ['list numbers', '1. '],
  ['short lines', 'x\n'],
  ['CRLF paragraphs', 'x y\r\n\r\n'],
  ['headings', '# h\n'],
  ['zero-width characters', '\u200b'],
  ['lone high surrogates', '\ud800'],
  ['lone low surrogates', '\udc00'],
  ['combining marks', '\u0301'],
  ['emoji families', '👨‍👩‍👧'],
  ['base64', 'QWxhZGRp+/'],
  ['blanks between', `a${' '.repeat(30_000)}`],
]

test.each(PARTS)('1,000,000 characters of %s: all kept, within the budget, in seconds', async (_, part) => {
  const text = part.repeat(1_000_000 / part.length)
  const started = performance.now()
  const chunks = await splitStrictly(text, 200)
  // Measured: 0.1 to 3 s on 2 busy cores; what is quadratic takes minutes.
  expect(performance.now() - started).toBeLessThan(20_000)
  expect(chunks.every((chunk) => withoutBlanks(chunk).length <= 200)).toBe(true)
  expect(withoutBlanks(chunks.join('')) === withoutBlanks(text)).toBe(true)
})

test('10 MB without a blank', async () => {
  const text = 'abcdefghij'.repeat(1_000_000)
  const chunks = await splitStrictly(text, 2_000)
  expect(chunks.join('') === text).toBe(true)
})

test('a word of 400,000 characters is cut even if it counts as one token', async () => {
  const chunks = await chunksOf(
    [{ id: 'd', title: '', text: 'a'.repeat(400_000) }],
    { maxTokens: 1 },
    async (texts) => texts.map(() => 1),
  )
  expect(chunks.map((chunk) => chunk.text.length)).toEqual(Array(400).fill(1_000))
})

test.each([1, 2, 3, 5])('in %i tokens no surrogate pair is cut', async (maxTokens) => {
  const text = '𠀀𠀁a😀'.repeat(700)
  const chunks = await splitStrictly(text, maxTokens)
  expect(chunks.join('')).toBe(text)
  expect(chunks.filter((chunk) => /\p{Surrogate}/u.test(chunk))).toEqual([])
})

test('no grapheme is cut where it fits', async () => {
  const family = '👨‍👩‍👧'
  const chunks = await splitStrictly(family.repeat(500), 2 * family.length + 1)
  expect(new Set(chunks)).toEqual(new Set([family.repeat(2)]))
})

test('a document that its title leaves one token is cut to code points', async () => {
  const chunks = await chunksOf([{ id: 'd', title: 'ab', text: 'x yz' }], { maxTokens: 2 }, countUnits)
  expect(chunks.map((chunk) => chunk.text)).toEqual(['x', 'y', 'z'])
})
