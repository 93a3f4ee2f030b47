import { describe, expect, test } from 'vitest'
import type { ValidateOptions } from '#clara/samples/validate.js'
import { jsonl, useDirectory } from '../../support/directory.js'
import { kindsOf, soundRows, validateContent } from './rows.js'

const directory = useDirectory()
const countTokens = async (texts: string[]) =>
  Int32Array.from(texts, (text) => text.split(/\s+/).filter(Boolean).length)
const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`).join(' ')

/** The prompt beside question and documents, and the word that is counted behind the question. */
const PROMPT = 39 + 1
const PLACES = 9

const lengths = { maxLen: undefined, mistral: true }
const validate = (content: string, options: Partial<ValidateOptions> = {}, name?: string) =>
  validateContent(directory, content, { countTokens, lengths, ...options }, name)

const withTexts = (question: string, answer: string, k = 4) => {
  const rows = soundRows(24, k)
  return jsonl(...rows.with(6, { ...rows[6]!, question, answer, gold_answer: answer }))
}

describe('stage 3', () => {
  const room = 1024 - PROMPT - 4 * PLACES

  test('fits to the last token', async () => {
    const { report } = await validate(withTexts(words(room - 3), 'one two'))
    expect(kindsOf(report)).not.toHaveProperty('cut-answer')
    expect(report.lengths).toEqual({
      maxLen: null,
      longest: 1024 - 4 * PLACES,
      cutAnswers: 0,
      lostAnswers: 0,
    })
  })

  test('an answer without its end is cut', async () => {
    const { report, told } = await validate(withTexts(words(room - 2), 'one two'))
    expect(kindsOf(report)).toMatchObject({ 'cut-answer': [7] })
    expect(report).toMatchObject({ lengths: { cutAnswers: 1, lostAnswers: 0 }, withFindings: 1, ok: false })
    expect(told.join('\n')).toMatch(/^7: prompt and answer have 1025 .* max_len is 1024/m)
  })

  test('a prompt that fills max_len leaves no answer', async () => {
    const last = await validate(withTexts(words(room - 1), 'one two'))
    expect(kindsOf(last.report)).toMatchObject({ 'cut-answer': [7] })
    const { report, told } = await validate(withTexts(words(room), 'one two'))
    expect(kindsOf(report)).toMatchObject({ 'no-answer-left': [7] })
    expect(report.lengths).toMatchObject({ cutAnswers: 1, lostAnswers: 1 })
    expect(told.join('\n')).toMatch(/^7: the prompt has 1024 .* nothing is left of the answer/m)
  })

  test('many documents get a longer one, and its whole room', async () => {
    const content = withTexts('Who was it?', words(300), 200)
    expect(kindsOf((await validate(content)).report)).not.toHaveProperty('cut-answer')
    const { report } = await validate(content, { lengths: { maxLen: 1024, mistral: true } })
    expect(report.lengths).toMatchObject({ maxLen: 1024, lostAnswers: 24 })
  })

  test('another base model has a longer template', async () => {
    const content = withTexts(words(room - 3), 'one two')
    const { report } = await validate(content, { lengths: { maxLen: undefined, mistral: false } })
    expect(kindsOf(report)).toHaveProperty('no-answer-left')
  })

  test('is not looked at unless it is asked for', async () => {
    const content = withTexts(words(2000), 'one two')
    for (const options of [{ lengths: undefined }, { schemaOnly: true }] as Partial<ValidateOptions>[]) {
      const { report } = await validateContent(directory, content, {
        countTokens,
        lengths,
        ...options,
      } as never)
      expect(report.lengths).toBeNull()
    }
  })
})

test('stage 2 has 2,048', async () => {
  const row = (count: number) => {
    const [first, ...others] = soundRows(5, 1)
    return jsonl({ ...first!, question: words(count) }, ...others)
  }
  const room = 2048 - PROMPT - PLACES
  const name = 'instruction_data.jsonl'
  expect((await validate(row(room - 2), {}, name)).report.ok).toBe(true)
  expect(kindsOf((await validate(row(room - 1), {}, name)).report)).toMatchObject({ 'cut-answer': [1] })
  expect(kindsOf((await validate(row(room), {}, name)).report)).toMatchObject({ 'no-answer-left': [1] })
})

test('stage 1 learns all pairs of a document as one answer', async () => {
  const row = (pairs: number, size: number) => ({
    data_type: 'qa',
    question: Array.from({ length: pairs }, (_, i) => `Which ${i}?`),
    answers: Array.from({ length: pairs }, (_, i) => `${i} ${words(size)}`),
    docs: [words(20)],
  })
  const name = 'pretrain_data.jsonl'
  const short = await validate(jsonl(row(30, 20), row(1, 900)), {}, name)
  expect(short.report.findings.filter(({ level }) => level === 'error')).toEqual([])
  const { report } = await validate(jsonl(row(30, 20), row(100, 20), row(1, 3000)), {}, name)
  expect(kindsOf(report)).toMatchObject({ 'cut-answer': [2, 3] })
  expect(report.lengths).toMatchObject({ cutAnswers: 2, lostAnswers: 0 })
  const paraphrase = { data_type: 'paraphrase', question: [''], answers: [words(2100)], docs: [words(20)] }
  const long = await validate(jsonl(paraphrase), {}, 'pretrain_paraphrase_data.jsonl')
  expect(kindsOf(long.report)).toMatchObject({ 'cut-answer': [1] })
})

test('what is missing or of the wrong type is not counted', async () => {
  const [row, ...rows] = soundRows(6)
  const { answer: _, gold_answer: __, ...none } = row!
  const content = jsonl(none, { ...rows[0]!, question: 5 }, { ...rows[1]!, docs: 'x' }, ...rows.slice(2))
  const { report } = await validate(content)
  expect(kindsOf(report)).toMatchObject({ 'no-answer': [1], 'bad-question': [2], 'bad-docs': [3] })
  expect(report.lengths).toMatchObject({ cutAnswers: 0 })
})
