import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LlmServer, startLlmServer } from '../llm-server.js'
import { clara, example, readRows, workFolder } from './clara.js'

const work = workFolder()
const index = join(work, 'index')
const corpus = join(work, 'corpus.jsonl')
const qa = join(work, 'qa.jsonl')
let server: LlmServer

const write = (path: string, rows: object[]) =>
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'))
const OWN = ['end_to_end_data.jsonl', 'end_to_end_data.provenance.jsonl', 'report.json']

beforeAll(async () => {
  const records = readRows(example('raw_knowledge.jsonl')).slice(0, 20)
  const names = new Set(records.map(({ filename }) => filename))
  write(corpus, records)
  const questions = readRows(example('qa.jsonl')).filter(({ doc_id }) => names.has(doc_id))
  const [first, second] = questions as [Record<string, unknown>, Record<string, unknown>]
  write(qa, [...questions, { ...first, doc_id: [first.doc_id, second.doc_id] }])
  await clara(['index', 'build', '--input-file', corpus, '--output-dir', index, '--force', '--quiet'])
  server = await startLlmServer()
})
afterAll(() => server.close())

const mine = (out: string, ...flags: string[]) =>
  clara(['mine', '--index', index, '--qa-file', qa, '--output-dir', join(work, out), '--force', ...flags])

describe('clara mine --format', () => {
  it('writes each format that is named beside CLaRa’s own', async () => {
    const { code, stdout, stderr } = await mine(
      'some',
      '--format',
      'triplet',
      'n-tuple',
      '--format',
      'beir',
      '--json',
    )
    expect(code).toBe(0)
    expect(readdirSync(join(work, 'some')).sort()).toEqual(
      [...OWN, 'beir', 'n-tuple.jsonl', 'triplet.jsonl'].sort(),
    )
    const samples = readRows<{ pos_index: number[] }>(join(work, 'some', OWN[0]!))
    const several = samples.at(-1)!.pos_index.length
    expect(several).toBe(2)
    expect(readRows(join(work, 'some', 'triplet.jsonl'))).toHaveLength((samples.length - 1) * 4 + 2 * 3)
    const { formats } = JSON.parse(stdout)
    expect(formats['n-tuple']).toEqual({ rows: samples.length - 1, negatives: 4, left_out: 2 })
    expect(stderr).toContain('n-tuple: 4 negatives a row; 2 rows with fewer are left out')
  })

  it('writes Parquet beside each JSONL', async () => {
    expect((await mine('parquet', '--parquet', '--format', 'flagembedding', '--quiet')).code).toBe(0)
    expect(readdirSync(join(work, 'parquet')).sort()).toEqual(
      [...OWN, 'end_to_end_data.parquet', 'flagembedding.jsonl', 'flagembedding.parquet'].sort(),
    )
  })

  it('gives every passage a score for FlagEmbedding, those given as text and drawn at random too', async () => {
    const given = join(work, 'given.jsonl')
    write(given, [{ question: 'What is attention?', answer: 'A', positive: 'Attention is a weighted mean.' }])
    const out = join(work, 'given')
    const flags = ['--random-share', '0.5', '--format', 'flagembedding', '--quiet']
    await clara(['mine', '--index', index, '--qa-file', given, '--output-dir', out, ...flags])
    const [row] = readRows<{ pos_scores: number[]; neg_scores: number[] }>(join(out, 'flagembedding.jsonl'))
    const scores = [...row!.pos_scores, ...row!.neg_scores]
    expect(scores).toHaveLength(5)
    for (const score of scores) expect(score).toEqual(expect.any(Number))
  })

  it('mines again from the BEIR folder that it wrote', async () => {
    await mine('source', '--format', 'beir', '--quiet')
    const beir = join(work, 'source', 'beir')
    const flags = [
      '--index',
      index,
      '--qa-file',
      beir,
      '--output-dir',
      join(work, 'again'),
      '--force',
      '--quiet',
    ]
    expect((await clara(['mine', ...flags])).code).toBe(0)
    const questions = (out: string) => readRows(join(work, out, OWN[0]!)).map(({ question }) => question)
    expect(questions('again')).toEqual(questions('source'))
  })

  it('names the formats there are where one is not known', async () => {
    const { code, stderr } = await mine('unknown', '--format', 'tripel')
    expect(code).toBe(2)
    expect(stderr).toContain('Allowed choices are triplet, n-tuple, labeled-pair, labeled-list')
    expect(existsSync(join(work, 'unknown'))).toBe(false)
  })
})

describe('clara synth --format', () => {
  const synth = (...flags: string[]) =>
    clara(
      ['synth', '--input-file', corpus, '--output-dir', join(work, 'synth'), '--base-url', server.url].concat(
        flags,
      ),
    )
  const samples = () =>
    readdirSync(join(work, 'synth')).filter((name) =>
      /sample|data|report|parquet|beir|triplet|flag/.test(name),
    )

  it('writes them, and leaves none of a run before it', async () => {
    const stages = ['pretrain_data', 'pretrain_paraphrase_data', 'instruction_data']
    const jsonl = stages.map((name) => `${name}.jsonl`)
    const parquet = stages.map((name) => `${name}.parquet`)
    expect((await synth('--format', 'beir', 'triplet', '--parquet')).code).toBe(0)
    const tables = ['end_to_end_data.parquet', 'triplet.jsonl', 'triplet.parquet']
    expect(samples().sort()).toEqual([...OWN, 'beir', ...tables, ...jsonl, ...parquet].sort())
    expect((await synth('--overwrite', '--format', 'beir', 'flagembedding')).code).toBe(0)
    expect(samples().sort()).toEqual([...OWN, 'beir', 'flagembedding.jsonl', ...jsonl].sort())
    const [row] = readRows(join(work, 'synth', 'flagembedding.jsonl'))
    expect(Object.keys(row!)).toEqual(['query', 'pos', 'neg']) // drawn at random: nothing scored
  })
})
