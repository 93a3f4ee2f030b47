import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeDirectory } from '#clara/files/staged-directory.js'
import type { MinedQuestion } from '#clara/negatives/mine.js'
import { assembleSample } from '#clara/samples/assemble.js'
import { FORMATS, type Format } from '#clara/samples/formats/formats.js'
import { ANY_OUTPUT, DATA_FILE, outputEntries, REPORT_FILE, writeSamples } from '#clara/samples/write.js'
import { handMade, NO_SCORERS, QUESTIONS, SCORERS, UNSCORED } from '../../support/assembled.js'
import { stream } from '../../support/collect.js'
import { useDirectory } from '../../support/directory.js'
import { withFault } from '../../support/disk-faults.js'
import { readParquet } from '../../support/parquet.js'

const directory = useDirectory()
const options = { topK: 4, seed: 42, ...SCORERS }

async function write(
  formats: readonly Format[],
  { parquet = false, questions = QUESTIONS, to = 'out', scorers = {} } = {},
) {
  const path = join(directory.path, to)
  await mkdir(path)
  const report = await writeSamples(path, stream(questions), { ...options, ...scorers, formats, parquet })
  const lines = async (name: string) => {
    const text = await readFile(join(path, name), 'utf8')
    expect(text).toMatch(/^$|\n$/)
    return text.split('\n').slice(0, -1)
  }
  const rows = async (name: string) => (await lines(name)).map((line) => JSON.parse(line))
  return { path, report, lines, rows }
}

async function contents(path: string): Promise<Record<string, string>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const pairs = files.sort().map(async (file) => [file.slice(path.length + 1), await readFile(file, 'hex')])
  return Object.fromEntries(await Promise.all(pairs))
}

describe('formats', () => {
  test('leave CLaRa’s own files as they are without any', async () => {
    const plain = await write([], { to: 'plain' })
    const all = await write(FORMATS, { parquet: true, to: 'all' })
    const [few, many] = [await contents(plain.path), await contents(all.path)]
    expect(Object.keys(few)).toEqual([DATA_FILE, 'end_to_end_data.provenance.jsonl', REPORT_FILE])
    expect(many).toMatchObject({ [DATA_FILE]: few[DATA_FILE] })
    const { formats, ...rest } = all.report
    expect(rest).toEqual(plain.report)
  })

  test('are counted in the report', async () => {
    const { report, path } = await write(FORMATS)
    expect(report.formats).toEqual({
      triplet: { rows: 3 + 2 * 2 + 3 },
      'n-tuple': { rows: 4, negatives: 2, left_out: 0 },
      'labeled-pair': { rows: 12 },
      'labeled-list': { rows: 3 },
      flagembedding: { rows: 3 },
      beir: { passages: 11, queries: 3 },
    })
    expect(JSON.parse(await readFile(join(path, REPORT_FILE), 'utf8'))).toEqual(report)
  })

  test('make the entries that are announced, and nothing else', async () => {
    for (const parquet of [false, true]) {
      const { path } = await write(FORMATS, { parquet, to: `out-${parquet}` })
      expect((await readdir(path)).sort()).toEqual(outputEntries({ formats: FORMATS, parquet }).sort())
    }
    expect(ANY_OUTPUT).toEqual(expect.arrayContaining(await readdir(join(directory.path, 'out-true'))))
    expect(ANY_OUTPUT.at(-1)).toBe(REPORT_FILE)
  })

  test('named twice are written once', async () => {
    const { rows } = await write(['labeled-list', 'triplet', 'labeled-list'])
    expect(await rows('labeled-list.jsonl')).toHaveLength(3)
  })

  test('are the same bytes again', async () => {
    const [one, two] = [
      await write(FORMATS, { parquet: true, to: 'one' }),
      await write(FORMATS.toReversed(), { parquet: true, to: 'two' }),
    ]
    const { [REPORT_FILE]: _, ...first } = await contents(one.path)
    expect(await contents(two.path)).toMatchObject(first)
    expect(Object.keys(first)).toHaveLength(18)
  })

  test('hold any text as it is, one row a line', async () => {
    const { rows, lines } = await write(FORMATS)
    const [, , given] = QUESTIONS as [MinedQuestion, MinedQuestion, MinedQuestion]
    const [question, positive] = [given.question.question, given.positives[0]!.text]
    const negative = given.negatives[0]!.chunk.text
    expect((await rows('triplet.jsonl')).at(-3)).toEqual({ anchor: question, positive, negative })
    expect((await rows('n-tuple.jsonl')).at(-1)).toMatchObject({ positive, negative_1: negative })
    expect((await rows('labeled-pair.jsonl')).at(-3)).toMatchObject({ passage: negative, label: 0 })
    expect((await rows('labeled-list.jsonl')).at(-1).passages.slice(0, 2)).toEqual([positive, negative])
    expect((await rows('flagembedding.jsonl')).at(-1)).toMatchObject({ query: question, pos: [positive] })
    expect((await lines('labeled-list.jsonl')).length).toBe(3)
  })
})

describe('n-tuple.jsonl', () => {
  const columns = (rows: object[]) => new Set(rows.map((row) => Object.keys(row).join()))

  test('has the same columns in every row, and cuts the last negatives', async () => {
    const { rows } = await write(['n-tuple'])
    const all = await rows('n-tuple.jsonl')
    expect(columns(all)).toEqual(new Set(['anchor,positive,negative_1,negative_2']))
    expect(all[0]).toEqual({
      anchor: 'Question one?',
      positive: 'Text of gold#0.',
      negative_1: 'Text of near#0.',
      negative_2: 'Text of far#1.',
    })
    expect(all.map(({ positive }) => positive).slice(1, 3)).toEqual(['Text of gold#1.', 'Text of gold#2.'])
  })

  test('leaves a rare sample with fewer negatives out, and says so', async () => {
    const [one, several] = QUESTIONS as [MinedQuestion, MinedQuestion]
    const { rows, report } = await write(['n-tuple'], { questions: [one, several, one, one, one] })
    expect(columns(await rows('n-tuple.jsonl'))).toEqual(
      new Set(['anchor,positive,negative_1,negative_2,negative_3']),
    )
    expect(report.formats?.['n-tuple']).toEqual({ rows: 4, negatives: 3, left_out: 2 })
  })

  test('is empty where there is no sample', async () => {
    const { rows, report } = await write(['n-tuple'], { questions: [], parquet: true })
    expect(await rows('n-tuple.jsonl')).toEqual([])
    expect(report.formats?.['n-tuple']).toEqual({ rows: 0, negatives: 1, left_out: 0 })
  })
})

describe('flagembedding.jsonl', () => {
  test('has scores in every row of a run with a model', async () => {
    const { rows } = await write(['flagembedding'])
    for (const row of await rows('flagembedding.jsonl')) {
      expect(Object.keys(row)).toEqual(['query', 'pos', 'neg', 'pos_scores', 'neg_scores'])
      expect(row.pos_scores).toHaveLength(row.pos.length)
      expect(row.neg_scores).toHaveLength(row.neg.length)
    }
  })

  test('has no scores in a run without', async () => {
    const without = { questions: UNSCORED, scorers: NO_SCORERS, parquet: true }
    const { path } = await write(['flagembedding'], without)
    const { rows } = await readParquet(join(path, 'flagembedding.parquet'))
    expect(rows).toEqual([
      { query: 'Question plain?', pos: ['Text of gold#0.'], neg: [expect.any(String), expect.any(String)] },
    ])
  })
})

describe('beir/', () => {
  const GIVEN = /^sha256-[0-9a-f]{32}$/

  test('holds each passage once, each query, and a grade for each document', async () => {
    const { rows, lines } = await write(['beir'])
    const corpus = await rows('beir/corpus.jsonl')
    expect(corpus.map(({ _id }) => _id)).toEqual([
      'gold#0',
      'near#0',
      'far#1',
      'any#0',
      'gold#1',
      'gold#2',
      'top#0',
      expect.stringMatching(GIVEN),
      '怪 "名#0',
      'easy#0',
      'suspect#0',
    ])
    expect(corpus[1]).toEqual({ _id: 'near#0', title: '', text: 'Text of near#0.' })
    expect(corpus.find(({ _id }) => GIVEN.test(_id)).text).toBe('答案在这里。\n"第二行"\t尾')
    expect(await rows('beir/queries.jsonl')).toEqual(
      QUESTIONS.map(({ question }) => ({ _id: question.id, text: question.question })),
    )
    const qrels = await lines('beir/qrels/train.tsv')
    expect(qrels.slice(0, 9)).toEqual([
      'query-id\tcorpus-id\tscore',
      'one\tgold#0\t1',
      'one\tnear#0\t0',
      'one\tfar#1\t0',
      'one\tany#0\t0',
      'several\tgold#1\t1',
      'several\tgold#2\t1',
      'several\tnear#0\t0',
      'several\ttop#0\t0',
    ])
    expect(qrels[10]).toBe('given\t怪 "名#0\t0')
  })

  test('holds a passage given as text once, whoever names it', async () => {
    const named = (id: string) =>
      handMade({ id, positives: ['|The same text.'], negatives: [[`of-${id}`, 'hard']] })
    const { rows, lines } = await write(['beir'], { questions: [named('a'), named('b')] })
    expect(await rows('beir/corpus.jsonl')).toHaveLength(3)
    const [, a, , b] = await lines('beir/qrels/train.tsv')
    expect(a!.split('\t')[1]).toBe(b!.split('\t')[1])
  })

  test('tells two questions of one id apart', async () => {
    const named = (line: number) =>
      handMade({ id: 'same', line, positives: ['gold'], negatives: [['near', 'hard']] })
    const { rows, lines } = await write(['beir'], { questions: [named(3), named(8)] })
    expect((await rows('beir/queries.jsonl')).map(({ _id }) => _id)).toEqual(['same', 'same@qa.jsonl:8'])
    expect((await lines('beir/qrels/train.tsv'))[3]).toBe('same@qa.jsonl:8\tgold\t1')
  })

  test('quotes an id that would break a line of TSV', async () => {
    const odd = handMade({
      positives: ['a\tb'],
      negatives: [
        ['"c', 'hard'],
        ['d"e', 'hard'],
      ],
    }) // prettier-ignore
    const { lines } = await write(['beir'], { questions: [odd] })
    expect((await lines('beir/qrels/train.tsv')).slice(1)).toEqual([
      'q1\t"a\tb"\t1',
      'q1\t"""c"\t0',
      'q1\td"e\t0',
    ])
  })
})

describe('Parquet', () => {
  test('holds the rows of each JSONL, in their order', async () => {
    const { path, rows } = await write(FORMATS, { parquet: true })
    const names = (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.parquet'))
    expect(names.sort()).toEqual(
      [
        'beir/corpus',
        'beir/queries',
        'end_to_end_data',
        'flagembedding',
        'labeled-list',
        'labeled-pair',
        'n-tuple',
        'triplet',
      ].map((name) => `${name}.parquet`),
    )
    for (const name of names) {
      const expected = await rows(name.replace('.parquet', '.jsonl'))
      const { rows: read } = await readParquet(join(path, name))
      expect(read, name).toEqual(expected)
      expect(Object.keys(read[0]!), name).toEqual(Object.keys(expected[0]))
    }
  })

  test('has null for a score that is missing', async () => {
    const half = handMade({ positives: ['|given'], negatives: [['a', 'hard']], scores: { a: 0.5 } })
    const { path, rows } = await write(['flagembedding'], { questions: [half], parquet: true })
    const { rows: read } = await readParquet(join(path, 'flagembedding.parquet'))
    expect(read).toEqual([expect.objectContaining({ pos_scores: [null], neg_scores: [0.5] })])
    expect(await rows('flagembedding.jsonl')).toEqual(read)
  })

  test('of CLaRa’s data holds the samples', async () => {
    const { path } = await write([], { parquet: true })
    const { rows } = await readParquet(join(path, 'end_to_end_data.parquet'))
    expect(rows).toEqual(QUESTIONS.map((question) => assembleSample(question, 42, SCORERS).sample))
  })
})

describe('a disk that fails', () => {
  const out = () => join(directory.path, 'result')
  const run = () =>
    writeDirectory(out(), {}, (path) =>
      writeSamples(path, stream(QUESTIONS), { ...options, formats: FORMATS, parquet: true }),
    )

  test('at any of its calls leaves no result, but for what comes after its rename', async () => {
    await run()
    const whole = await contents(out())
    let [calls, afterwards] = [0, 0]
    for (let failed: string | undefined = ''; failed !== undefined; calls++) {
      await rm(out(), { recursive: true, force: true })
      let error: unknown
      const code = calls % 2 ? 'EIO' : 'ENOSPC'
      failed = await withFault(calls, code, () => run().catch((e) => (error = e)))
      if (error) expect(String(error)).toContain(code)
      const left = await readdir(directory.path)
      if (left.length > 0) expect(await contents(out()), failed).toEqual(whole)
      if (failed) expect(error, failed).toBeDefined()
      if (error && left.length > 0) afterwards++
    }
    expect(calls).toBeGreaterThan(60)
    expect(afterwards).toBe(3) // open, sync and close of the folder around it
  })

  test('and questions that end in an error leave no report and no hidden file', async () => {
    async function* failing() {
      yield QUESTIONS[0]!
      throw new Error('the model is gone')
    }
    const writing = writeSamples(directory.path, failing(), { ...options, formats: FORMATS, parquet: true })
    await expect(writing).rejects.toThrow('the model is gone')
    const left = await readdir(directory.path)
    expect(left).not.toContain(REPORT_FILE)
    expect(left.filter((name) => name.startsWith('.'))).toEqual([])
  })
})
