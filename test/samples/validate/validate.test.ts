import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Problem } from '#clara/errors.js'
import { type ValidateOptions, validateSamples } from '#clara/samples/validate.js'
import { jsonl, useDirectory } from '../../support/directory.js'

const directory = useDirectory()

type Row = Record<string, unknown>

const good: Row = {
  question: 'Where do puffins nest?',
  docs: ['In burrows.', 'Gannets dive.', 'Terns migrate.'],
  gold_answer: 'In burrows',
  answer: 'In burrows',
  pos_index: [0],
}

function without(...keys: string[]): Row {
  return Object.fromEntries(Object.entries(good).filter(([key]) => !keys.includes(key)))
}

function docs(count: number): Row {
  return { ...good, docs: Array.from({ length: count }, (_, i) => `doc ${i}`) }
}

const error = (kind: string, count: number, lines: number[]) => ({ kind, level: 'error', count, lines })
const finding = (kind: string, count: number, lines: number[]) => ({
  ...error(kind, count, lines),
  level: kind === 'only-answer' ? 'warning' : 'error',
})

/** Fields and types; what the texts say: content.test.ts. */
async function validate(content: string | Uint8Array, options: Partial<ValidateOptions> = {}) {
  const path = await directory.write('end_to_end_data.jsonl', content)
  const problems: Problem[] = []
  const report = await validateSamples(path, {
    onProblem: (problem) => problems.push(problem),
    schemaOnly: true,
    ...options,
  })
  return { path, report, problems }
}

describe('one fault', () => {
  const cases: [fault: string, row: Row | string, kinds: string[], reason: RegExp][] = [
    ['no JSON', '{"question": ', ['not-json'], /^not JSON: /],
    ['a list', '[1]', ['not-object'], /^not a JSON object$/],
    ['null', 'null', ['not-object'], /^not a JSON object$/],
    ['no question', without('question'), ['bad-question'], /question is missing, a non-blank string/],
    ['question a list', { ...good, question: ['a'] }, ['bad-question'], /question is a list/],
    ['blank question', { ...good, question: ' \t' }, ['bad-question'], /question is blank/],
    ['no docs', without('docs'), ['bad-docs'], /docs is missing, a list of strings/],
    ['docs a string', { ...good, docs: 'In burrows.' }, ['bad-docs'], /docs is a string/],
    ['an object among docs', { ...good, docs: ['a', {}, 'c'] }, ['bad-docs'], /docs holds an object at 1/],
    ['empty doc', { ...good, docs: ['a', '', 'c'] }, ['empty-doc'], /docs\[1\] is empty/],
    ['blank doc', { ...good, docs: ['a', 'b', '\n '] }, ['empty-doc'], /docs\[2\] is empty/],
    ['same doc twice', { ...good, docs: ['a', 'b', 'b'] }, ['duplicate-doc'], /docs\[2\].* docs\[1\]$/],
    [
      'positive again',
      { ...good, docs: ['a', 'b', 'a'] },
      ['negative-is-positive'],
      /docs\[2\].* docs\[0\]: one/,
    ],
    ['no answers', without('answer', 'gold_answer'), ['no-answer'], /gold_answer and answer are missing/],
    ['gold_answer alone', without('answer'), ['only-gold-answer'], /ml-clara rejects/],
    ['answer alone', without('gold_answer'), ['only-answer'], /^warning: .*no gold_answer/],
    ['blank answer', { ...good, answer: '' }, ['bad-answer'], /^answer is blank/],
    ['gold_answer null', { ...good, gold_answer: null }, ['bad-gold-answer'], /gold_answer is null/],
    ['answers differ', { ...good, answer: 'In holes' }, ['answers-differ'], /must be the same/],
    ['no pos_index', without('pos_index'), ['bad-pos-index'], /pos_index is missing, a list of integers/],
    ['pos_index a number', { ...good, pos_index: 0 }, ['bad-pos-index'], /pos_index is a number/],
    ['a fraction', { ...good, pos_index: [0, 1.5] }, ['bad-pos-index'], /pos_index holds 1.5 at 1/],
    ['a string', { ...good, pos_index: ['0'] }, ['bad-pos-index'], /pos_index holds a string at 0/],
    ['empty pos_index', { ...good, pos_index: [] }, ['empty-pos-index'], /pos_index is empty/],
    ['beyond the docs', { ...good, pos_index: [3] }, ['position-out-of-range'], /holds 3, 0 to 2/],
    ['negative', { ...good, pos_index: [-1] }, ['position-out-of-range'], /holds -1, 0 to 2/],
    ['repeat', { ...good, pos_index: [1, 1] }, ['repeated-position'], /twice: 1, 1$/],
    ['no negative', { ...good, pos_index: [2, 0, 1] }, ['no-negative'], /every one of 3 docs/],
    ['one doc', { ...docs(1) }, ['too-few-docs', 'no-negative', 'mixed-top-k'], /1 doc, 2 or more/],
    ['no doc', { ...docs(0) }, ['too-few-docs', 'position-out-of-range', 'mixed-top-k'], /0 docs, 2 or more/],
    ['another count', docs(4), ['mixed-top-k'], /^4 docs, most rows have 3$/],
  ]

  test.each(cases)('%s', async (_, row, kinds, reason) => {
    const { path, report, problems } = await validate(jsonl(good, row, good))
    expect(report.findings).toEqual(expect.arrayContaining(kinds.map((kind) => finding(kind, 1, [2]))))
    expect(report.findings).toHaveLength(kinds.length)
    const failed = kinds.includes('only-answer') ? 0 : 1
    expect(report).toMatchObject({ ok: failed === 0, lines: 3, valid: 3 - failed, withFindings: failed })
    expect(report.withWarnings).toBe(1 - failed)
    expect(problems).toHaveLength(kinds.length)
    for (const problem of problems) expect(problem).toMatchObject({ path, line: 2 })
    expect(problems[0]?.reason).toMatch(reason)
  })

  test('bytes that are no UTF-8', async () => {
    const content = Buffer.concat([Buffer.from(jsonl(good)), Buffer.from([0x22, 0xff, 0x22, 0x0a])])
    const { report, problems } = await validate(content)
    expect(report.findings).toEqual([error('not-json', 1, [2])])
    expect(problems[0]?.reason).toMatch(/^not UTF-8: /)
  })

  test('the same doc twice among many', async () => {
    const many = docs(40).docs as string[]
    const { problems } = await validate(jsonl({ ...good, docs: [...many, 'doc 7'] }))
    expect(problems.map(({ reason }) => reason)).toEqual(['docs[40] is the same text as docs[7]'])
  })
})

test('several faults of a line count as one sample', async () => {
  const { report } = await validate(jsonl(good, { docs: ['a', 'a'], pos_index: [5, 5] }))
  expect(report.findings.map(({ kind }) => kind)).toEqual([
    'bad-question',
    'duplicate-doc',
    'no-answer',
    'repeated-position',
    'position-out-of-range',
    'mixed-top-k',
  ])
  expect(report).toMatchObject({ valid: 1, withFindings: 1 })
})

test('a sound file', async () => {
  const { path, report, problems } = await validate(
    jsonl(good, { ...good, pos_index: [2, 1] }, { ...good, pos_index: [2] }, good),
    { expectedTopK: 3 },
  )
  expect(report).toEqual({
    file: path,
    stage: 'end-to-end',
    schemaOnly: true,
    strict: false,
    lines: 4,
    valid: 4,
    withFindings: 0,
    withWarnings: 0,
    expected: { topK: 3, matching: 4, notMatching: 0 },
    docsPerSample: [{ docs: 3, rows: 4, percent: 100 }],
    mostCommon: 3,
    differing: 0,
    positions: [
      { position: 0, rows: 2 },
      { position: 1, rows: 1 },
      { position: 2, rows: 1 },
    ],
    uniformity: null,
    reuse: null,
    languages: null,
    tokens: null,
    lengths: null,
    provenance: false,
    notCompared: 0,
    findings: [],
    firstSample: {
      line: 1,
      question: 'Where do puffins nest?',
      docs: 3,
      docLengths: [11, 13, 14],
      posIndex: [0],
      answer: 'In burrows',
    },
    ok: true,
  })
  expect(problems).toEqual([])
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
})

describe('numbers of docs', () => {
  test('mixed top-k: the rows beside the most common count, whichever comes first', async () => {
    const { report, problems } = await validate(jsonl(docs(4), docs(5), docs(2), docs(5), docs(4), docs(5)))
    expect(report.docsPerSample).toEqual([
      { docs: 2, rows: 1, percent: 16.7 },
      { docs: 4, rows: 2, percent: 33.3 },
      { docs: 5, rows: 3, percent: 50 },
    ])
    expect(report).toMatchObject({ mostCommon: 5, differing: 3, valid: 3, withFindings: 3, expected: null })
    expect(report.findings).toEqual([error('mixed-top-k', 3, [1, 3, 5])])
    expect(problems.map(({ line, reason }) => `${line}: ${reason}`)).toEqual([
      '1: 4 docs, most rows have 5',
      '3: 2 docs, most rows have 5',
      '5: 4 docs, most rows have 5',
    ])
  })

  test('a row with another fault as well is one sample', async () => {
    const { report } = await validate(jsonl(docs(5), { ...docs(4), question: '' }, docs(5), docs(4)))
    expect(report).toMatchObject({ valid: 2, withFindings: 2 })
    expect(report.findings).toEqual([error('bad-question', 1, [2]), error('mixed-top-k', 2, [2, 4])])
  })

  test('another top-k than expected', async () => {
    const { report, problems } = await validate(jsonl(docs(5), docs(4), docs(4)), { expectedTopK: 5 })
    expect(report.expected).toEqual({ topK: 5, matching: 1, notMatching: 2 })
    expect(report.findings).toEqual([error('wrong-top-k', 2, [2, 3]), error('mixed-top-k', 1, [1])])
    expect(problems[0]).toMatchObject({ line: 2, reason: '4 docs, 5 expected' })
    expect(report.withFindings).toBe(3)
  })

  test.each([
    ['the one that came first', {}, 4],
    ['the expected one', { expectedTopK: 5 }, 5],
  ])('of equally common counts: %s', async (_, options, mostCommon) => {
    const { report } = await validate(jsonl(docs(4), docs(5)), options)
    expect(report.mostCommon).toBe(mostCommon)
  })
})

test.each(['not-json', 'bad-question', 'mixed-top-k'])(
  '%s: 5 lines named, 20 problems told',
  async (kind) => {
    const bad = { 'not-json': '{', 'bad-question': without('question'), 'mixed-top-k': docs(2) }[kind]!
    const { report, problems } = await validate(jsonl(...Array(31).fill(good), ...Array(30).fill(bad)))
    expect(report.findings).toEqual([error(kind, 30, [32, 33, 34, 35, 36])])
    expect(report).toMatchObject({ valid: 31, withFindings: 30 })
    expect(problems.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, i) => 32 + i))
  },
)

describe('limit on tokens', () => {
  const words = (count: number) => Array(count).fill('w').join(' ')
  const countWords = async (texts: string[]) => Int32Array.from(texts, (text) => text.split(' ').length)

  test('docs over it', async () => {
    const long = { ...good, docs: [words(8), words(9), words(10)] }
    const { report, problems } = await validate(jsonl(good, long, good), {
      docMaxTokens: 8,
      countTokens: countWords,
    })
    expect(report.tokens).toEqual({ limit: 8, docs: 9, overLimit: 2, longest: 10, lostAnswers: null })
    expect(report.findings).toEqual([error('long-doc', 1, [2])])
    expect(report).toMatchObject({ valid: 2, withFindings: 1 })
    expect(problems).toHaveLength(1)
    expect(problems[0]?.line).toBe(2)
    expect(problems[0]?.reason).toMatch(/^docs\[1\] has 9 tokens, the limit is 8/)
  })

  test('batches of at most 256 texts, every line in its place', async () => {
    const sizes: number[] = []
    const countTokens = (texts: string[]) => {
      sizes.push(texts.length)
      return countWords(texts)
    }
    const rows: Row[] = Array.from({ length: 300 }, () => good)
    rows[90] = { ...good, docs: ['a', 'b', words(9)] }
    rows[200] = docs(600)
    rows[299] = { ...good, docs: [words(9), 'b', 'c'] }
    const { report } = await validate(jsonl(...rows), { docMaxTokens: 8, countTokens })
    expect(Math.max(...sizes)).toBe(256)
    expect(sizes.reduce((a, b) => a + b)).toBe(299 * 3 + 600)
    expect(report.findings).toEqual([error('mixed-top-k', 1, [201]), error('long-doc', 2, [91, 300])])
    expect(report.withFindings).toBe(3)
  })

  test('few long rows wait at a time', async () => {
    const sizes: number[] = []
    const countTokens = async (texts: string[]) => {
      sizes.push(texts.length)
      return texts.map(() => 1)
    }
    const long = { ...good, docs: ['a', 'b', 'c'.repeat(5 << 20)] }
    await validate(jsonl(long, long, long, long, good), { docMaxTokens: 8, countTokens })
    expect(sizes).toEqual([6, 6, 3])
  })

  test('counts that do not fit the texts are refused', async () => {
    const run = validate(jsonl(good), { docMaxTokens: 8, countTokens: async () => [1] })
    await expect(run).rejects.toThrow('countTokens returned 1 counts for 3 texts')
  })
})

describe('the file itself', () => {
  test.each([
    ['empty', '', 0],
    ['blank lines', '\n\r\n \n', 0],
    ['no object', '{\n', 1],
  ])('%s: no samples', async (_, content, lines) => {
    const { path, report, problems } = await validate(content)
    expect(report.findings[0]).toEqual(error('no-samples', 1, []))
    expect(report).toMatchObject({ ok: false, lines, valid: 0, withFindings: lines, firstSample: null })
    expect(report).toMatchObject({ mostCommon: null, docsPerSample: [], positions: [] })
    expect(problems).toContainEqual({ path, line: 1, reason: 'no samples: the file holds no JSON object' })
  })

  test('a torn last line', async () => {
    const { report } = await validate(jsonl(good, good).slice(0, -20))
    expect(report.findings).toEqual([error('not-json', 1, [2])])
    expect(report).toMatchObject({ lines: 2, valid: 1 })
  })

  test.each([
    ['no newline at the end', jsonl(good, good).trimEnd()],
    ['CRLF', jsonl(good, good).replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${jsonl(good, good)}`],
    ['blank lines between', jsonl(good, '', ' ', good, '')],
  ])('%s is no fault', async (_, content) => {
    const { report } = await validate(content)
    expect(report).toMatchObject({ ok: true, lines: 2, valid: 2 })
  })

  test.each([
    ['missing', 'none.jsonl'],
    ['a directory', '.'],
  ])('%s: an input error', async (_, name) => {
    const run = validateSamples(join(directory.path, name), { onProblem: () => {} })
    await expect(run).rejects.toMatchObject({ name: 'ClaraError', code: 'input' })
  })
})

test.each([
  [{ expectedTopK: 0 }, /expectedTopK is 0/],
  [{ expectedTopK: 2.5 }, /expectedTopK is 2.5/],
  [{ docMaxTokens: 256 }, /without countTokens/],
])('options %j are refused', async (options, message) => {
  await expect(validate(jsonl(good), options)).rejects.toThrow(message)
})

test('long texts of the first sample are cut between characters', async () => {
  const { report } = await validate(jsonl({ ...good, question: '🦆'.repeat(201), answer: 'x'.repeat(200) }))
  expect(report.firstSample?.question).toBe(`${'🦆'.repeat(200)}…`)
  expect(report.firstSample?.answer).toBe('x'.repeat(200))
})

test('the first sample shows what is missing', async () => {
  const { report } = await validate(jsonl('{', { docs: ['🦆🦆', 7], gold_answer: 'g', pos_index: 'x' }, good))
  expect(report.firstSample).toEqual({
    line: 2,
    question: null,
    docs: 2,
    docLengths: [2, null],
    posIndex: null,
    answer: 'g',
  })
})
