import { describe, expect, test } from 'vitest'
import type { ValidateOptions } from '#clara/samples/validate.js'
import { jsonl, useDirectory } from '../../support/directory.js'
import { kindsOf, passage, validateContent } from './rows.js'

const directory = useDirectory()

const pretrain = (n: number) => ({
  data_type: 'qa',
  question: [`Who counted colony ${n}?`, `When was colony ${n} counted?`],
  answers: [`Halvorsen-${n}`, `in the summer of ${1700 + n}`],
  docs: [passage(n)],
})
const paraphrase = (n: number) => ({
  data_type: 'paraphrase',
  question: [''],
  answers: [`Halvorsen-${n} counted birds.`],
  docs: [passage(n)],
})
const instruction = (n: number) => ({
  question: `Who counted colony ${n}?`,
  docs: [passage(n)],
  gold_answer: `Halvorsen-${n}`,
  answer: `Halvorsen-${n}`,
  pos_index: [0],
})
const files = { pretrain, paraphrase, instruction }

function rows(kind: keyof typeof files, change: object = {}): object[] {
  const all: object[] = Array.from({ length: 12 }, (_, n) => files[kind](n))
  all[4] = { ...all[4], ...change }
  return all
}

const validate = (all: object[], options: Partial<ValidateOptions> = {}, name = 'x.jsonl') =>
  validateContent(directory, jsonl(...all), options, name)

describe('sound files, known by name and by their rows', () => {
  test.each([
    ['pretrain', 'pretrain_data.jsonl', 'pretrain'],
    ['pretrain', 'x.jsonl', 'pretrain'],
    ['paraphrase', 'pretrain_paraphrase_data.train.jsonl', 'pretrain'],
    ['paraphrase', 'x.jsonl', 'pretrain'],
    ['instruction', 'instruction_data.validation.jsonl', 'instruction'],
    ['instruction', 'x.jsonl', 'instruction'],
  ] as const)('%s as %s', async (kind, name, stage) => {
    const { report } = await validate(rows(kind), { strict: true }, name)
    expect(report).toMatchObject({ stage, ok: true, lines: 12, valid: 12, mostCommon: 1, findings: [] })
  })

  test('instructions without pos_index, which their stage does not read', async () => {
    const { report } = await validate(rows('instruction').map((row) => ({ ...row, pos_index: undefined })))
    expect(report).toMatchObject({ stage: 'instruction', ok: true, findings: [] })
  })
})

describe('files that hold no samples', () => {
  test.each([
    [
      'questions',
      { question: 'Who?', answer: 'She.', doc_id: 'a' },
      /: no samples, but questions.*clara-mine/,
    ],
    ['questions with their passages', { question: 'Who?', positive: 'She.' }, /no samples, but questions/],
    ['documents', { filename: 'a.pdf', content: 'Text.' }, /no samples, but documents.*clara-index build/],
    ['a corpus', { _id: 'a', title: '', text: 'Text.' }, /no samples, but documents or queries/],
  ])('%s are named as what they are', async (_, row, message) => {
    await expect(validate([row, row])).rejects.toThrow(message)
  })

  test('unless one row may be a sample: then each row is looked at', async () => {
    const { report } = await validate([
      { question: 'Who?', doc_id: 'a' },
      { question: 'Who?', doc_id: 'b', docs: [] },
    ])
    expect(report.ok).toBe(false)
  })
})

describe('one document where k are wanted', () => {
  test('by the name', async () => {
    const { report } = await validate(rows('instruction'), {}, 'end_to_end_data.jsonl')
    expect(kindsOf(report)).toMatchObject({ 'too-few-docs': [1, 2, 3, 4, 5], 'no-negative': [1, 2, 3, 4, 5] })
  })

  test.each<Partial<ValidateOptions>>([{ stage: 'end-to-end' }, { expectedTopK: 5 }])(
    'by %j',
    async (options) => {
      const { report } = await validate(rows('instruction'), options)
      expect(report).toMatchObject({ stage: 'end-to-end', ok: false })
    },
  )
})

test.each<[keyof typeof files, object, string]>([
  ['pretrain', { data_type: 'quiz' }, 'bad-data-type'],
  ['pretrain', { data_type: 3 }, 'bad-data-type'],
  ['pretrain', paraphrase(4), 'mixed-data-types'],
  ['pretrain', { question: 'Who?' }, 'bad-question'],
  ['pretrain', { question: ['Who?', 7] }, 'bad-question'],
  ['pretrain', { question: [], answers: [] }, 'bad-question'],
  ['pretrain', { question: ['Who?', ' '] }, 'bad-question'],
  ['pretrain', { answers: 'Halvorsen-4' }, 'bad-answers'],
  ['pretrain', { answers: ['a', ''] }, 'bad-answers'],
  ['pretrain', { answers: undefined }, 'bad-answers'],
  ['pretrain', { answer: 'Halvorsen-4' }, 'bad-answers'],
  ['pretrain', { answers: ['Halvorsen-4'] }, 'unpaired-answers'],
  ['pretrain', { docs: [passage(4), passage(5)] }, 'mixed-top-k'],
  ['pretrain', { docs: [] }, 'too-few-docs'],
  ['pretrain', { docs: [''] }, 'empty-doc'],
  ['pretrain', { docs: passage(4) }, 'bad-docs'],
  ['pretrain', { answers: ['Halvorsen-4', 'volcanoes erupted'] }, 'unsupported-answer'],
  ['paraphrase', { answers: [] }, 'bad-answers'],
  ['paraphrase', { docs: [4] }, 'bad-docs'],
  ['instruction', { question: 4 }, 'bad-question'],
  ['instruction', { docs: [passage(4), passage(5)] }, 'mixed-top-k'],
  ['instruction', { pos_index: [1] }, 'position-out-of-range'],
  ['instruction', { pos_index: '0' }, 'bad-pos-index'],
  ['instruction', { answer: 'another' }, 'answers-differ'],
  ['instruction', { docs: ['Volcanoes, and nothing else.'] }, 'unsupported-answer'],
])('%s with %j: %s', async (kind, change, finding) => {
  const { report } = await validate(rows(kind, change))
  expect(kindsOf(report)).toMatchObject({ [finding]: [5] })
  expect(report.lines).toBe(12)
})

test('the first sample of lists', async () => {
  const { report } = await validate(rows('pretrain'))
  expect(report.firstSample).toMatchObject({
    question: 'Who counted colony 0?',
    answer: 'Halvorsen-0',
    posIndex: null,
  })
})

test('a question of the first stage again', async () => {
  const { report } = await validate(rows('pretrain', { question: pretrain(1).question }))
  expect(kindsOf(report)).toEqual({ 'duplicate-question': [5] })
})
