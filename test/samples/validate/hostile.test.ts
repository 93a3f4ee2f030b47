import { expect, test } from 'vitest'
import { jsonl, useDirectory } from '../../support/directory.js'
import { kindsOf, soundRow, soundRows, validateContent } from './rows.js'

const directory = useDirectory()
const MIB = 1 << 20

/** One hostile line among sound ones; all findings but those of the whole file are of that line. */
async function validate(line: string) {
  const rows = soundRows(24)
  const result = await validateContent(directory, jsonl(...rows.slice(0, 3), line, ...rows.slice(3)))
  expect(result.report.lines).toBe(25)
  return { ...result, kinds: kindsOf(result.report) }
}

const [row] = soundRows(1)
const withDocs = (docs: unknown) => JSON.stringify({ ...row, docs })

test.each<[string, () => string, object]>([
  ['a line over 64 MiB', () => withDocs(['x'.repeat(65 * MIB)]), { 'not-json': [4] }],
  ['100,000 docs', () => withDocs(Array.from({ length: 1e5 }, (_, i) => `doc ${i}`)), { 'mixed-top-k': [4] }],
  [
    '100,000 empty docs',
    () => withDocs(Array(1e5).fill('')),
    { 'empty-doc': [4], 'negative-is-positive': [4] },
  ],
  [
    '100,000 positions',
    () => JSON.stringify({ ...row, pos_index: Array(1e5).fill(0) }),
    { 'repeated-position': [4] },
  ],
  ['two million levels', () => '['.repeat(2e6) + ']'.repeat(2e6), { 'not-json': [4] }],
  ['half a million levels', () => `${'{"a":'.repeat(1.5e5)}1${'}'.repeat(1.5e5)}`, { 'bad-question': [4] }],
  [
    'NUL in a text',
    () => JSON.stringify({ ...row, docs: row!.docs.map((doc) => `${doc}\0\u0001`) }),
    { 'duplicate-sample': [4] },
  ],
  ['NUL in the line', () => `${JSON.stringify(row)}\0`, { 'not-json': [4] }],
  [
    'a key twice: the last one counts, as in Python, and pyarrow refuses it',
    () => `{"question": 7, ${JSON.stringify(row).slice(1)}`,
    { 'repeated-key': [4], 'duplicate-sample': [4] },
  ],
  [
    '__proto__',
    () => '{"__proto__": {"docs": ["a"]}, "constructor": 1}',
    { 'bad-docs': [4], 'bad-question': [4] },
  ],
  [
    'lone surrogates',
    () =>
      `{"question": "\\ud800", "docs": ["\\udfff", "b"], "pos_index": [0], "answer": "\\ud800", "gold_answer": "\\ud800"}`,
    { 'lone-surrogate': [4], 'mixed-top-k': [4] },
  ],
  [
    'a position beyond all bounds',
    () => JSON.stringify({ ...row, pos_index: [1e300, -0, 2 ** 53] }),
    { 'position-out-of-range': [4] },
  ],
  [
    'an answer of punctuation',
    () => JSON.stringify({ ...row, answer: '——', gold_answer: '——' }),
    { 'duplicate-sample': [4] },
  ],
  [
    'a regular expression’s worst',
    () =>
      JSON.stringify({
        ...row,
        question: ' '.repeat(1e6),
        answer: `${'a '.repeat(2e5)}!`,
        gold_answer: '-'.repeat(1e6),
      }),
    { 'bad-question': [4] },
  ],
])('%s', async (_, line, expected) => {
  expect((await validate(line())).kinds).toMatchObject(expected)
})

const WRONG = [null, true, 0, -1.5, '', 'x', [], [[]], [null], [1, 'a'], {}, { a: 1 }, [{}]]

test('wrong types everywhere', async () => {
  const fields = ['question', 'docs', 'answer', 'gold_answer', 'pos_index', 'data_type', 'answers']
  const rows = fields.flatMap((field) => WRONG.map((value) => ({ ...soundRow(1), [field]: value })))
  for (const stage of ['end-to-end', 'instruction', 'pretrain'] as const) {
    const { report } = await validateContent(
      directory,
      jsonl(...rows, ...WRONG.map((value) => JSON.stringify(value))),
      {
        stage,
      },
    )
    expect(report.lines).toBe(rows.length + WRONG.length)
    expect(report.valid + report.withFindings).toBe(report.lines)
    expect(report.ok).toBe(false)
  }
})

test('the same bytes give the same report', async () => {
  const content = jsonl(...soundRows(30), ...soundRows(5), '{', withDocs(['a', 'b', 'b', 'c']))
  const first = await validateContent(directory, content)
  expect((await validateContent(directory, content)).report).toEqual(first.report)
})
