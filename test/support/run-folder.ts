/** Run directories made by hand, as clara-synth would leave them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const K = 3

export interface HandMadeRun {
  rows?: number
  k?: number
  /** Data files' endings. */
  sides?: ('' | '.train' | '.validation')[]
  /** Further files by name, or others' contents. */
  files?: Record<string, string>
}

export function lines(rows: object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

const answerOf = (row: number) => `the treasure ${row}`

/** @param id of each document. */
export function provenance(
  rows: number,
  k = K,
  id = (row: number, doc: number) => `a.md#${row * k + doc}`,
): object[] {
  return Array.from({ length: rows }, (_, i) => ({
    question_id: `q${i}`,
    source: `qa.jsonl:${i + 1}`,
    docs: Array.from({ length: k }, (_, j) => ({
      role: j === i % k ? 'positive' : 'hard negative',
      chunk_id: id(i, j),
    })),
    excluded: [],
  }))
}

export function samples(rows: number, k = K, tag = ''): Record<string, unknown>[] {
  return Array.from({ length: rows }, (_, i) => ({
    question: `What does row ${i}${tag} hold?`,
    docs: Array.from({ length: k }, (_, j) =>
      j === i % k ? `Row ${i}${tag} holds ${answerOf(i)}.` : `Text ${j} for ${i}${tag} is about 别的${i}.`,
    ),
    gold_answer: answerOf(i),
    answer: answerOf(i),
    pos_index: [i % k],
  }))
}

function filesOf(rows: number, k: number, side: string): Record<string, string> {
  const all = samples(rows, k, side) as {
    question: string
    docs: string[]
    answer: string
    [key: string]: unknown
  }[]
  return {
    [`end_to_end_data${side}.jsonl`]: lines(all),
    [`end_to_end_data${side}.provenance.jsonl`]: lines(
      provenance(rows, k, (i, j) => `a${side}.md#${i * k + j}`),
    ),
    [`instruction_data${side}.jsonl`]: lines(
      all.map(({ docs, ...row }, i) => ({ ...row, docs: [docs[i % k]], pos_index: [0] })),
    ),
    [`pretrain_data${side}.jsonl`]: lines(
      all.map(({ question, docs, answer }, i) => ({
        data_type: 'qa',
        question: [question],
        answers: [answer],
        docs: [docs[i % k]],
      })),
    ),
    [`pretrain_paraphrase_data${side}.jsonl`]: lines(
      all.map(({ docs }, i) => ({
        data_type: 'paraphrase',
        question: [''],
        answers: [`The treasure that row ${i}${side} holds.`],
        docs: [docs[i % k]],
      })),
    ),
  }
}

const HASH = 'ab'.repeat(32)

/** @returns the folder. */
export function makeRun(
  folder: string,
  { rows = 7, k = K, sides = [''], files = {} }: HandMadeRun = {},
): string {
  mkdirSync(folder, { recursive: true })
  const report = { top_k: k, seed: 42, embedder: 'tiny', reranker: null, samples: rows }
  const run = { corpus: [{ sha256: HASH }], embedder: HASH, llm: 'gpt-4o-mini', changeable: { seed: 42 } }
  const all: Record<string, string> = {
    'report.json': `${JSON.stringify(report)}\n`,
    'run.json': `${JSON.stringify(run)}\n`,
    'llm_journal.jsonl': '{"key":"sk-secret-of-the-journal"}\n',
    'qa.jsonl': '{"question":"?"}\n',
    'rejected.jsonl': '{"chunk_id":"a.md#1","reasons":["x"]}\n',
    ...Object.assign({}, ...sides.map((side) => filesOf(rows, k, side))),
    ...files,
  }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text)
  return folder
}
