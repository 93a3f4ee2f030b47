/** A BEIR folder with several splits: one is taken, and which is said. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { clara, readRows, workFolder } from './clara.js'

const work = workFolder()
const beir = join(work, 'beir')
const index = join(work, 'index')

const texts = {
  1: 'Ibuprofen should not be taken together with blood thinners, because the risk of bleeding rises sharply.',
  2: 'Vaccines are kept between two and eight degrees Celsius from the factory to the doctor.',
  3: 'Cough syrup made from ivy leaves loosens mucus, but studies of its benefit are few and small.',
  4: 'Naproxen stays in the body longer than similar painkillers and is taken only twice a day.',
  5: 'A pharmacist may refuse to sell large packs of painkillers to customers who look younger than sixteen.',
}
const rows = (...values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')

beforeAll(async () => {
  mkdirSync(join(beir, 'qrels'), { recursive: true })
  writeFileSync(
    join(beir, 'corpus.jsonl'),
    rows(...Object.entries(texts).map(([id, text]) => ({ _id: Number(id), title: '', text }))),
  )
  writeFileSync(
    join(beir, 'queries.jsonl'),
    rows(
      { _id: 11, text: 'Why must ibuprofen not be combined with blood thinners?' },
      { _id: '12', text: 'At which temperature are vaccines stored?' },
      { _id: 13, text: 'What does ivy syrup do?' },
    ),
  )
  writeFileSync(join(beir, 'qrels/train.tsv'), '\ufeff11\t1\t1\r\n11\t4\t0\r\n')
  writeFileSync(join(beir, 'qrels/validation.tsv'), '13 0 3 1\n')
  writeFileSync(join(beir, 'qrels/test.tsv'), 'query-id\tcorpus-id\tscore\n12\t2\t1\n12\t99\t1\n14\t3\t1\n')
  const { code, stderr } = await clara([
    'index',
    'build',
    '--input-file',
    beir,
    '--output-dir',
    index,
    '--force',
  ])
  expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' })
}, 60_000)

const mine = (out: string, ...flags: string[]) =>
  clara([
    ...['mine', '--index', index, '--qa-file', beir, '--output-dir', join(work, out), '--target-top-k', '3'],
    ...flags,
  ])

it('mining names none by itself', async () => {
  const { code, stderr } = await mine('none')
  expect(code).toBe(2)
  expect(stderr).toContain('qrels: several splits: it has test, train, validation: name one with --split')
  const other = await mine('none', '--split', 'dev')
  expect(other.code).toBe(2)
  expect(other.stderr).toContain('no split "dev": it has test, train, validation')
})

it.each([
  ['train', 'Why must ibuprofen not be combined with blood thinners?', texts[1]],
  ['validation', 'What does ivy syrup do?', texts[3]],
])('--split %s is that split alone', async (split, question, positive) => {
  const { code, stderr } = await mine(split, '--split', split)
  expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' })
  expect(stderr).toContain('2 queries without a relevant document in')
  const found = readRows<{ question: string; docs: string[]; pos_index: number[] }>(
    join(work, split, 'end_to_end_data.jsonl'),
  )
  expect(found.map((row) => [row.question, row.pos_index.map((at) => row.docs[at])])).toEqual([
    [question, [positive]],
  ])
})

it('a benchmark takes test, and says so, and what of it cannot be found', async () => {
  const { code, stdout, stderr } = await clara(['bench', 'retrieval', beir, '--json'])
  expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ documents: 5, queries: 1 })
  expect(stderr).toContain(
    'qrels/test.tsv: note: the split that is taken, of test, train, validation (--split)',
  )
  expect(stderr).toContain('1 query not in')
  expect(stderr).toContain('1 relevant document of its questions not in the corpus')
  const train = await clara(['bench', 'retrieval', beir, '--split', 'train', '--json'])
  expect(JSON.parse(train.stdout)).toMatchObject({ queries: 1 })
})
