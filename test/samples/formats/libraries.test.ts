/**
 * The libraries that formats are for load what is written. They are in Python, so these tests need
 *   CLARA_PYTHON=/path/to/python npx vitest run test/samples/formats/libraries.test.ts
 * with pyarrow, datasets, sentence-transformers and accelerate, FlagEmbedding, beir: each is skipped
 * where its library is missing.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FORMATS } from '#clara/samples/formats/formats.js'
import { writeSamples } from '#clara/samples/write.js'
import { QUESTIONS, SCORERS } from '../../support/assembled.js'
import { stream } from '../../support/collect.js'

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const python = process.env.CLARA_PYTHON
const folder = mkdtempSync(join(tmpdir(), 'clara-formats-'))

type Loaded = Record<string, Record<string, unknown>>

function load<T = Loaded>(...args: string[]): T {
  const env = { ...process.env, HF_HUB_OFFLINE: '1', HF_HOME: join(folder, 'hub'), CUDA_VISIBLE_DEVICES: '' }
  const { status, stdout, stderr, error } = spawnSync(python!, [join(fixtures, 'formats/load.py'), ...args], {
    encoding: 'utf8',
    env,
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`load.py ${args.join(' ')}: ${error ?? stderr}`)
  return JSON.parse(stdout)
}

const there = python ? load<string[]>('--which') : []
const missing = (library: string) =>
  there.includes(library)
    ? ''
    : ` (skipped: ${python ? `CLARA_PYTHON has no ${library}` : 'CLARA_PYTHON is not set'})`
const withLibrary = (library: string, what: string, check: () => Promise<void> | void) =>
  test.skipIf(missing(library))(`${library} ${what}${missing(library)}`, check, 600_000)

const rowsOf = async (name: string) =>
  (await readFile(join(folder, `${name}.jsonl`), 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

beforeAll(async () => {
  const options = { topK: 4, seed: 42, ...SCORERS, formats: FORMATS, parquet: true }
  await writeSamples(folder, stream(QUESTIONS), options)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the library itself', () => {
  withLibrary('pyarrow', 'reads the same rows from Parquet', async () => {
    const read = load('pyarrow', folder)
    expect(Object.keys(read)).toHaveLength(8)
    for (const [name, { rows }] of Object.entries(read)) {
      expect(rows, name).toEqual(await rowsOf(name.replace('.parquet', '')))
    }
    expect(read['end_to_end_data.parquet']?.types).toEqual({
      question: 'string',
      docs: 'list<element: string>',
      gold_answer: 'string',
      answer: 'string',
      pos_index: 'list<element: int64>',
    })
    expect(read['flagembedding.parquet']?.types).toMatchObject({ pos_scores: 'list<element: double>' })
    expect(read['labeled-pair.parquet']?.types).toMatchObject({ label: 'int64' })
  })

  withLibrary('datasets', 'reads the same rows and types from JSONL and from Parquet', async () => {
    const read = load('datasets', folder)
    expect(Object.keys(read)).toHaveLength(8)
    for (const [name, { jsonl, parquet }] of Object.entries(read)) {
      expect(parquet, name).toEqual(jsonl)
      expect((jsonl as { rows: unknown }).rows, name).toEqual(await rowsOf(name))
    }
  })

  withLibrary('sentence-transformers', 'trains with each layout', () => {
    const trained = load('sentence-transformers', folder, join(fixtures, 'models/bert-mean'))
    const rows = (layout: string) =>
      ({ triplet: 10, 'n-tuple': 4, 'labeled-pair': 12, 'labeled-list': 3 })[layout]
    expect(Object.keys(trained)).toHaveLength(8)
    for (const [name, outcome] of Object.entries(trained)) {
      expect(outcome, name).toEqual({ rows: rows(name.split(' ')[0]!), finite: true })
    }
  })

  withLibrary('FlagEmbedding', 'draws its groups, with scores and without', async () => {
    const read = load('FlagEmbedding', folder)
    const rows = await rowsOf('flagembedding')
    type Item = [string, string[], number[] | null]
    const check = ([query, passages, scores]: Item) => {
      const { pos, neg, pos_scores, neg_scores } = rows.find((row) => row.query === query)
      expect(passages).toHaveLength(4)
      expect(pos).toContain(passages[0])
      for (const passage of passages.slice(1)) expect(neg).toContain(passage)
      const score = (text: string) => [...pos_scores, ...neg_scores][[...pos, ...neg].indexOf(text)]
      if (scores) expect(scores).toEqual(passages.map(score))
    }
    for (const scored of [false, true]) {
      const { items, batch } = read[scored ? 'scores' : 'plain'] as { items: Item[]; batch: unknown[] }
      expect(items.map(([query]) => query)).toEqual(rows.map(({ query }) => query))
      for (const item of items) {
        expect(item[2] === null).toBe(!scored)
        check(item)
      }
      expect(batch.slice(0, 2).map((list) => (list as string[]).length)).toEqual([3, 12])
      if (scored) expect(batch[2]).toHaveLength(12)
    }
  })

  withLibrary('beir', 'loads corpus, queries and grades', async () => {
    const { corpus, queries, qrels } = load('beir', folder)
    const passages = (await rowsOf('beir/corpus')).map(({ _id, title, text }) => [_id, { title, text }])
    expect(corpus).toEqual(Object.fromEntries(passages))
    expect(queries).toEqual(
      Object.fromEntries(QUESTIONS.map(({ question: { id, question } }) => [id, question])),
    )
    expect(Object.keys(qrels!)).toEqual(['one', 'several', 'given'])
    expect(qrels?.several).toEqual({ 'gold#1': 1, 'gold#2': 1, 'near#0': 0, 'top#0': 0 })
    expect(Object.keys(qrels?.given as object)).toContain('怪 "名#0')
    for (const grades of Object.values(qrels!)) {
      for (const id of Object.keys(grades as object)) expect(corpus).toHaveProperty([id])
    }
  })
})
