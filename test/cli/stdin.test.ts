/** Standard input and pipes, in place of a file: read once, and used as often as it is needed. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { clara, readRows, shell, workFolder } from './clara.js'

const work = workFolder()
const at = (name: string) => join(work, name)
const quoted = (name: string) => `'${at(name)}'`

const texts = [
  'The ferry leaves twice a day.',
  'Ropes were made from hemp.',
  'A ticket costs eleven crowns.',
  'Bread is baked before dawn.',
  'Amber is found after a gale.',
]
const corpus = texts.map((text, i) => `${JSON.stringify({ _id: i, text })}\n`).join('')

let before: string[]
const spools = () => readdirSync(tmpdir()).filter((name) => name.startsWith('clara-stdin-'))
beforeEach(() => {
  before = spools()
})
afterEach(() => {
  expect(spools().filter((name) => !before.includes(name))).toEqual([]) // nothing of it is left
})

it.each([
  ['as it is', 'corpus.jsonl', corpus, 'cat'],
  ['packed', 'corpus.gz', gzipSync(corpus), 'cat'],
  ['a list', 'list', `[${corpus.trim().replaceAll('\n', ',')}]`, 'cat'],
])('index build --input-file -: %s', async (_, name, content, program) => {
  writeFileSync(at(name), content)
  const out = `${name}-index`
  const build = `${program} ${quoted(name)} | clara index build --input-file - --output-dir ${quoted(out)} --force --json`
  const { code, stdout, stderr } = await shell(build)
  expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ documents: 5, bad_records: 0 })
  const again = await shell(`${build} --overwrite`)
  expect(JSON.parse(again.stdout).documents).toBe(5)
})

it('a pipe that a shell names, and its bad lines by number', async () => {
  writeFileSync(at('c.jsonl'), corpus)
  const { code, stdout, stderr } = await shell(
    `clara index build --input-file <(cat ${quoted('c.jsonl')}; echo '{') --output-dir ${quoted('piped')} --force --json`,
  )
  expect(JSON.parse(stdout)).toMatchObject({ documents: 5, bad_records: 1 })
  expect(stderr).toMatch(/\/dev\/fd\/\d+:6: not JSON/)
  expect(code).toBe(1)
})

it('questions, queries and samples', async () => {
  writeFileSync(at('c.jsonl'), corpus)
  await clara([
    'index',
    'build',
    '--input-file',
    at('c.jsonl'),
    '--output-dir',
    at('index'),
    '--force',
    '--quiet',
  ])
  const qa = JSON.stringify({ question: 'What were ropes made from?', answer: 'hemp', doc_id: 1 })
  const mined = await shell(
    `printf '%s\n{' '${qa}' | clara mine --index ${quoted('index')} --qa-file - --output-dir ${quoted('out')} --target-top-k 3 --json`,
  )
  expect(mined.stderr).toContain('stdin:2: not JSON')
  expect(JSON.parse(mined.stdout)).toMatchObject({ samples: 1, bad_records: 1 })
  const [row] = readRows<{ docs: string[]; pos_index: number[] }>(at('out/end_to_end_data.jsonl'))
  expect(row!.docs[row!.pos_index[0]!]).toBe(texts[1])
  const search = await shell(
    `echo '{"_id": 7, "text": "hemp"}' | clara index search ${quoted('index')} --queries -`,
  )
  expect(search.stdout).toMatch(/^7 Q0 1#0 1 /)
  const validate = await shell(
    `clara validate --input-file - --json < ${quoted('out/end_to_end_data.jsonl')}`,
  )
  expect(JSON.parse(validate.stdout)).toMatchObject({ file: 'stdin', lines: 1, ok: true })
})

it('samples to score, of which questions are compared as in a file', async () => {
  const row = (question: string, first: number, second: number) => {
    const docs = [texts[first], texts[second], texts[3]]
    return JSON.stringify({ question, docs, answer: 'x', gold_answer: 'x', pos_index: [0] })
  }
  writeFileSync(at('equal.jsonl'), `${row('What is sold?', 0, 1)}\n${row('what is SOLD', 2, 0)}\n{\n`)
  const { stdout, stderr } = await shell(`cat ${quoted('equal.jsonl')} | clara score --input-file - --json`)
  expect(stderr).toContain('stdin:3: not JSON')
  const { input, suspects } = JSON.parse(stdout)
  expect(input).toBe('stdin')
  expect(suspects.reasons['positive of an equal question']).toBe(1)
})

it('samples that are packed are an error that says how they are read', async () => {
  writeFileSync(at('end_to_end_data.jsonl'), gzipSync('{}\n'))
  const { code, stderr } = await clara(['validate', '--input-file', at('end_to_end_data.jsonl')])
  expect(stderr).toContain('end_to_end_data.jsonl: is packed with gzip: unpack it first')
  expect(code).toBe(2)
  const piped = await shell(`clara validate --input-file - < ${quoted('end_to_end_data.jsonl')}`)
  expect(piped.stderr).toContain('stdin: is packed with gzip: pipe it in unpacked')
})

it('ids to remove, as another system wrote them', async () => {
  writeFileSync(at('c.jsonl'), corpus)
  await clara([
    'index',
    'build',
    '--input-file',
    at('c.jsonl'),
    '--output-dir',
    at('short'),
    '--force',
    '--quiet',
  ])
  writeFileSync(at('ids.txt'), Buffer.from('\ufeff1\r\n3\r\n', 'utf16le'))
  const { code, stdout } = await clara([
    'index',
    'remove',
    at('short'),
    '--ids-file',
    at('ids.txt'),
    '--json',
  ])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ removed_documents: 2, documents: 3 })
})

it('that is empty is an error', async () => {
  const { code, stderr } = await shell(
    `clara index build --input-file - --output-dir ${quoted('nothing')} < /dev/null`,
  )
  expect(stderr).toContain('stdin:1: the file holds no record')
  expect(code).toBe(2)
  expect(existsSync(at('nothing'))).toBe(false)
})
