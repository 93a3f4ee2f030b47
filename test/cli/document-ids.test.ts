/** An id stays what it was, and a name means one document or is an error. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, readRows, workFolder } from './clara.js'

const work = workFolder()

function file(name: string, content: string): string {
  const path = join(work, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}
const jsonl = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')

const TEXTS: Record<string, string> = {
  'north/README.md': 'The north pump house was built of red brick in the year after the great flood.',
  'south/README.md': 'In the south reservoir trout are counted every spring by the school of the village.',
  'north/valves.md': 'Each valve is turned once a month so that lime does not make it stick.',
  'south/café #2 50%.md': 'The café beside the dam sells tickets for the boat and warm soup in winter.',
}
const raw = (paths: string[], root = '') =>
  jsonl(
    paths.map((path) => ({
      file_path: root + path,
      filename: path.slice(path.lastIndexOf('/') + 1),
      content: TEXTS[path] ?? path,
    })),
  )

async function build(name: string, ...inputs: string[]) {
  const index = join(work, name)
  const { code, stderr } = await clara([
    ...['index', 'build', '--input-file', ...inputs, '--output-dir', index, '--overwrite'],
  ])
  expect(code, stderr).toBe(0)
  return index
}
const add = async (index: string, input: string) =>
  JSON.parse((await clara(['index', 'add', index, '--input-file', input, '--json'])).stdout)
const idsIn = (index: string, generation = 1) =>
  (
    readRows(join(index, generation === 1 ? 'documents.jsonl' : `documents.${generation}.jsonl`)) as {
      id: string
    }[]
  ).map(({ id }) => id)

async function mine(index: string, docIds: string[], answer = 'the great flood') {
  const qa = file(
    'qa.jsonl',
    jsonl(docIds.map((doc_id, i) => ({ question: `What about ${i}?`, answer, doc_id }))),
  )
  const output = join(work, 'out')
  const { code, stderr } = await clara([
    ...['mine', '--index', index, '--qa-file', qa, '--output-dir', output, '--overwrite'],
    ...['--target-top-k', '2'],
  ])
  if (code === 2) return { code, stderr, positives: [] }
  const rows = readRows(join(output, 'end_to_end_data.jsonl')) as { docs: string[]; pos_index: number[] }[]
  return { code, stderr, positives: rows.map(({ docs, pos_index }) => docs[pos_index[0]!]) }
}

describe('records of files', () => {
  it('of one name have their paths for ids, all of them, in whatever order they come', async () => {
    const names = ['north/README.md', 'south/README.md', 'north/valves.md']
    const one = await build('one', file('one.jsonl', raw(names)))
    expect(idsIn(one)).toEqual(['north/README.md', 'south/README.md', 'valves.md'])
    const other = await build('other', file('other.jsonl', raw([...names].reverse(), './')))
    expect(idsIn(other)).toEqual(['valves.md', 'south/README.md', 'north/README.md'])
  })

  it('that come to an index leave the ids of those that are there, which stay', async () => {
    const index = await build('growing', file('n.jsonl', raw(['north/README.md', 'north/valves.md'])))
    expect(idsIn(index)).toEqual(['README.md', 'valves.md'])
    const south = file('s.jsonl', raw(['south/README.md']))
    expect(await add(index, south)).toMatchObject({ added: 1, changed: 0, skipped: 0 })
    expect(idsIn(index, 2)).toEqual(['README.md', 'valves.md', 'south/README.md'])
    expect(await add(index, south)).toMatchObject({ added: 0, changed: 0, skipped: 1 })
    const all = file('all.jsonl', raw(['south/README.md', 'north/README.md', 'north/valves.md']))
    expect(await add(index, all)).toMatchObject({ added: 0, changed: 0, skipped: 3 })
    const changed = file('c.jsonl', raw(['north/README.md'], '/home/elsewhere/').replace('red', 'grey'))
    expect(await add(index, changed)).toMatchObject({ added: 0, changed: 1, skipped: 0 })
    expect(idsIn(index, 3)).toEqual(['valves.md', 'south/README.md', 'README.md'])
  })
})

describe('text files', () => {
  beforeAll(() => {
    for (const [name, text] of Object.entries(TEXTS)) file(`folders/${name}`, text)
    file('folders/south/valves.md', 'Valves of the south are made of bronze and never stick.')
  })

  it('of one name in two folders are both read, by the names of the folders', async () => {
    const folders = ['north', 'south'].map((name) => join(work, 'folders', name))
    const index = await build('two', ...folders)
    expect(idsIn(index)).toEqual([
      'north/README.md',
      'north/valves.md',
      'south/README.md',
      'café #2 50%.md',
      'south/valves.md',
    ])
    expect(idsIn(await build('swapped', ...folders.reverse())).sort()).toEqual(idsIn(index).sort())
  })

  it('of a second folder do not take the place of those of the first', async () => {
    const index = await build('first', join(work, 'folders/north'))
    expect(await add(index, join(work, 'folders/south'))).toMatchObject({ added: 3, changed: 0 })
    expect(idsIn(index, 2)).toEqual([
      'README.md',
      'valves.md',
      'south/README.md',
      'café #2 50%.md',
      'south/valves.md',
    ])
    file('folders/north/valves.md', 'Each valve is turned twice a month now.')
    expect(await add(index, join(work, 'folders/north'))).toMatchObject({ added: 0, changed: 1, skipped: 1 })
  })
})

describe('doc_id', () => {
  let index: string
  beforeAll(async () => {
    index = await build('named', file('named.jsonl', raw(Object.keys(TEXTS))))
  })

  it.each([
    ['a name that one file has', 'valves.md', 'north/valves.md'],
    ['a path', 'north/README.md', 'north/README.md'],
    ['a path spelt otherwise', './north//README.md', 'north/README.md'],
    ['a path of Windows', 'north\\README.md', 'north/README.md'],
    ['a chunk', 'south/README.md#0', 'south/README.md'],
    ['a chunk of a path spelt otherwise', '.\\south\\README.md#0', 'south/README.md'],
    ['marks, composed', 'café #2 50%.md'.normalize('NFC'), 'south/café #2 50%.md'],
    ['marks, decomposed', 'café #2 50%.md'.normalize('NFD'), 'south/café #2 50%.md'],
    ['a chunk of marks, decomposed', 'café #2 50%.md#0'.normalize('NFD'), 'south/café #2 50%.md'],
  ])('may be %s', async (_, id, path) => {
    expect(await mine(index, [id], 'some answer')).toMatchObject({ code: 0, positives: [TEXTS[path]] })
  })

  it.each(['README.md', './README.md', 'README.md#0'])(
    'that may be several is an error that lists them: %s',
    async (id) => {
      const { code, stderr, positives } = await mine(index, [id, 'valves.md'])
      expect(code).toBe(1)
      expect(positives).toEqual([TEXTS['north/valves.md']])
      const chunk = id.endsWith('#0') ? '#0' : ''
      expect(stderr).toContain(
        `qa.jsonl:1: doc_id ${JSON.stringify(id)} may be any of 2: "north/README.md${chunk}", "south/README.md${chunk}": name one of them`,
      )
    },
  )

  it.each(['east/README.md', 'ADME.md', 'valves.md#1', 'valves', 'README.md/'])(
    'that is none is an error: %s',
    async (id) => {
      const { code, stderr } = await mine(index, [id, 'valves.md'])
      expect(code).toBe(1)
      expect(stderr).toMatch(id === 'README.md/' ? /may be any of 2/ : /is not in the index/)
    },
  )

  it('is taken in any spelling by remove, too', async () => {
    const other = await build('less', file('less.jsonl', raw(Object.keys(TEXTS))))
    const id = './south\\README.md'
    const { stdout } = await clara(['index', 'remove', other, '--id', id, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ removed_documents: 1, documents: 3 })
  })
})
