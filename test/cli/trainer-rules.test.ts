/**
 * Whether what we write is what the loaders of apple/ml-clara and xucheng/ml-clara-rag take, by the rules that their
 * `sft_dataset.py` has for the fields of a row and the rows of a batch. docs/training.md says how to ask the real ones.
 */
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, example, readRows, workFolder } from './clara.js'
import { serve } from './synth-run.js'

type Row = Record<string, unknown>

const isText = (value: unknown) => typeof value === 'string'
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText)

/** apple's loader knows no `gold_answer`; the fork takes it where there is no `answer`. */
function loaded(row: Row, goldAnswerCounts: boolean) {
  const docs = [row.docs, row.context, row.content].find(Array.isArray)
  const texts = goldAnswerCounts ? [row.answer, row.gold_answer] : [row.answer]
  const golden = Array.isArray(row.golden_answers) ? row.golden_answers[0] : undefined
  const answer = texts.find(isText) ?? (Array.isArray(row.answers) ? row.answers : golden)
  const type = row.data_type ?? 'qa'
  return { docs, answer, question: type === 'paraphrase' ? '' : row.question, positions: row.pos_index ?? [] }
}

/** What `datasets` makes one column of: a list and a text cannot share one. */
const kindOf = (value: unknown) =>
  Array.isArray(value) ? `list of ${value.length === 0 ? 'nothing' : typeof value[0]}` : typeof value

/** @param k `--generation_top_k`. @returns what the loaders would stop at. */
function faults(rows: Row[], k: number, ranks: boolean): string[] {
  const columns = new Map(Object.entries(rows[0] ?? {}).map(([key, value]) => [key, kindOf(value)]))
  return rows.flatMap((row, i) => {
    const found: string[] = []
    for (const goldAnswerCounts of [false, true]) {
      const { docs, answer, question, positions } = loaded(row, goldAnswerCounts)
      if (!isTexts(docs) || (docs as string[]).length !== k) found.push(`row ${i}: docs`)
      if (!(isText(answer) || isTexts(answer))) found.push(`row ${i}: answer`)
      if (!(isText(question) || isTexts(question))) found.push(`row ${i}: question`)
      const inRange = (each: unknown) => Number.isInteger(each) && Number(each) >= 0 && Number(each) < k
      if (!Array.isArray(positions) || !positions.every(inRange)) found.push(`row ${i}: pos_index`)
      // no rule of theirs: recall cannot be measured without
      if (ranks && (positions as unknown[]).length === 0) found.push(`row ${i}: nothing to rank`)
      const texts = [docs, answer, question].flat()
      if (texts.some((text) => /<MEM[0-9]*>/.test(String(text)))) found.push(`row ${i}: a memory token`)
    }
    if (Object.keys(row).length !== columns.size) found.push(`row ${i}: other columns`)
    for (const [key, value] of Object.entries(row)) {
      if (columns.get(key) !== kindOf(value)) found.push(`row ${i}: ${key} is of another kind`)
    }
    return found
  })
}

const work = workFolder()
const index = join(work, 'index')

beforeAll(async () => {
  const flags = ['--input-file', example('raw_knowledge.jsonl'), '--output-dir', index, '--force', '--quiet']
  expect((await clara(['index', 'build', ...flags])).code).toBe(0)
})

describe.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('k = %i', (k) => {
  it('is taken by the loaders, and by clara-validate', async () => {
    const out = join(work, `k${k}`)
    const flags = ['--qa-file', example('qa.jsonl'), '--output-dir', out, '--target-top-k', String(k)]
    const mined = await clara(['mine', '--index', index, ...flags, '--force', '--quiet'])
    expect(mined).toMatchObject({ code: 0, stderr: '' })
    const path = join(out, 'end_to_end_data.jsonl')
    const rows = readRows<Row>(path)
    expect(rows).toHaveLength(80)
    expect(faults(rows, k, true)).toEqual([])
    const checked = await clara(['validate', '--input-file', path, '--expected-top-k', String(k), '--strict'])
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    const archive = join(work, `k${k}.tar.gz`)
    expect((await clara(['pack', '--input-dir', out, '--output-file', archive, '--quiet'])).code).toBe(0)
  })
})

it('the first two stages, and every file of a split, are taken by the loaders', async () => {
  const { url } = await serve()
  const out = join(work, 'stages')
  const flags = ['--index', index, '--output-dir', out, '--base-url', url, '--split', '0.8/0.2', '--quiet']
  expect((await clara(['synth', ...flags, '--target-top-k', '4'])).code).toBe(0)
  for (const side of ['train', 'validation']) {
    for (const [name, k] of [
      ['pretrain_data', 1],
      ['pretrain_paraphrase_data', 1],
      ['instruction_data', 1],
      ['end_to_end_data', 4],
    ] as const) {
      const rows = readRows<Row>(join(out, `${name}.${side}.jsonl`))
      expect(rows.length, `${name} ${side}`).toBeGreaterThan(0)
      expect(faults(rows, k, name === 'end_to_end_data'), `${name} ${side}`).toEqual([])
    }
  }
})

it('the rules themselves tell what is wrong', () => {
  const row = { question: 'Q', docs: ['a', 'b'], gold_answer: 'A', answer: 'A', pos_index: [1] }
  expect(faults([row], 2, true)).toEqual([])
  const { answer: _, ...gold } = row
  expect(faults([gold], 2, true)).toEqual(['row 0: answer'])
  expect(faults([row], 3, true)).toEqual(['row 0: docs', 'row 0: docs'])
  expect(faults([row, { ...row, question: ['Q'] }], 2, true)).toEqual(['row 1: question is of another kind'])
  expect(faults([{ ...row, pos_index: [2] }], 2, true)).toHaveLength(2)
  expect(faults([{ ...row, docs: ['a', 'b <MEM3>'] }], 2, true)).toHaveLength(2)
})
