import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readDocuments } from '#clara/documents/read-documents.js'
import { claraError, collectWithProblems } from '../support/collect.js'
import { jsonl, useDirectory } from '../support/directory.js'

const directory = useDirectory()

async function read(...names: string[]) {
  const sources = names.map((name) => join(directory.path, name))
  const { items, problems } = await collectWithProblems((onProblem) => readDocuments(sources, onProblem))
  return {
    documents: items,
    problems: problems.map(({ path, line, reason }) => [path.slice(directory.path.length + 1), line, reason]),
  }
}

const NO_TEXT = 'no text: expected one of "text", "content", "contents", "body", "passage", "page_content"'
const NO_ID =
  'no id: expected one of "_id", "id", "chunk_id", "passage_id", "pid", "doc_id", "docid", "docno", "id_"; the record has '

test.each([
  [
    'raw_knowledge, whose title is no part of the text',
    { file_path: 'x/a.md', filename: 'a.md', content: 'A text\n', title: 'T', extra: 1 },
    { id: 'a.md', path: 'x/a.md', title: '', text: 'A text\n' },
  ],
  [
    'raw_knowledge by its path',
    { file_path: 'x/a.md', content: 'A' },
    { id: 'x/a.md', title: '', text: 'A' },
  ],
  [
    'BEIR',
    { _id: '1', title: ' Title ', text: 'Text', metadata: {} },
    { id: '1', title: 'Title', text: 'Text' },
  ],
  ['BEIR without a title', { _id: '1', text: 'Text' }, { id: '1', title: '', text: 'Text' }],
  ['BEIR with a null title', { _id: '1', title: null, text: 'Text' }, { id: '1', title: '', text: 'Text' }],
])('a record of %s', async (_, record, document) => {
  await directory.write('c.jsonl', jsonl(record))
  expect(await read('c.jsonl')).toEqual({ documents: [document], problems: [] })
})

test.each([
  [{ filename: 'a' }, `${NO_TEXT}; the record has "filename" (string)`],
  [{ filename: 'a', content: 5 }, `${NO_TEXT}; the record has "filename" (string), "content" (number 5)`],
  [{ content: 'text' }, `${NO_ID}"content" (string)`],
  [{ filename: '', content: 'text' }, `${NO_ID}"filename" (empty), "content" (string)`],
  [{ _id: 7.5, text: 'text' }, `${NO_ID}"_id" (number 7.5), "text" (string)`],
  [{ _id: true, text: 'text' }, `${NO_ID}"_id" (boolean), "text" (string)`],
  [{ _id: '7', text: null }, `${NO_TEXT}; the record has "_id" (string), "text" (null)`],
  [{}, `${NO_TEXT}; the record has no field`],
  [{ _id: '7', text: 'text', title: 1 }, '"title" is not a string'],
  [{ filename: 'a', content: ' \n\t\u3000' }, 'document "a" has no text'],
  [{ _id: '7', text: '' }, 'document "7" has no text'],
])('record %j is skipped', async (record, reason) => {
  await directory.write('c.jsonl', jsonl(record, { _id: 'good', text: 'good' }))
  const { documents, problems } = await read('c.jsonl')
  expect(documents.map(({ id }) => id)).toEqual(['good'])
  expect(problems).toEqual([['c.jsonl', 1, reason]])
})

test('an id that was there before is skipped, in the same file or another', async () => {
  await directory.write('a.jsonl', jsonl({ _id: '1', text: 'first' }, { _id: '1', text: 'second' }))
  await directory.write('b.jsonl', jsonl({ filename: '1', content: 'third' }, { _id: '2', text: 'fourth' }))
  const { documents, problems } = await read('a.jsonl', 'b.jsonl')
  expect(documents.map(({ text }) => text)).toEqual(['first', 'fourth'])
  expect(problems).toEqual([
    ['a.jsonl', 2, 'document id "1" was there before'],
    ['b.jsonl', 1, 'document id "1" was there before'],
  ])
})

test('files of one name in two folders are told apart by their paths', async () => {
  const record = (folder: string) => ({
    file_path: `${folder}/README.md`,
    filename: 'README.md',
    content: folder,
  })
  await directory.write('c.jsonl', jsonl(record('a'), record('b'), record('c'), record('b')))
  const { documents, problems } = await read('c.jsonl')
  expect(documents.map(({ id, text }) => [id, text])).toEqual([
    ['a/README.md', 'a'],
    ['b/README.md', 'b'],
    ['c/README.md', 'c'],
  ])
  expect(problems).toEqual([['c.jsonl', 4, 'document id "b/README.md" was there before']])
})

test('a BEIR folder is its corpus, whatever else lies there', async () => {
  await directory.write('beir/corpus.jsonl', jsonl({ _id: 'd1', title: 'T', text: 'x' }))
  await directory.write('beir/queries.jsonl', jsonl({ _id: 'q1', text: 'x' }))
  await directory.write('beir/README.md', 'not a document')
  expect((await read('beir')).documents).toEqual([{ id: 'd1', title: 'T', text: 'x' }])
})

describe('a folder of text files', () => {
  test('gives them sorted by path, nested ones too, others left out', async () => {
    for (const name of ['b.txt', 'a/z.md', 'a/b/c.markdown', 'B.MD', 'notes.pdf', 'a/data.json']) {
      await directory.write(`docs/${name}`, `text of ${name}`)
    }
    const { documents, problems } = await read('docs')
    expect(documents.map(({ id }) => id)).toEqual(['B.MD', 'a/b/c.markdown', 'a/z.md', 'b.txt'])
    expect(documents[2]).toEqual({ id: 'a/z.md', path: 'docs/a/z.md', title: '', text: 'text of a/z.md' })
    expect(problems).toEqual([
      ['docs', undefined, '1 file passed over: .pdf 1: clara-extract reads documents of other formats'],
      [
        'docs/a/data.json',
        undefined,
        expect.stringMatching(/^passed over, for it holds no documents: not JSON/),
      ],
    ])
  })

  test('skips a blank file and one that is not UTF-8, drops a byte order mark', async () => {
    await directory.write('docs/blank.md', ' \n')
    await directory.write('docs/latin1.txt', Buffer.from('caf\xe9 au lait', 'latin1'))
    await directory.write('docs/mark.md', '\ufeff# Title')
    const { documents, problems } = await read('docs')
    expect(documents).toEqual([{ id: 'mark.md', path: 'docs/mark.md', title: '', text: '# Title' }])
    expect(problems).toEqual([
      ['docs/blank.md', 1, 'has no text'],
      ['docs/latin1.txt', 1, expect.stringMatching(/^neither UTF-8 nor /)],
    ])
  })

  test('may hold a folder whose name ends like a text file', async () => {
    await directory.write('docs/a.md', 'a')
    await directory.write('docs/site.md/b.md', 'b')
    expect((await read('docs')).documents.map(({ id }) => id)).toEqual(['a.md', 'site.md/b.md'])
  })
})

test('a file of blank lines is reported, a file of bad ones line by line', async () => {
  await directory.write('blank.jsonl', '\n \n')
  await directory.write('bad.jsonl', '{\n[]\n')
  const { documents, problems } = await read('blank.jsonl', 'bad.jsonl')
  expect(documents).toEqual([])
  expect(problems.map(([path, line]) => [path, line])).toEqual([
    ['blank.jsonl', 1],
    ['bad.jsonl', 1],
    ['bad.jsonl', 2],
  ])
})

test('sources come in the order given', async () => {
  await directory.write('z.txt', 'z')
  await directory.write('docs/a.md', 'a')
  await directory.write('m.jsonl', jsonl({ _id: 'm', text: 'm' }))
  expect((await read('z.txt', 'docs', 'm.jsonl')).documents.map(({ id }) => id)).toEqual([
    'z.txt',
    'a.md',
    'm',
  ])
})

test('an ending in capitals is the same ending', async () => {
  await directory.write('CORPUS.JSONL', jsonl({ _id: 'm', text: 'm' }))
  await directory.write('README.MD', 'text')
  expect((await read('CORPUS.JSONL', 'README.MD')).documents.map(({ id }) => id)).toEqual(['m', 'README.MD'])
})

describe('what cannot be read is an error', () => {
  test.each([
    ['absent.jsonl', 'no such file'],
    ['paper.pdf', 'expected a file ending in .jsonl'],
    ['empty', 'holds neither corpus.jsonl nor files ending in'],
    ['pictures', 'holds neither corpus.jsonl nor files ending in'],
  ])('%s', async (name, message) => {
    await directory.write('paper.pdf', '%PDF')
    await mkdir(join(directory.path, 'empty'))
    await directory.write('pictures/a.png', 'x')
    await expect(read(name)).rejects.toMatchObject(claraError('input', join(directory.path, name), message))
  })
})
