import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readQuestions } from '#clara/questions/read-questions.js'
import { claraError, collectWithProblems } from '../support/collect.js'
import { jsonl, useDirectory } from '../support/directory.js'

const directory = useDirectory()

async function read(name: string) {
  const { items, problems } = await collectWithProblems((onProblem) =>
    readQuestions(join(directory.path, name), onProblem),
  )
  return {
    questions: items,
    problems: problems.map(({ path, line, reason }) => [path.slice(directory.path.length + 1), line, reason]),
  }
}

describe('qa.jsonl', () => {
  test.each([
    [{ doc_id: 'a.md' }, { docIds: ['a.md'], passages: [] }],
    [{ doc_id: ['a.md', 'b.md#3'] }, { docIds: ['a.md', 'b.md#3'], passages: [] }],
    [{ positive: 'A passage.' }, { docIds: [], passages: ['A passage.'] }],
    [
      { positive: ['A.', 'B.'], doc_id: null },
      { docIds: [], passages: ['A.', 'B.'] },
    ],
    [
      { doc_id: 'a.md', positive: 'B.' },
      { docIds: ['a.md'], passages: ['B.'] },
    ],
  ])('%j', async (positives, expected) => {
    const path = await directory.write(
      'qa.jsonl',
      `\n${jsonl({ question: ' Why? ', answer: ' So.\n', ...positives })}`,
    )
    expect(await read('qa.jsonl')).toEqual({
      questions: [{ id: 'q2', question: 'Why?', answer: 'So.', path, line: 2, ...expected }],
      problems: [],
    })
  })

  const good = { question: 'Why?', answer: 'So.', doc_id: 'a' }
  test.each([
    [{ ...good, question: undefined }, '"question" is missing, blank or not a string'],
    [{ ...good, question: ' ' }, '"question" is missing, blank or not a string'],
    [{ ...good, question: ['Why?'] }, '"question" is missing, blank or not a string'],
    [{ ...good, answer: undefined }, '"answer" is missing, blank or not a string'],
    [{ ...good, answer: '' }, '"answer" is missing, blank or not a string'],
    [{ ...good, answer: 42 }, '"answer" is missing, blank or not a string'],
    [{ ...good, doc_id: undefined }, '"doc_id" or "positive" is needed, to know what answers the question'],
    [{ ...good, doc_id: [] }, '"doc_id" or "positive" is needed, to know what answers the question'],
    [{ ...good, doc_id: 3 }, '"doc_id" and "positive" take a string or a list of strings'],
    [{ ...good, doc_id: ['a', ''] }, '"doc_id" and "positive" take a string or a list of strings'],
    [{ ...good, positive: [' '] }, '"doc_id" and "positive" take a string or a list of strings'],
  ])('%j is skipped', async (record, reason) => {
    await directory.write('qa.jsonl', jsonl(record, good))
    const { questions, problems } = await read('qa.jsonl')
    expect(questions.map(({ id }) => id)).toEqual(['q2'])
    expect(problems).toEqual([['qa.jsonl', 1, reason]])
  })

  test.each([
    ['empty', ''],
    ['of bad lines', '{"question":\n[]\n'],
  ])('a file that is %s is an error', async (_, content) => {
    const path = await directory.write('qa.jsonl', content)
    await expect(read('qa.jsonl')).rejects.toMatchObject(claraError('input', path, 'no usable question'))
  })

  test('a missing file is an error', async () => {
    await expect(read('absent.jsonl')).rejects.toMatchObject(
      claraError('input', join(directory.path, 'absent.jsonl'), 'no such file'),
    )
  })
})

describe('a BEIR folder', () => {
  const writeQueries = (...ids: string[]) =>
    directory.write('beir/queries.jsonl', jsonl(...ids.map((id) => ({ _id: id, text: ` text of ${id} ` }))))
  const writeQrels = (name: string, ...lines: string[]) =>
    directory.write(`beir/qrels/${name}`, `query-id\tcorpus-id\tscore\n${lines.join('\n')}\n`)

  test('joins the judgements of all files; grade 0 and unjudged queries do not count', async () => {
    const path = await writeQueries('q1', 'q2', 'q3', 'q4')
    await writeQrels('test.tsv', 'q1\td1\t1', 'q1\td2\t2', 'q1\td3\t0', 'q2\td1\t0', 'q9\td1\t1')
    await writeQrels('dev.tsv', 'q4\td9\t1\r', 'q1\td4\t1')
    await directory.write('beir/qrels/notes.txt', 'q3\td1\t1\n')
    const { questions, problems } = await read('beir')
    expect(problems).toEqual([])
    expect(questions).toEqual([
      {
        id: 'q1',
        question: 'text of q1',
        answer: '',
        docIds: ['d4', 'd1', 'd2'],
        passages: [],
        path,
        line: 1,
      },
      { id: 'q4', question: 'text of q4', answer: '', docIds: ['d9'], passages: [], path, line: 4 },
    ])
  })

  test('without a header the first line counts', async () => {
    await writeQueries('q1')
    await directory.write('beir/qrels/test.tsv', 'q1\td1\t1')
    expect((await read('beir')).questions.map(({ docIds }) => docIds)).toEqual([['d1']])
  })

  test.each(['q1', 'q1\td1', 'q1 d1 1', 'q1\t\t1', '\td1\t1', 'q1\td1\thigh', 'q1\td1\t'])(
    'judgement %j is reported',
    async (line) => {
      await writeQueries('q1')
      await writeQrels('test.tsv', line, 'q1\tgood\t1')
      const { questions, problems } = await read('beir')
      expect(questions.map(({ docIds }) => docIds)).toEqual([['good']])
      expect(problems).toEqual([
        ['beir/qrels/test.tsv', 2, 'expected query-id, corpus-id and score, tab-separated'],
      ])
    },
  )

  test('a bad query is reported', async () => {
    await directory.write(
      'beir/queries.jsonl',
      jsonl({ _id: 1, text: 'x' }, { _id: 'q1' }, { _id: 'q2', text: 'x' }),
    )
    await writeQrels('test.tsv', 'q2\td1\t1')
    const { questions, problems } = await read('beir')
    expect(questions).toHaveLength(1)
    expect(problems.map(([, line]) => line)).toEqual([1, 2])
  })

  test.each([
    ['qrels', () => writeQueries('q1')],
    ['queries.jsonl', () => writeQrels('test.tsv', 'q1\td1\t1')],
  ])('without %s is an error', async (missing, write) => {
    await write()
    await expect(read('beir')).rejects.toMatchObject(
      claraError('input', join(directory.path, 'beir', missing), 'no such'),
    )
  })

  test('without any relevant document is an error', async () => {
    await writeQueries('q1')
    await writeQrels('test.tsv', 'q1\td1\t0')
    await expect(read('beir')).rejects.toMatchObject(claraError('input', 'no usable question'))
  })
})
