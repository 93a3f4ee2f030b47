import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readQuestions } from '#clara/questions/read-questions.js'
import { claraError, collectWithProblems } from '../support/collect.js'
import { jsonl, useDirectory } from '../support/directory.js'

const directory = useDirectory()

async function read(name: string, choice?: { split?: string; defaultSplit?: string }) {
  const { items, problems } = await collectWithProblems((onProblem) =>
    readQuestions(join(directory.path, name), onProblem, choice),
  )
  return {
    questions: items,
    problems: problems.map(({ path, line, reason, note }) => [
      path.slice(directory.path.length + 1),
      line,
      reason,
      ...(note ? [note] : []),
    ]),
  }
}

const WRONG_TYPE = '"doc_id" and "positive" take a string or a list of strings; ids may be integers'

describe('qa.jsonl', () => {
  test.each([
    [{ doc_id: 'a.md' }, { docIds: ['a.md'], passages: [] }],
    [{ doc_id: 3 }, { docIds: ['3'], passages: [] }],
    [{ doc_id: [3, 'a'] }, { docIds: ['3', 'a'], passages: [] }],
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
    [{ ...good, doc_id: 3.5 }, WRONG_TYPE],
    [{ ...good, doc_id: ['a', ''] }, WRONG_TYPE],
    [{ ...good, positive: [' '] }, WRONG_TYPE],
    [{ ...good, positive: 3 }, WRONG_TYPE],
  ])('%j is skipped', async (record, reason) => {
    await directory.write('qa.jsonl', jsonl(record, good))
    const { questions, problems } = await read('qa.jsonl')
    expect(questions.map(({ id }) => id)).toEqual(['q2'])
    expect(problems).toEqual([['qa.jsonl', 1, reason]])
  })

  test.each<[string, string, string | Uint8Array]>([
    ['a JSON list', 'qa.json', JSON.stringify([good, good], null, 2)],
    ['one record of several lines', 'qa.json', `${JSON.stringify(good, null, 2)}\n${JSON.stringify(good)}`],
    ['JSON Lines under the name of JSON', 'qa.json', jsonl(good, good)],
    ['a JSON list under the name of JSON Lines', 'qa.jsonl', JSON.stringify([good, good], null, 2)],
    ['a packed file', 'qa.jsonl.gz', gzipSync(jsonl(good, good))],
    ['a packed file of another name', 'qa.jsonl', gzipSync(jsonl(good, good))],
    ['a byte order mark', 'qa.jsonl', `\ufeff${jsonl(good, good)}`],
    ['UTF-16, little end first', 'qa.jsonl', Buffer.from(`\ufeff${jsonl(good, good)}`, 'utf16le')],
    ['UTF-16, big end first', 'qa.jsonl', Buffer.from(`\ufeff${jsonl(good, good)}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', 'qa.jsonl', Buffer.from(jsonl(good, good), 'utf16le')],
  ])('%s is read', async (_, name, content) => {
    await directory.write(name, content)
    const { questions, problems } = await read(name)
    expect(questions.map(({ question, docIds }) => [question, docIds])).toEqual([
      ['Why?', ['a']],
      ['Why?', ['a']],
    ])
    expect(problems).toEqual([])
  })

  test('an integer that no number holds is not rounded', async () => {
    await directory.write(
      'qa.jsonl',
      '{"question":"Why?","answer":"So.","doc_id":[9007199254740993,-12345678901234567890]}\n',
    )
    expect((await read('qa.jsonl')).questions[0]!.docIds).toEqual([
      '9007199254740993',
      '-12345678901234567890',
    ])
  })

  test('NaN of Python is said to be no JSON', async () => {
    await directory.write('qa.jsonl', `${jsonl(good)}{"question": "Why?", "answer": NaN, "doc_id": "a"}\n`)
    expect((await read('qa.jsonl')).problems).toEqual([
      [
        'qa.jsonl',
        2,
        'not JSON: NaN and Infinity are no JSON, though Python writes them: give null or a number',
      ],
    ])
  })

  test('--split of a file is an error', async () => {
    await directory.write('qa.jsonl', jsonl(good))
    await expect(read('qa.jsonl', { split: 'dev' })).rejects.toMatchObject(claraError('usage', '--split'))
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
  const HEADER = 'query-id\tcorpus-id\tscore'
  const writeQueries = (...ids: (string | number)[]) =>
    directory.write('beir/queries.jsonl', jsonl(...ids.map((id) => ({ _id: id, text: ` text of ${id} ` }))))
  const writeQrels = (name: string, ...lines: string[]) =>
    directory.write(`beir/qrels/${name}`, `${lines.join('\n')}\n`)
  const positives = async (choice?: { split?: string; defaultSplit?: string }) => {
    const { questions, problems } = await read('beir', choice)
    return {
      ids: questions.map(({ id, docIds }) => [id, ...docIds]),
      problems: problems.filter(([, , , note]) => !note),
    }
  }

  test('grades of 0 or less and unjudged queries do not count, and are counted', async () => {
    const path = await writeQueries('q1', 'q2', 'q3', 'q4')
    await writeQrels(
      'test.tsv',
      HEADER,
      'q1\td1\t1',
      'q1\td2\t2.5',
      'q1\td3\t0',
      'q1\td1\t1',
      'q2\td1\t-1',
      'q9\td1\t1',
    )
    await directory.write('beir/qrels/notes.txt', 'q3\td1\t1\n')
    const { questions, problems } = await read('beir')
    expect(questions).toEqual([
      { id: 'q1', question: 'text of q1', answer: '', docIds: ['d1', 'd2'], passages: [], path, line: 1 },
    ])
    expect(problems).toEqual([
      ['beir/qrels/test.tsv', undefined, 'the split that is taken, the only one', true],
      [
        'beir/queries.jsonl',
        undefined,
        `3 queries without a relevant document in ${join(directory.path, 'beir/qrels/test.tsv')} passed over (1 judged, all with grades of 0 or less)`,
        true,
      ],
      ['beir/qrels/test.tsv', undefined, `1 query not in ${path}: q9`, true],
    ])
  })

  test.each<[string, string | Uint8Array]>([
    ['a header', `${HEADER}\nq1\td1\t1\n`],
    ['none', 'q1\td1\t1\n'],
    ['a header in other words and another order', 'corpus_id\tscore\tquery_id\nd1\t1\tq1\n'],
    ['CRLF', `${HEADER}\r\nq1\td1\t1\r\n`],
    ['a byte order mark and none', '\ufeffq1\td1\t1\n'],
    ['a byte order mark and a header', `\ufeff${HEADER}\nq1\td1\t1`],
    ['UTF-16', Buffer.from(`\ufeff${HEADER}\nq1\td1\t1\n`, 'utf16le')],
    ['fields in quotes', '"query-id"\t"corpus-id"\t"score"\n"q1"\t"d1"\t"1"\n'],
    ['an id with a tab and a quote, in quotes', 'q1\t"d1"\t1\nq2\t"a\t""b"""\t1\n'],
    ['grades with a point', 'q1\td1\t1.0\nq1\td2\t0.0\n'],
    ['TREC’s columns, with blanks', 'q1 0 d1 1\nq1  0  d2  0\n'],
    ['TREC’s columns, with tabs', 'q1\tQ0\td1\t2\nq1\t0\t184\t-2\n'],
    ['more columns under a header', 'query-id\titeration\tcorpus-id\tscore\tnote\nq1\t7\td1\t1\tsure\n'],
    ['blank lines', '\nq1\td1\t1\n\n  \n'],
    ['blank lines before a header', `\n\n${HEADER}\nq1\td1\t1\n`],
    ['two headers, as cat leaves them', `${HEADER}\nq1\td1\t1\n\ufeff${HEADER}\nq1\td2\t0\n`],
    ['comments', `# judged in May\n#\tby\ttwo\tpeople\n${HEADER}\n  # pool 2\nq1\td1\t1\n`],
    [
      'comments between TREC’s lines',
      '# a query has a document and a grade\nq1 0 d1 1\n# pool 2\nq1 0 d2 0\n',
    ],
    ['a header in a comment', '#corpus-id\tquery-id\tscore\nd1\tq1\t1\n'],
    ['TREC’s columns, with blanks and tabs', 'q1  0  d1\t2\nq1\t0 d2 0\n'],
    ['TREC’s columns, below a header of three', `${HEADER}\nq1\t0\td1\t1\nq1\t0\t184\t-2\n`],
    ['TREC’s columns, in quotes', 'q1 0 "d1" "1"\n"q1"\t"0"\t"d2"\t"0"\n'],
    ['tabs at the ends of lines', 'q1\td1\t1\t\t\n'],
    ['blanks in ids, below a header', `${HEADER}\nq1\td1\t1\nq2 0\td1\t1\nq3\t0 d1\t1\n`],
  ])('judgements with %s', async (_, content) => {
    await writeQueries('q1')
    await directory.write('beir/qrels/test.tsv', content)
    expect(await positives()).toEqual({ ids: [['q1', 'd1']], problems: [] })
  })

  test.each([
    'q1',
    'q1\td1',
    'q1\t\t1',
    '\td1\t1',
    'q1\td1\thigh',
    'q1\td1\t',
    'q1\td1\tNaN',
    'q1\t7\td1\t1', // what the second column is cannot be told
    'q1\td1\t1\tsure',
    'q1 Q0 d1 1 0.9 run',
    'q1 0\td1\t1', // a blank in an id, or between TREC's columns
    'q1\t0 d1\t1',
    'q1\t0 d1',
    'q1,d1,1',
  ])('judgement %j is reported, and nothing is made of it', async (line) => {
    await writeQueries('q1')
    await writeQrels('test.tsv', 'q1\tgood\t1', line)
    const { ids, problems } = await positives()
    expect(ids).toEqual([['q1', 'good']])
    const expected =
      /^expected query-id, corpus-id and score, tab-separated, or TREC’s query, 0, document and grade/
    expect(problems).toEqual([['beir/qrels/test.tsv', 2, expect.stringMatching(expected)]])
  })

  test('a query whose id begins with # is none of the comments', async () => {
    await writeQueries('#1', '#2')
    await writeQrels('test.tsv', '# pool 1', '#1\td1\t1', '#2\td2\thigh')
    const { ids, problems } = await positives()
    expect(ids).toEqual([['#1', 'd1']])
    expect(problems.map(([, line]) => line)).toEqual([3])
  })

  test('ids that are integers here and strings there are the same', async () => {
    await directory.write(
      'beir/queries.jsonl',
      '{"_id": 7, "text": "x"}\n{"_id": 9007199254740993, "text": "y"}\n',
    )
    await writeQrels('test.tsv', '7\t12\t1', '9007199254740993\t13\t1')
    expect((await positives()).ids).toEqual([
      ['7', '12'],
      ['9007199254740993', '13'],
    ])
  })

  describe('with several splits', () => {
    const write = async () => {
      await writeQueries('q1', 'q2', 'q3')
      for (const [i, split] of ['train', 'validation', 'test'].entries())
        await writeQrels(`${split}.tsv`, HEADER, `q${i + 1}\td${i + 1}\t1`)
    }

    test('is an error that lists them', async () => {
      await write()
      await expect(read('beir')).rejects.toMatchObject(
        claraError('input', join(directory.path, 'beir/qrels'), 'test, train, validation', '--split'),
      )
    })

    test.each([
      ['train', [['q1', 'd1']]],
      ['validation', [['q2', 'd2']]],
    ])('%s by its name', async (split, expected) => {
      await write()
      expect((await positives({ split, defaultSplit: 'test' })).ids).toEqual(expected)
    })

    test('the default of what reads it, and says so', async () => {
      await write()
      const { questions, problems } = await read('beir', { defaultSplit: 'test' })
      expect(questions.map(({ id }) => id)).toEqual(['q3'])
      expect(problems[0]).toEqual([
        'beir/qrels/test.tsv',
        undefined,
        'the split that is taken, of test, train, validation (--split)',
        true,
      ])
    })

    test('one that is not there is an error that lists them', async () => {
      await write()
      await expect(read('beir', { split: 'dev' })).rejects.toMatchObject(
        claraError('input', 'no split "dev"', 'test, train, validation'),
      )
    })
  })

  test('packed files are read', async () => {
    const query = jsonl({ _id: 'q1', text: 'x' })
    await directory.write('beir/queries.jsonl.gz', gzipSync(query))
    await directory.write('beir/qrels/test.tsv.gz', gzipSync('q1\td1\t1\n'))
    expect((await positives()).ids).toEqual([['q1', 'd1']])
  })

  test('a bad query is reported', async () => {
    const { problems } = await (async () => {
      await directory.write(
        'beir/queries.jsonl',
        jsonl({ _id: 1.5, text: 'x' }, { _id: 'q1' }, { _id: 'q2', text: 'x' }, { _id: 'q2', text: 'y' }),
      )
      await writeQrels('test.tsv', 'q2\td1\t1')
      return positives()
    })()
    expect(problems.map(([, line]) => line)).toEqual([1, 2, 4])
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
