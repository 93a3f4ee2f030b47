import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Problem } from '#clara/errors.js'
import { validateFiles } from '#clara/samples/validate.js'
import { jsonl, useDirectory } from '../../support/directory.js'
import { kindsOf, passage, type Row, soundRow } from './rows.js'

const directory = useDirectory()

const TRAIN = 'end_to_end_data.train.jsonl'
const VALIDATION = 'end_to_end_data.validation.jsonl'

const rowsFrom = (start: number, count: number) =>
  Array.from({ length: count }, (_, n) => soundRow(start + n))

/** What provenance says of the rows: document `n / 2` of each positive, two chunks each. */
const provenance = (rows: Row[], start: number, document = (n: number) => `doc-${n >> 1}#${n % 2}`) =>
  jsonl(
    ...rows.map(({ docs, pos_index }, n) => ({
      docs: docs.map((doc, i) =>
        pos_index.includes(i)
          ? { role: 'positive', chunk_id: document(start + n) }
          : { role: 'hard negative', chunk_id: `other-${doc.slice(0, 20)}#0` },
      ),
    })),
  )

async function validate(files: Record<string, string>, schemaOnly = false) {
  const paths: string[] = []
  for (const [name, content] of Object.entries(files)) {
    const path = await directory.write(name, content)
    if (!name.includes('provenance')) paths.push(path)
  }
  const problems: Problem[] = []
  const report = await validateFiles(paths, { schemaOnly, onProblem: (problem) => problems.push(problem) })
  const told = problems.map(
    ({ path, line, reason }) => `${path.slice(directory.path.length + 1)}:${line}: ${reason}`,
  )
  return { report, told, kinds: Object.assign({}, ...report.files.map(kindsOf)) }
}

describe('a leak', () => {
  const train = rowsFrom(0, 30)
  const validation = rowsFrom(30, 10)

  test('none: negatives may be on both sides, and positives of the other', async () => {
    const own = validation.with(3, { ...validation[3]!, docs: validation[3]!.docs.with(0, passage(2)) })
    const { report, kinds } = await validate({ [VALIDATION]: jsonl(...own), [TRAIN]: jsonl(...train) })
    expect(kinds).toEqual({})
    expect(report.ok).toBe(true)
    expect(report.files.map(({ file }) => file)).toEqual([
      join(directory.path, TRAIN),
      join(directory.path, VALIDATION),
    ])
  })

  test('a row of the other side', async () => {
    const { report, told, kinds } = await validate({
      [TRAIN]: jsonl(...train),
      [VALIDATION]: jsonl(...validation, train[6]!),
    })
    expect(kinds).toEqual({ 'leaked-question': [11], 'leaked-passage': [11] })
    expect(report).toMatchObject({ ok: false, files: [{ ok: true }, { ok: false }] })
    expect(told).toEqual([
      `${VALIDATION}:11: the question is in ${TRAIN}:7, too`,
      `${VALIDATION}:11: docs[2], a positive, is in ${TRAIN}:7, too`,
    ])
  })

  test('a question in other letters', async () => {
    const leaked = { ...validation[4]!, question: '  WHO counted colony 12? ' }
    const { kinds } = await validate({
      [TRAIN]: jsonl(...train),
      [VALIDATION]: jsonl(...validation.with(4, leaked)),
    })
    expect(kinds).toEqual({ 'leaked-question': [5] })
  })

  test('another chunk of a document', async () => {
    const { told, kinds } = await validate({
      [TRAIN]: jsonl(...train),
      [TRAIN.replace('.jsonl', '.provenance.jsonl')]: provenance(train, 1),
      [VALIDATION]: jsonl(...validation),
      [VALIDATION.replace('.jsonl', '.provenance.jsonl')]: provenance(validation, 31),
    })
    expect(kinds).toEqual({ 'leaked-document': [1] })
    expect(told).toEqual([`${VALIDATION}:1: the positive’s document is in ${TRAIN}:30, too`])
  })

  test('documents that were not cut have names of their own', async () => {
    const whole = (n: number) => (n % 2 ? `doc-${n}` : `doc#${n}`)
    const { kinds } = await validate({
      [TRAIN]: jsonl(...train),
      [TRAIN.replace('.jsonl', '.provenance.jsonl')]: provenance(train, 1, whole),
      [VALIDATION]: jsonl(...validation),
      [VALIDATION.replace('.jsonl', '.provenance.jsonl')]: provenance(validation, 31, whole),
    })
    expect(kinds).toEqual({})
  })

  test('between files of different stages', async () => {
    const { docs, question, answer } = soundRow(31)
    const pretrain = { data_type: 'qa', question: [question], answers: [answer], docs: [docs[3]!] }
    const { kinds } = await validate({
      'pretrain_data.train.jsonl': jsonl(pretrain),
      [VALIDATION]: jsonl(...validation),
    })
    expect(kinds).toEqual({ 'leaked-question': [2], 'leaked-passage': [2] })
  })

  test.each([
    ['one.jsonl', 'two.jsonl', {}],
    ['part-1.train.jsonl', 'part-2.train.jsonl', {}],
    ['my-train.jsonl', 'my-dev.jsonl', { 'leaked-question': [1], 'leaked-passage': [1] }],
    ['train.jsonl', 'test.jsonl', { 'leaked-question': [1], 'leaked-passage': [1] }],
  ])('sides are named by the files: %s and %s', async (first, second, expected) => {
    const { kinds } = await validate({ [first]: jsonl(...train), [second]: jsonl(train[0]!, ...validation) })
    expect(kinds).toEqual(expected)
  })

  test('is not looked for in the schema', async () => {
    const { report } = await validate({ [TRAIN]: jsonl(...train), [VALIDATION]: jsonl(train[6]!) }, true)
    expect(report.ok).toBe(true)
  })
})

test('the expected top-k is of the last stage', async () => {
  const { docs, question, answer } = soundRow(0)
  const instruction = { question, docs: [docs[0]], answer, gold_answer: answer, pos_index: [0] }
  const paths = [
    await directory.write('instruction_data.jsonl', jsonl(instruction)),
    await directory.write('end_to_end_data.jsonl', jsonl(...rowsFrom(0, 3))),
  ]
  const options = { onProblem: () => {} }
  expect(await validateFiles(paths, { ...options, expectedTopK: 4 })).toMatchObject({ ok: true })
  const other = await validateFiles(paths, { ...options, expectedTopK: 5 })
  expect(other.files.map(({ ok }) => ok)).toEqual([true, false])
})
