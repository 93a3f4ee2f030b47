import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LlmServer, passageIn, startLlmServer, writePairs } from '../llm-server.js'
import { clara, example, readRows, workFolder } from './clara.js'

interface StageRow {
  data_type?: string
  question: string | string[]
  answers?: string[]
  answer?: string
  gold_answer?: string
  docs: string[]
}

const work = workFolder()
const corpus = join(work, 'raw_knowledge.jsonl')
let server: LlmServer

beforeAll(async () => {
  const lines = readFileSync(example('raw_knowledge.jsonl'), 'utf8').trimEnd().split('\n').slice(0, 30)
  writeFileSync(corpus, lines.join('\n'))
  // One summary of three is not believed, and one pair of each reply has no support.
  server = await startLlmServer({
    behave: (body) => {
      const reply = JSON.parse(writePairs(body))
      const lies = passageIn(body).length % 3 === 0
      return {
        content: JSON.stringify({
          summary: lies ? 'Buy cheap watches from us today.' : reply.summary,
          pairs: reply.pairs.map((pair: object, i: number) =>
            i === 2 ? { ...pair, answer: 'wealthy nobles' } : pair,
          ),
        }),
      }
    },
  })
})

afterAll(() => server.close())

const synth = (out: string, ...flags: string[]) =>
  clara(
    [
      '--input-file',
      corpus,
      '--output-dir',
      join(work, out),
      '--base-url',
      server.url,
      '--pairs-per-chunk',
      '3',
      ...flags,
    ],
    { bin: 'clara-synth', env: { OPENAI_API_KEY: 'sk-of-this-test' } },
  )
const rows = <T = StageRow>(out: string, file: string) => readRows<T>(join(work, out, file))
const names = (out: string) => readdirSync(join(work, out)).sort()
const passages = () => readRows(corpus).map(({ content }) => content)

it('a passage that two documents have is rewritten once, and what comes of it is valid', async () => {
  const twice = join(work, 'twice.jsonl')
  const lines = readFileSync(corpus, 'utf8').split('\n').slice(0, 12)
  const copies = lines
    .slice(0, 6)
    .map((line, i) => JSON.stringify({ ...JSON.parse(line), filename: `copy-${i}.md` }))
  writeFileSync(twice, [...lines, ...copies].join('\n'))
  const out = join(work, 'twice')
  const flags = ['--input-file', twice, '--output-dir', out, '--base-url', server.url, '--target-top-k', '3']
  expect((await clara([...flags, '--quiet'], { bin: 'clara-synth' })).code).toBe(0)
  const docs = rows('twice', 'pretrain_paraphrase_data.jsonl').map((row) => row.docs[0])
  expect(new Set(docs).size).toBe(docs.length)
  const again = rows<{ reasons: string[] }>('twice', 'rejected.jsonl').filter(({ reasons }) =>
    reasons.includes('a passage that had a summary before'),
  )
  expect(docs.length + again.length).toBeGreaterThan(8)
  expect(again.length).toBeGreaterThan(2)
  const { code, stdout } = await clara(['--input-file', out, '--json'], { bin: 'clara-validate' })
  expect({ code, stdout }).toMatchObject({ code: 0 })
})

describe('files of all stages', () => {
  it('have one document a row, and nothing that was rejected', async () => {
    const { code, stdout } = await synth('all', '--json')
    expect(code).toBe(0)
    const report = JSON.parse(stdout)
    const kept = rows<{ question: string; answer: string; doc_id: string; type: string; quotes: string[] }>(
      'all',
      'qa.jsonl',
    )
    const rejected = rows<{ reasons: string[]; chunk_id: string; pair?: object; summary?: string }>(
      'all',
      'rejected.jsonl',
    )
    expect(report.questions).toMatchObject({
      written: 90,
      kept: kept.length,
      summaries_kept: 30 - report.questions.summaries_rejected,
    })
    expect(rejected.filter(({ pair }) => pair)).toHaveLength(90 - kept.length)
    expect(report.questions.rejected['an answer that the passage does not support']).toBeGreaterThanOrEqual(
      25,
    )
    expect(readFileSync(join(work, 'all', 'report.json'), 'utf8')).toContain('"kept_by_type"')

    const pretrain = rows('all', 'pretrain_data.jsonl')
    const paraphrases = rows('all', 'pretrain_paraphrase_data.jsonl')
    const instruction = rows('all', 'instruction_data.jsonl')
    for (const row of [...pretrain, ...paraphrases, ...instruction]) {
      expect(row.docs).toHaveLength(1)
      expect(passages()).toContain(row.docs[0])
    }
    for (const { question, answers, data_type } of pretrain) {
      expect(data_type).toBe('qa')
      expect(question).toHaveLength(answers!.length)
    }
    expect(pretrain.flatMap(({ question }) => question)).toEqual(kept.map(({ question }) => question))
    expect(paraphrases.length).toBe(report.questions.summaries_kept)
    for (const { question, answers, data_type } of paraphrases) {
      expect([data_type, question, answers?.length]).toEqual(['paraphrase', [''], 1])
      expect(answers![0]).not.toContain('watches')
    }
    expect(instruction.map(({ question }) => question)).toEqual(kept.map(({ question }) => question))
    for (const { answer, gold_answer } of instruction) expect(gold_answer).toBe(answer)
    expect(rows('all', 'end_to_end_data.jsonl').map(({ question }) => question)).toEqual(
      kept.map(({ question }) => question),
    )
  })

  it('are those that are asked for, and others go when they are asked for no more', async () => {
    expect((await synth('some', '--stages', 'pretrain', '--parquet', '--quiet')).code).toBe(0)
    const always = ['chunks', 'llm_journal.jsonl', 'qa.jsonl', 'rejected.jsonl', 'report.json', 'run.json']
    const pretrain = ['pretrain_data', 'pretrain_paraphrase_data']
    expect(names('some')).toEqual(
      [...always, ...pretrain.flatMap((n) => [`${n}.jsonl`, `${n}.parquet`])].sort(),
    )
    const before = server.requests.length
    expect((await synth('some', '--stages', 'instruction,end-to-end', '--quiet')).code).toBe(0)
    expect(server.requests.length).toBe(before)
    const others = ['instruction_data.jsonl', 'end_to_end_data.jsonl', 'end_to_end_data.provenance.jsonl']
    expect(names('some')).toEqual([...always, ...others].sort())
    expect((await synth('none', '--stages', 'training')).code).toBe(2)
  })

  it('are the same bytes for the same replies, at any concurrency', async () => {
    for (const [out, concurrency] of [
      ['one', '1'],
      ['many', '16'],
    ] as const) {
      await synth(out, '--split', '0.7/0.3', '--format', 'triplet', '--concurrency', concurrency, '--quiet')
    }
    for (const name of names('one').filter((file) => /json/.test(file) && !/^llm/.test(file))) {
      expect(readFileSync(join(work, 'one', name)).equals(readFileSync(join(work, 'many', name))), name).toBe(
        true,
      )
    }
  })
})

describe('a prompt of one’s own', () => {
  it('is sent, and another one is another run', async () => {
    const path = join(work, 'prompt.txt')
    writeFileSync(
      path,
      'Between <passage-{token}> marks. Write {count}:\n{pairs}\nReply with JSON {"pairs": []}.',
    )
    const before = server.requests.length
    expect((await synth('prompt', '--prompt', path, '--types', 'reasoning', '--quiet')).code).toBe(0)
    expect(server.requests.length - before).toBe(30)
    expect(server.requests.at(-1)!.messages[0]!.content).toMatch(
      /^Between <passage-\w{24}> marks\. Write 3:\n- 3 × reasoning[:：].*\nReply with JSON \{"pairs": \[\]\}\.$/,
    )
    const { code, stderr } = await synth('prompt', '--prompt-language', 'zh')
    expect([code, stderr]).toEqual([2, expect.stringContaining('holds a finished run')])
  })

  it.each([
    [['--prompt', 'no-such-file'], 'no such file'],
    [['--types', 'facts'], 'is no type'],
    [['--prompt-language', 'fr'], 'Allowed choices are auto, en, zh'],
    [['--round-trip', '-1'], 'whole number'],
  ])('and other settings are looked at before anything is asked or written: %j', async (flags, message) => {
    const before = server.requests.length
    const { code, stderr } = await synth('unwritten', ...flags)
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
    expect(server.requests.length).toBe(before)
    expect(names('.')).not.toContain('unwritten')
  })
})

it('clara-validate finds nothing in them, strictly', async () => {
  const { stdout, stderr, code } = await clara([
    'validate',
    '--input-file',
    join(work, 'all'),
    '--strict',
    '--json',
  ])
  expect(stderr).toBe('')
  expect(JSON.parse(stdout).files).toHaveLength(4)
  expect(code).toBe(0)
})

describe('a split', () => {
  it('shares no document and no passage that answers', async () => {
    const { stdout } = await synth('split', '--split', '0.7/0.3', '--format', 'triplet', '--json')
    const report = JSON.parse(stdout)
    const questions = rows<{ question: string; doc_id: string }>('split', 'qa.jsonl')
    const documentOf = new Map(questions.map(({ question, doc_id }) => [question, doc_id.split('#')[0]]))
    for (const base of ['pretrain_data', 'instruction_data', 'end_to_end_data']) {
      const [train, validation] = ['train', 'validation'].map(
        (side) =>
          new Set(
            rows('split', `${base}.${side}.jsonl`)
              .flatMap(({ question }) => question)
              .map((q) => documentOf.get(q)),
          ),
      )
      expect(validation!.size).toBeGreaterThan(0)
      expect(train!.size).toBeGreaterThan(0)
      expect([...validation!].filter((id) => train!.has(id))).toEqual([])
      expect(train!.size + validation!.size).toBe(new Set(documentOf.values()).size)
    }
    for (const side of ['train', 'validation'] as const) {
      expect(rows('split', `end_to_end_data.${side}.jsonl`)).toHaveLength(report.split[side])
      expect(rows('split', `end_to_end_data.${side}.provenance.jsonl`)).toHaveLength(report.split[side])
      expect(rows('split', `triplet.${side}.jsonl`)).toHaveLength(report.formats[`triplet.${side}`].rows)
    }
    expect(names('split')).not.toContain('end_to_end_data.jsonl')
    const valid = await clara([
      'validate',
      '--input-file',
      join(work, 'split'),
      '--expected-top-k',
      '5',
      '--json',
    ])
    expect(valid.stderr).toBe('')
    expect(JSON.parse(valid.stdout).files).toHaveLength(8)
    expect(valid.code).toBe(0)
  })

  it.each(['0.9', '0.9/0.2', '1/0', 'a/b', '0.5/0.3/0.2'])('%s is none', async (split) => {
    const { code, stderr } = await synth('bad-split', '--split', split)
    expect(code).toBe(2)
    expect(stderr).toContain('0.9/0.1')
  })
})
