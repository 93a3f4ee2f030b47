/** What people have on their disks: kinds of files, encodings, folders with anything in them. */
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { countDocuments, readDocuments } from '#clara/documents/read-documents.js'
import { claraError, collectWithProblems } from '../support/collect.js'
import { jsonl, useDirectory } from '../support/directory.js'

const directory = useDirectory()

async function read(...names: string[]) {
  const sources = names.map((name) => join(directory.path, name))
  const { items, problems } = await collectWithProblems((onProblem) => readDocuments(sources, onProblem))
  const shown = problems.map(({ path, line, reason, note }) => ({
    at: `${path.slice(directory.path.length + 1)}:${line ?? ''}`,
    reason,
    note: note ?? false,
  }))
  return { documents: items, ids: items.map(({ id }) => id), problems: shown }
}

const one = { _id: 'a', text: 'One.' }
const two = { _id: 'b', text: 'Two.' }

describe('a file of records', () => {
  test.each<[string, string, string | Uint8Array]>([
    ['JSON Lines', 'c.jsonl', jsonl(one, two)],
    ['JSON Lines of another ending', 'c.ndjson', jsonl(one, two)],
    ['JSON Lines under the name of JSON', 'c.json', jsonl(one, two)],
    ['a JSON list', 'c.json', JSON.stringify([one, two])],
    ['a JSON list on many lines', 'c.json', `\n ${JSON.stringify([one, two], null, 2)}\n`],
    ['a JSON list under the name of JSON Lines', 'c.jsonl', JSON.stringify([one, two], null, 1)],
    ['records on many lines', 'c.json', `${JSON.stringify(one, null, 2)}\n${JSON.stringify(two, null, 2)}\n`],
    ['a packed file', 'c.jsonl.gz', gzipSync(jsonl(one, two))],
    [
      'a packed file in two members',
      'c.jsonl.gz',
      Buffer.concat([gzipSync(jsonl(one)), gzipSync(jsonl(two))]),
    ],
    ['a packed JSON list', 'C.JSON.GZ', gzipSync(JSON.stringify([one, two]))],
    ['a packed file with a byte order mark', 'c.ndjson.gz', gzipSync(`\ufeff${jsonl(one, two)}`)],
    ['UTF-16', 'c.jsonl', Buffer.from(`\ufeff${jsonl(one, two)}`, 'utf16le')],
    [
      'a JSON list in UTF-16',
      'c.json',
      Buffer.from(`\ufeff${JSON.stringify([one, two])}`, 'utf16le').swap16(),
    ],
    ['CRLF', 'c.jsonl', jsonl(one, two).replaceAll('\n', '\r\n')],
  ])('%s', async (_, name, content) => {
    await directory.write(name, content)
    const { documents, problems } = await read(name)
    expect(documents).toEqual([
      { id: 'a', title: '', text: 'One.' },
      { id: 'b', title: '', text: 'Two.' },
    ])
    expect(problems).toEqual([])
  })

  test('a JSON list is told apart from strings that look like its end, over the blocks that it is read in', async () => {
    const records = Array.from({ length: 4000 }, (_, i) => ({
      _id: i,
      text: `${i} ]},"[{ \\" \ud83d\ude00 ${'\\'.repeat(i % 5)} ${'x'.repeat((i * 7919) % 400)}`,
      more: [[{ a: null }, -1.5e3, true, '']],
    }))
    await directory.write('c.json', JSON.stringify(records, null, 1))
    const { documents, problems } = await read('c.json')
    expect(problems).toEqual([])
    expect(documents.map(({ text }) => text)).toEqual(records.map(({ text }) => text))
  })

  test('in a JSON list a bad record is named by its line, and those around it come', async () => {
    await directory.write(
      'c.json',
      '[\n {"_id": "a", "text": "One."},\n {"_id": b},\n 7,\n {"_id": "c",\n "text": "Three."}\n]',
    )
    const { ids, problems } = await read('c.json')
    expect(ids).toEqual(['a', 'c'])
    expect(problems.map(({ at }) => at)).toEqual(['c.json:3', 'c.json:4'])
  })

  test('a JSON list that is cut off gives what is whole, and is said to be', async () => {
    const whole = JSON.stringify([one, two, { _id: 'c', text: 'Three.' }])
    await directory.write('c.json', whole.slice(0, whole.indexOf('Three')))
    const { ids, problems } = await read('c.json')
    expect(ids).toEqual(['a', 'b'])
    expect(problems.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^not JSON: /),
      'the list is not closed: the file is cut off',
    ])
  })

  test.each([
    ['cut off', (packed: Buffer) => packed.subarray(0, packed.length - 9)],
    [
      'damaged',
      (packed: Buffer) => Buffer.concat([packed.subarray(0, 300), Buffer.alloc(packed.length - 300, 7)]),
    ],
    [
      'changed under its sum',
      (packed: Buffer) => Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8, 1)]),
    ],
  ])('a packed file that is %s is a problem, and no crash', async (_, harm) => {
    const rows = Array.from({ length: 500 }, (_, i) => ({ _id: `d${i}`, text: `Text ${(i * 7919) % 1000}.` }))
    await directory.write('c.jsonl.gz', harm(gzipSync(jsonl(...rows))))
    await directory.write('other.jsonl', jsonl(one))
    const { ids, problems } = await read('c.jsonl.gz', 'other.jsonl')
    expect(ids.at(-1)).toBe('a')
    const told = problems.filter(({ reason }) => reason.startsWith('the gzip file is damaged or cut off'))
    expect(told).toMatchObject([{ at: 'c.jsonl.gz:', note: false }])
  })

  test('a packed file that would fill the memory is one bad line', async () => {
    const zeros = Buffer.alloc(64 << 20, 'x')
    const bomb = gzipSync(Buffer.concat([zeros, zeros, Buffer.from('\n'), Buffer.from(jsonl(one))]))
    await directory.write('c.jsonl.gz', bomb)
    const { ids, problems } = await read('c.jsonl.gz')
    expect(ids).toEqual(['a'])
    expect(problems).toMatchObject([{ at: 'c.jsonl.gz:1', reason: 'line is longer than 64 MiB' }])
  })

  test('lines in GB 18030 are read, and said to be', async () => {
    // "质量管理体系要求所有的文件都由负责人批准，并且在使用的地方可以得到。" and "他们的记录应当保存三年，不得更改。"
    const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
    const first = bytes(
      'd6cac1bfb9dcc0edcce5cfb5d2aac7f3cbf9d3d0b5c4cec4bcfeb6bcd3c9b8bad4f0c8cbc5fad7bca3acb2a2c7d2d4dacab9d3c3b5c4b5d8b7bdbfc9d2d4b5c3b5bda1a3',
    )
    const second = bytes('cbfbc3c7b5c4bcc7c2bcd3a6b5b1b1a3b4e6c8fdc4eaa3acb2bbb5c3b8fcb8c4a1a3')
    const line = (id: string, text: Buffer) =>
      Buffer.concat([Buffer.from(`{"_id": "${id}", "text": "`), text, Buffer.from('"}\n')])
    await directory.write(
      'c.jsonl',
      Buffer.concat([Buffer.from(jsonl(one)), line('x', first), line('y', second)]),
    )
    const { documents, problems } = await read('c.jsonl')
    expect(documents.slice(1).map(({ text }) => text)).toEqual([
      '质量管理体系要求所有的文件都由负责人批准，并且在使用的地方可以得到。',
      '他们的记录应当保存三年，不得更改。',
    ])
    expect(problems).toEqual([
      { at: 'c.jsonl:2', reason: 'this line and 1 others are not UTF-8: read as gb18030', note: true },
    ])
    await directory.write('t.txt', first)
    const text = await read('t.txt')
    expect(text.documents[0]!.text).toMatch(/^质量管理体系/)
    expect(text.problems).toEqual([{ at: 't.txt:', reason: 'not UTF-8: read as gb18030', note: true }])
  })

  test('a line of bytes that are no text stays a problem', async () => {
    await directory.write(
      'c.jsonl',
      Buffer.concat([Buffer.from('{"_id": "x", "text": "caf\xe9"}\n', 'latin1'), Buffer.from(jsonl(one))]),
    )
    const { ids, problems } = await read('c.jsonl')
    expect(ids).toEqual(['a'])
    expect(problems).toMatchObject([
      { at: 'c.jsonl:1', reason: expect.stringMatching(/^not UTF-8/), note: false },
    ])
  })
})

describe('half of a surrogate pair', () => {
  test.each<[string, string, object, number]>([
    ['high', '{"_id": "a", "text": "x \\ud83d y"}', { id: 'a', text: 'x \ufffd y' }, 1],
    ['low, in capitals', '{"_id": "a", "text": "x \\uDC4D y"}', { id: 'a', text: 'x \ufffd y' }, 1],
    ['the wrong way round', '{"_id": "a", "text": "\\ude00\\ud83d"}', { id: 'a', text: '\ufffd\ufffd' }, 2],
    [
      'two high ones and a pair',
      '{"_id": "a", "text": "\\ud83d\\ud83d\\ude00"}',
      { id: 'a', text: '\ufffd\u{1f600}' },
      1,
    ],
    [
      'in an id and a title',
      '{"_id": "a\\ud800", "title": "\\udfff", "text": "x"}',
      { id: 'a\ufffd', text: 'x' },
      2,
    ],
    ['in a key', '{"_id": "a", "text": "x", "k\\ud800": 1}', { id: 'a', text: 'x' }, 1],
    [
      'in an id of raw_knowledge',
      '{"filename": "a\\udbff", "content": "x"}',
      { id: 'a\ufffd', text: 'x' },
      1,
    ],
    ['after an escaped backslash', '{"_id": "a", "text": "\\\\\\ud83d"}', { id: 'a', text: '\\\ufffd' }, 1],
  ])('%s, is U+FFFD, and a note', async (_, line, document, count) => {
    await directory.write('c.jsonl', `${line}\n`)
    const { documents, problems } = await read('c.jsonl')
    expect(documents).toMatchObject([document])
    const reason =
      count === 1
        ? 'half of a surrogate pair is U+FFFD now'
        : `${count} halves of surrogate pairs are U+FFFD now`
    expect(problems).toEqual([{ at: 'c.jsonl:1', reason, note: true }])
  })

  test.each([
    ['a pair in escapes', '{"_id": "a", "text": "\\ud83d\\ude00"}', '\u{1f600}'],
    ['what only looks like one', '{"_id": "a", "text": "C:\\\\ud83d\\\\udata"}', 'C:\\ud83d\\udata'],
    ['an odd character that is whole', '{"_id": "a", "text": "\\u0000\\ufffe\\u2028"}', '\0\ufffe\u2028'],
  ])('is not seen in %s', async (_, line, text) => {
    await directory.write('c.jsonl', `${line}\n`)
    const { documents, problems } = await read('c.jsonl')
    expect(documents.map((document) => document.text)).toEqual([text])
    expect(problems).toEqual([])
  })

  test('in bytes, as Python writes it when told to let it pass', async () => {
    const half = Buffer.from([0xed, 0xa0, 0xbd])
    const pair = Buffer.from([0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]) // CESU-8, as old databases give it
    await directory.write(
      'c.jsonl',
      Buffer.concat([
        Buffer.from('{"_id": "a", "text": "x '),
        half,
        Buffer.from(' '),
        pair,
        Buffer.from('"}\n'),
      ]),
    )
    const { documents, problems } = await read('c.jsonl')
    expect(documents[0]!.text).toBe('x \ufffd \u{1f600}')
    expect(problems).toEqual([
      { at: 'c.jsonl:1', reason: 'half of a surrogate pair is U+FFFD now', note: true },
    ])
  })

  test('in UTF-16', async () => {
    await directory.write('t.txt', Buffer.from('\ufeffx \ud83d y \ud83d\ude00', 'utf16le'))
    const { documents, problems } = await read('t.txt')
    expect(documents[0]!.text).toBe('x \ufffd y \u{1f600}')
    expect(problems).toEqual([{ at: 't.txt:', reason: 'half of a surrogate pair is U+FFFD now', note: true }])
  })
})

describe('records in the shapes of public data', () => {
  test.each<[string, object | string, object]>([
    ['Pyserini', { id: 'd1', contents: 'Title\nText' }, { id: 'd1', title: '', text: 'Title\nText' }],
    ['DPR', { id: 3, title: 'T', text: 'Text' }, { id: '3', title: 'T', text: 'Text' }],
    [
      'MS MARCO documents',
      { docid: 'D1', url: 'u', title: 'T', headings: 'H', body: 'Text' },
      { id: 'D1', title: 'T', text: 'Text' },
    ],
    [
      'MS MARCO passages',
      { pid: 'msmarco_passage_1', passage: 'Text', docid: 'D1' },
      { id: 'msmarco_passage_1', title: '', text: 'Text' },
    ],
    [
      'LangChain',
      { page_content: 'Text', metadata: { source: 'a.pdf', page: 1 }, type: 'Document' },
      { id: 'a.pdf#page=1', title: '', text: 'Text' },
    ],
    [
      'LangChain, without pages',
      { page_content: 'Text', metadata: { source: 'a.md' }, type: 'Document' },
      { id: 'a.md', title: '', text: 'Text' },
    ],
    [
      'LangChain’s pieces of pages, as dumps writes them',
      {
        lc: 1,
        type: 'constructor',
        id: ['langchain', 'schema', 'document', 'Document'],
        kwargs: { page_content: 'Text', metadata: { source: 'a.pdf', page: 0, start_index: 800 } },
      },
      { id: 'a.pdf#page=0&start_index=800', title: '', text: 'Text' },
    ],
    [
      'rows of a table',
      { page_content: 'Text', metadata: { source: 'a.csv', row: 7 } },
      { id: 'a.csv#row=7', title: '', text: 'Text' },
    ],
    [
      'LangChain with an id',
      { id: 'x1', page_content: 'Text', metadata: { source: 'a.pdf' } },
      { id: 'x1', title: '', text: 'Text' },
    ],
    ['Haystack', { id: 'h', content: 'Text', meta: { name: 'n' } }, { id: 'h', title: '', text: 'Text' }],
    [
      'C4',
      { text: 'Text', url: 'https://x/y', timestamp: '2019' },
      { id: 'https://x/y', title: '', text: 'Text' },
    ],
    ['a file name and text', { filename: 'a.md', text: 'Text' }, { id: 'a.md', title: '', text: 'Text' }],
    [
      'raw_knowledge with an id of its own',
      { id: 9, filename: 'a.md', content: 'Text' },
      { id: 'a.md', title: '', text: 'Text' },
    ],
    [
      'an integer that no number holds',
      '{"_id": 9007199254740993, "text": "Text"}',
      { id: '9007199254740993', title: '', text: 'Text' },
    ],
    [
      'a key twice, whose last counts',
      '{"_id": "a", "text": "no", "text": "Text"}',
      { id: 'a', title: '', text: 'Text' },
    ],
  ])('%s', async (_, record, document) => {
    await directory.write('c.jsonl', jsonl(record))
    expect(await read('c.jsonl')).toMatchObject({ documents: [document], problems: [] })
  })

  test('all pages of one file are documents', async () => {
    const pages = [0, 1, 2].map((page) => ({
      page_content: `Page ${page}`,
      metadata: { source: 'a.pdf', page },
    }))
    await directory.write('c.jsonl', jsonl(...pages))
    const { ids, problems } = await read('c.jsonl')
    expect({ ids, problems }).toEqual({ ids: ['a.pdf#page=0', 'a.pdf#page=1', 'a.pdf#page=2'], problems: [] })
  })
})

describe('a folder', () => {
  test('is read with all kinds, and what is passed over is counted and named', async () => {
    await directory.write('docs/README.md', 'Read me.')
    await directory.write('docs/b/part-001.jsonl', jsonl(two))
    await directory.write('docs/b/part-000.jsonl.gz', gzipSync(jsonl(one)))
    await directory.write('docs/c.ndjson', jsonl({ _id: 'c', text: 'x' }))
    await directory.write('docs/d.json', JSON.stringify([{ _id: 'd', text: 'x' }]))
    await directory.write('docs/e.txt.gz', gzipSync('Packed text.'))
    await directory.write('docs/paper.pdf', '%PDF')
    await directory.write('docs/b/OTHER.PDF', '%PDF')
    await directory.write('docs/data.csv', 'a,b')
    await directory.write('docs/Makefile', 'all:')
    for (const hidden of ['.git/config.md', '.DS_Store', '._README.md', '~$paper.md', 'b/.gitignore'])
      await directory.write(`docs/${hidden}`, 'x')
    await directory.write('docs/.notes.md', 'x')
    const { ids, problems } = await read('docs')
    expect(ids).toEqual(['README.md', 'a', 'b', 'c', 'd', 'e.txt.gz'])
    const reason =
      '5 files passed over: .pdf 2, .csv 1, hidden 1, no ending 1: clara-extract reads documents of other formats'
    expect(problems).toEqual([{ at: 'docs:', reason, note: true }])
    expect(await countDocuments([join(directory.path, 'docs')])).toBeUndefined()
  })

  test('follows no links, and opens no pipes', async () => {
    await directory.write('outside/secret.md', 'Secret.')
    await directory.write('docs/a.md', 'A.')
    await symlink('../outside/secret.md', join(directory.path, 'docs/link.md'))
    await symlink('..', join(directory.path, 'docs/up'))
    await symlink('nowhere', join(directory.path, 'docs/broken.md'))
    execFileSync('mkfifo', [join(directory.path, 'docs/pipe.jsonl')])
    const { ids, problems } = await read('docs')
    expect(ids).toEqual(['a.md'])
    expect(problems.map(({ reason }) => reason)).toEqual([
      '4 files passed over: links 3, pipes and devices 1: clara-extract reads documents of other formats',
    ])
  })

  test('loses only what cannot be read', async () => {
    await directory.write('docs/a.md', 'A.')
    await directory.write('docs/b.jsonl', jsonl(two))
    await directory.write('docs/c.md', 'C.')
    await directory.write('docs/d/e.md', 'E.')
    for (const name of ['b.jsonl', 'c.md', 'd']) await chmod(join(directory.path, 'docs', name), 0)
    const isRoot = process.getuid?.() === 0 // whom nothing is denied
    const { ids, problems } = await read('docs')
    await chmod(join(directory.path, 'docs/d'), 0o700)
    if (isRoot) return expect(ids).toHaveLength(4)
    expect(ids).toEqual(['a.md'])
    expect(problems.map(({ at, note }) => [at, note])).toEqual([
      ['docs/d:', false],
      ['docs/b.jsonl:', false],
      ['docs/c.md:', false],
    ])
  })

  test('whose file goes while it is read loses that file', async () => {
    for (const name of ['a.md', 'b.md', 'c.jsonl', 'd.md']) await directory.write(`docs/${name}`, jsonl(one))
    const problems: string[] = []
    const documents = readDocuments([join(directory.path, 'docs')], ({ path }) =>
      problems.push(path.slice(-7)),
    )
    const ids: string[] = []
    for await (const { id } of documents) {
      if (ids.length === 0) execFileSync('rm', ['b.md', 'c.jsonl'], { cwd: join(directory.path, 'docs') })
      ids.push(id)
    }
    expect(ids).toEqual(['a.md', 'd.md'])
    expect(problems).toEqual(['cs/b.md', 'c.jsonl'])
  })

  test('may hold questions and settings beside its documents', async () => {
    await directory.write('docs/a.md', 'A.')
    await directory.write(
      'docs/qa.jsonl',
      jsonl({ question: 'Why?', answer: 'So.', doc_id: 'a.md' }, { question: 'x' }),
    )
    await directory.write('docs/package.json', JSON.stringify({ name: 'x', version: '1' }, null, 2))
    await directory.write('docs/tsconfig.json', '{ // a comment\n "strict": true }')
    const { ids, problems } = await read('docs')
    expect(ids).toEqual(['a.md'])
    expect(problems).toMatchObject([
      {
        at: 'docs/package.json:',
        reason: expect.stringContaining('passed over, for it holds no documents: no text'),
        note: true,
      },
      {
        at: 'docs/qa.jsonl:',
        reason: expect.stringContaining('the record has "question" (string)'),
        note: true,
      },
      { at: 'docs/tsconfig.json:', reason: expect.stringContaining('not JSON'), note: true },
    ])
    // one document is enough to make it a file of documents
    await directory.write('docs/package.json', JSON.stringify([{ name: 'x' }, one]))
    const again = await read('docs')
    expect(again.ids).toEqual(['a.md', 'a'])
    expect(again.problems[0]).toMatchObject({ at: 'docs/package.json:1', note: false })
    // named, they are meant
    expect((await read('docs/qa.jsonl')).problems.map(({ note }) => note)).toEqual([false, false])
  })

  test('of BEIR is its corpus, packed or not; what else is there is said', async () => {
    await directory.write('beir/corpus.jsonl.gz', gzipSync(jsonl(one)))
    await directory.write('beir/queries.jsonl', jsonl({ _id: 'q1', text: 'x' }))
    await directory.write('beir/qrels/test.tsv', 'q1\ta\t1\n')
    await directory.write('beir/README.md', 'not a document')
    const { ids, problems } = await read('beir')
    expect(ids).toEqual(['a'])
    expect(problems).toEqual([
      { at: 'beir:', reason: '1 file passed over: .md 1: the corpus is corpus.jsonl.gz', note: true },
    ])
  })

  test('without anything to read is an error that says what would be', async () => {
    await mkdir(join(directory.path, 'empty'))
    await expect(read('empty')).rejects.toMatchObject(
      claraError('input', '.jsonl, .ndjson, .json', '.gz', 'clara-extract'),
    )
  })
})
