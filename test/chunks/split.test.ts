import { describe, expect, test } from 'vitest'
import type { CountTokens } from '#clara/chunks/count-tokens.js'
import { chunksOf, split, tokenCount } from './sample-texts.js'

describe('what a chunk is', () => {
  test('a document that fits is one chunk, trimmed', async () => {
    const text = ' \n# Title\n\nOne. Two.\n\n三。\r\n\t'
    expect(await chunksOf([{ id: 'a/b.md', title: 'T', text }])).toEqual([
      { id: 'a/b.md#0', documentId: 'a/b.md', title: 'T', text: '# Title\n\nOne. Two.\n\n三。' },
    ])
  })

  test('chunks are numbered per document and come in document order', async () => {
    const documents = ['x', 'y'].map((id) => ({ id, title: '', text: 'One two. Three four.' }))
    const chunks = await chunksOf(documents, { maxTokens: 3 })
    expect(chunks.map(({ id, text }) => `${id} ${text}`)).toEqual([
      'x#0 One two.',
      'x#1 Three four.',
      'y#0 One two.',
      'y#1 Three four.',
    ])
  })

  test('without splitting a document is one chunk with its own id, however long', async () => {
    const text = `  ${'Word. '.repeat(10_000)}`
    const count = () => Promise.reject(new Error('nothing is to be counted'))
    expect(await chunksOf([{ id: 'x', title: 't', text }], { split: false }, count)).toEqual([
      { id: 'x', documentId: 'x', title: 't', text: text.trim() },
    ])
  })

  test.each([true, false])('white space alone is no chunk (split: %s)', async (isSplit) => {
    const texts = ['', ' \r\n\t\n', '\u00a0\u3000\ufeff']
    const documents = texts.map((text, i) => ({ id: `${i}`, title: 'Title', text }))
    expect(await chunksOf(documents, { split: isSplit })).toEqual([])
  })

  test.each([
    ['the title counts', 'a b c', 5],
    ['a title of more than half leaves half', 'a b c d e f g', 4],
    ['so does one longer than all', 'x '.repeat(30_000), 4],
  ])('%s', async (_, title, budget) => {
    const text = 'u v w x y z '.repeat(10)
    const chunks = await chunksOf([{ id: 'd', title, text }], { maxTokens: 8 })
    expect(tokenCount(chunks[0]!.text)).toBe(budget)
  })
})

describe('where it cuts', () => {
  // The expected chunks at so many tokens; a broken bar stands for each cut in the text.
  test.each([
    ['paragraphs that fit together', 12, 'One two three.\n\nFour five.\n\n¦Six seven eight nine ten.'],
    ['a paragraph to its own chunk', 10, 'One two three four five.\n\n¦Six seven. Eight nine. Ten.'],
    ['a short start goes on', 10, 'One.\n\nSix seven. Eight nine. ¦Ten eleven. Twelve thirteen.'],
    ['sentences', 6, 'One two. Three four. ¦Five six seven. ¦Eight nine ten eleven.'],
    ['Chinese sentences', 12, '今天天气很好。我们走吧。¦明天可能会下雨，带伞。'],
    ['mixed sentences', 7, '我在 IBM 工作。¦He works there too. ¦很好。'],
    ['abbreviations stay', 8, 'We met Dr. Smith there. ¦J. R. Li wrote it.'],
    ['list items', 8, '- one two\n- three four\n¦- five six\n- seven eight'],
    ['table rows', 10, '| a | b |\n| c | d |\n¦| e | f |\n| g | h |'],
    ['CRLF', 6, 'One two. Three four.\r\n\r\n¦Five six. Seven eight.'],
    ['words of a long sentence', 4, 'one two three four ¦five six seven eight ¦nine ten eleven.'],
    ['Chinese clauses', 8, '今天下雨，¦我们都没有带伞，¦所以都不出门'],
    [
      'heading with its paragraph',
      12,
      'One two three. Four five six.\n\n¦## Next part\n\nSeven eight nine ten.',
    ],
    [
      'heading without a blank line',
      12,
      'One two three. Four five six.\n¦## Next part\nSeven eight nine ten.',
    ],
    [
      'headings, and a long paragraph',
      10,
      'One two three.\n\n¦# A\n\n## B\n\nFour five. ¦Six seven. Eight nine ten.',
    ],
  ])('%s', async (_, maxTokens, marked) => {
    const expected = marked.split('¦')
    expect(await split(expected.join(''), maxTokens)).toEqual(expected.map((chunk) => chunk.trim()))
  })

  test('Chinese words stay whole', async () => {
    const text = '北京大学历史研究中文学习天气喜欢'.repeat(6)
    const words = new Intl.Segmenter('en', { granularity: 'word' }).segment(text)
    let at = 0
    for (const chunk of await split(text, 9)) {
      expect(words.containing(at)!.index).toBe(at)
      at += chunk.length
    }
    expect(at).toBe(text.length)
  })

  test('a heading that fills its chunk is left behind rather than lost', async () => {
    const text = `# ${'head '.repeat(7)}\n\nOne two three four five. Six.`
    expect((await split(text, 8)).join(' ').replaceAll(/\s+/g, ' ')).toBe(text.replaceAll(/\s+/g, ' '))
  })

  test('a tiny end takes sentences from the chunk before', async () => {
    const text = 'One two three. Four five six. Seven eight nine. Ten.'
    expect(await split(text, 12)).toEqual(['One two three. Four five six.', 'Seven eight nine. Ten.'])
  })
})

describe('overlap', () => {
  test('the next chunk repeats whole sentences', async () => {
    expect(await split('A b c d. E f. G h i. J k l m. N o p. Q r s t u.', 13, 4)).toEqual([
      'A b c d. E f. G h i.',
      'G h i. J k l m. N o p.',
      'N o p. Q r s t u.',
    ])
  })

  test('a sentence that is too long is not repeated', async () => {
    expect(await split('One two three four. Five six seven eight.', 8, 3)).toEqual([
      'One two three four.',
      'Five six seven eight.',
    ])
  })

  test.each([
    [10, 5],
    [10, -1],
    [10, 1.5],
    [0, 0],
    [2.5, 0],
    [Number.NaN, 0],
  ])('maxTokens %s with overlapTokens %s is misuse', async (maxTokens, overlapTokens) => {
    await expect(chunksOf([], { maxTokens, overlapTokens })).rejects.toThrow(RangeError)
  })
})

describe('token counts', () => {
  test('that do not add up still give chunks within the budget', async () => {
    // Each sentence after the first of a text costs three tokens more.
    const count = (text: string) => tokenCount(text) + 3 * (text.match(/\. /g) ?? []).length
    const text = Array.from({ length: 50 }, (_, i) => `Sentence ${i} here.`).join(' ')
    for (const overlapTokens of [0, 5]) {
      const options = { maxTokens: 24, overlapTokens }
      const counter = async (texts: string[]) => texts.map(count)
      const chunks = await chunksOf([{ id: 'd', title: '', text }], options, counter)
      expect(Math.max(...chunks.map((chunk) => count(chunk.text)))).toBeLessThanOrEqual(24)
      expect(new Set(chunks.flatMap((chunk) => chunk.text.match(/\d+/g))).size).toBe(50)
    }
  })

  test('come in few calls', async () => {
    let calls = 0
    const documents = Array.from({ length: 64 }, (_, i) => ({
      id: `${i}`,
      title: '',
      text: 'A b c. '.repeat(40),
    }))
    await chunksOf(documents, { maxTokens: 20 }, async (texts) => {
      calls++
      return texts.map(tokenCount)
    })
    expect(calls).toBeLessThan(6)
  })

  test('of another number than asked for are misuse', async () => {
    await expect(chunksOf([{ id: 'd', title: '', text: 'x' }], {}, async () => [])).rejects.toThrow(
      'countTokens returned 0 counts for 2 texts',
    )
  })
})

test('a chunk that its own count shows too long first loses what it repeats of the one before', async () => {
  const text = 'A one two. B one two. C one two. D one two.'
  const count: CountTokens = async (texts) =>
    texts.map((part) => tokenCount(part) + (part.includes('B') && part.includes('C') ? 10 : 0))
  const chunks = await chunksOf([{ id: 'd', title: '', text }], { maxTokens: 9, overlapTokens: 4 }, count)
  expect(chunks.map((chunk) => chunk.text)).toEqual([
    'A one two. B one two.',
    'C one two.',
    'C one two. D one two.',
  ])
})
