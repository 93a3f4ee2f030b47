import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { TINY } from '../support/tiny-model.js'
import { clara, example, readRows, workFolder } from './clara.js'

interface Row {
  question: string
  docs: string[]
  gold_answer: string
  answer?: string
  pos_index: number[]
}

interface Scores {
  line: number
  error?: string
  question_id: string | null
  docs: {
    role: string
    embedder_score: number
    embedder_rank: number
    reranker_score: number | null
    findings: { kind: string; reason: string }[]
    replaced_by?: { chunk_id: string }
  }[]
  positive_rank: number
  thresholds: { positive: number; most: number; least: number | null }
}

const work = workFolder()
const index = join(work, 'index')
const at = (name: string) => join(work, name)
const samples = at('out/end_to_end_data.jsonl')
const lines = (path: string) => readFileSync(path, 'utf8').split('\n')
let rows: Row[]

const score = (input: string, ...flags: string[]) =>
  clara(['score', '--input-file', input, '--json', ...flags])
const fix = (input: string, output: string, ...flags: string[]) =>
  score(input, '--fix', '--index', index, '--output-file', output, ...flags)

beforeAll(async () => {
  const documents = ['--input-file', example('raw_knowledge.jsonl'), '--output-dir', index]
  await clara(['index', 'build', ...documents, '--force', '--quiet'])
  const questions = ['--index', index, '--qa-file', example('qa.jsonl'), '--output-dir', at('out')]
  expect((await clara(['mine', ...questions, '--force', '--quiet'])).code).toBe(0)
  rows = readRows<Row>(samples)
})

const firstNegative = ({ docs, pos_index }: Row) => docs.findIndex((_, i) => !pos_index.includes(i))
const positiveOf = ({ docs, pos_index }: Row) => docs[pos_index[0]!]!

/** The row with one negative replaced by `text`, as a line that no JSON.stringify writes. */
function plant(row: Row, text: string): string {
  const docs = row.docs.with(firstNegative(row), text)
  const { question, gold_answer, answer, pos_index } = row
  const given = { question, docs, gold_answer, answer, pos_index }
  return `{"weight": 1.50, "big": 12345678901234567890, ${JSON.stringify(given).slice(1, -1).replaceAll('é', '\\u00e9')}, "docs ": ["x"]}`
}

function reordered(text: string): string {
  return text
    .split(/(?<=\.)\s+/u)
    .reverse()
    .join(' ')
}

const reasonsOf = ({ docs }: Scores) =>
  docs.map(({ findings }) => findings.filter(({ kind }) => kind === 'suspect').map(({ reason }) => reason))

describe('samples as clara-mine made them', () => {
  it('have no suspects, and every document has its score and its rank', async () => {
    const output = at('scores.jsonl')
    const { code, stdout } = await score(samples, '--output-file', output)
    expect(code).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ rows: 80, bad_rows: 0, reranker: null, fixed: null, ok: true })
    expect(report.suspects).toEqual({ docs: 0, rows: 0, reasons: {} })
    const mined = readRows<Scores>(at('out/end_to_end_data.provenance.jsonl'))
    const scored = readRows<Scores>(output)
    expect(scored).toHaveLength(80)
    for (const [i, { docs, line, thresholds }] of scored.entries()) {
      expect(line).toBe(i + 1)
      expect(docs.map(({ embedder_score }) => embedder_score)).toEqual(
        mined[i]!.docs.map(({ embedder_score }) => embedder_score),
      )
      expect(docs.map(({ embedder_rank }) => embedder_rank).sort()).toEqual([1, 2, 3, 4, 5])
      expect(docs.flatMap(({ role }, n) => (role === 'positive' ? [n] : []))).toEqual(rows[i]!.pos_index)
      // the same scale; only where a positive says nothing is the file given the widest limit that mining may have had
      const { positive, most } = mined[i]!.thresholds
      expect(thresholds.positive).toBeCloseTo(positive, 5)
      expect(thresholds.most).toBeCloseTo(Math.max(most, 0.5), 5)
    }
    const first = scored.filter(({ positive_rank }) => positive_rank === 1).length
    expect(report.positive_not_first).toBe(80 - first)
    expect(report.embedder.positive_first).toBeCloseTo(first / 80, 4)
  })

  it('are copied byte for byte by --fix', async () => {
    const { code } = await fix(samples, at('same.jsonl'))
    expect(code).toBe(0)
    expect(readFileSync(at('same.jsonl')).equals(readFileSync(samples))).toBe(true)
  })

  it('are told from documents that teach nothing', async () => {
    const { code, stdout } = await score(samples, '--min-score', '0.3')
    expect(code).toBe(0)
    const { too_easy: easy } = JSON.parse(stdout)
    expect(easy.below).toBe(0.3)
    expect(easy.docs).toBeGreaterThan(20)
  })
})

describe('planted false negatives', () => {
  const planted = () => {
    const content = rows.map((row) => JSON.stringify(row))
    content[3] = plant(rows[3]!, reordered(positiveOf(rows[3]!)))
    content[4] = plant(
      rows[4]!,
      `It is known to be ${rows[4]!.answer}. Nothing more is said in this passage.`,
    )
    content[8] = plant(rows[8]!, positiveOf(rows[8]!).toUpperCase())
    content[20] = 'not JSON'
    content[21] = ''
    const path = at('planted.jsonl')
    writeFileSync(path, content.join('\n'))
    return { path, content }
  }

  it('are found: exit code 1, each with its reason', async () => {
    const { path } = planted()
    const { code, stdout, stderr } = await score(path, '--output-file', at('planted-scores.jsonl'))
    expect(code).toBe(1)
    expect(stderr).toContain(`${path}:21: not JSON`)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ rows: 78, bad_rows: 1, ok: false, suspects: { docs: 3, rows: 3 } })
    const scored = lines(at('planted-scores.jsonl'))
    const of = (line: number): Scores => JSON.parse(scored[line - 1]!)
    expect(reasonsOf(of(4))[firstNegative(rows[3]!)]).toContain('near-duplicate of a positive')
    expect(reasonsOf(of(5))[firstNegative(rows[4]!)]).toContain('contains the answer')
    expect(reasonsOf(of(9))[firstNegative(rows[8]!)]).toContain('same text as a positive')
    expect(of(21)).toEqual({ line: 21, error: expect.stringContaining('not JSON') })
    expect(scored[21]).toBe('')
    expect(of(23).line).toBe(23)
    expect(of(80).line).toBe(80)
  })

  it('are replaced by --fix, and nothing else is', async () => {
    const { path, content } = planted()
    const output = at('fixed.jsonl')
    const { code, stdout } = await fix(path, output, '--scores-file', at('fixed-scores.jsonl'))
    expect(code).toBe(1) // a line that is no row
    expect(JSON.parse(stdout).fixed).toEqual({ rows: 3, docs: 3, rows_left: 0 })
    const fixed = lines(output)
    const passages = readRows(example('raw_knowledge.jsonl')).map((record) => record.content)
    expect(fixed).toHaveLength(content.length)
    for (const [i, line] of fixed.entries()) {
      if (line === content[i]) continue
      expect([3, 4, 8]).toContain(i)
      const [before, after]: [Row, Row] = [JSON.parse(content[i]!), JSON.parse(line)]
      const place = firstNegative(rows[i]!)
      expect(passages).toContain(after.docs[place])
      expect(before.docs).not.toContain(after.docs[place])
      expect(line).toBe(
        content[i]!.replace(JSON.stringify(before.docs[place]).replaceAll('é', '\\u00e9'), () =>
          JSON.stringify(after.docs[place]),
        ),
      )
    }
    expect(fixed.filter((line, i) => line !== content[i])).toHaveLength(3)
    const replaced = lines(at('fixed-scores.jsonl')).flatMap((line, i) =>
      line.includes('replaced_by') ? [i] : [],
    )
    expect(replaced).toEqual([3, 4, 8])

    const clean = at('clean.jsonl')
    writeFileSync(clean, fixed.filter((line) => line.startsWith('{')).join('\n'))
    const again = await score(clean)
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ rows: 78, suspects: { docs: 0 } })
    expect(readdirSync(work).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('stay where the index holds nothing that passes', async () => {
    const { path, content } = planted()
    const small = at('small')
    const documents = at('small.jsonl')
    const row = rows[3]!
    const texts = row.docs.filter((_, i) => i !== firstNegative(row))
    writeFileSync(documents, texts.map((text, i) => JSON.stringify({ _id: `d${i}`, text })).join('\n'))
    await clara(['index', 'build', '--input-file', documents, '--output-dir', small, '--force', '--quiet'])
    writeFileSync(path, content[3]!)
    const output = at('left.jsonl')
    const { code, stdout, stderr } = await score(path, '--fix', '--index', small, '--output-file', output)
    expect(code).toBe(1)
    expect(stderr).toContain(
      `${path}:1: the whole index holds 0 negatives for it, 1 are needed: it stays as it was`,
    )
    expect(JSON.parse(stdout).fixed).toEqual({ rows: 0, docs: 0, rows_left: 1 })
    expect(readFileSync(output, 'utf8')).toBe(content[3])
  })
})

describe('files of other makers', () => {
  it('without "answer", with several positives, of different lengths', async () => {
    const path = at('python.jsonl')
    const old = rows.slice(0, 6).map(({ question, docs, gold_answer, pos_index }, i) => {
      if (i === 0) return { question, docs, pos_index }
      if (i === 1) return { question, docs: [...docs, positiveOf(rows[30]!)], gold_answer, pos_index }
      if (i === 2) return { id: 'three', question, docs: docs.slice(0, 3), gold_answer, pos_index: [0, 0] }
      return { question, docs, gold_answer, pos_index }
    })
    const bad = [
      { ...old[3], docs: ['alone'], pos_index: [0] },
      { ...old[3], pos_index: [5] },
      { ...old[3], docs: 'text' },
    ]
    writeFileSync(path, [...old, ...bad].map((row) => JSON.stringify(row)).join('\r\n'))
    const { code, stdout, stderr } = await score(path, '--output-file', at('python-scores.jsonl'))
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ rows: 6, bad_rows: 3 })
    expect(stderr).toContain(`${path}:7: 1 doc, 2 or more were expected`)
    expect(stderr).toContain(`${path}:8: pos_index holds 5, 0 to 4 was expected`)
    expect(stderr).toContain(`${path}:9: docs is a string`)
    const scored = readRows<Scores>(at('python-scores.jsonl'))
    expect(scored.map(({ docs }) => docs?.length)).toEqual([
      5,
      6,
      3,
      5,
      5,
      5,
      undefined,
      undefined,
      undefined,
    ])
    expect(scored[2]!.question_id).toBe('three')
    const fixed = await fix(path, at('python-fixed.jsonl'))
    expect(fixed.code).toBe(1)
    const endings = (file: string) => lines(file).map((line) => line.slice(-1))
    expect(endings(at('python-fixed.jsonl'))).toEqual(endings(path))
    expect(lines(at('python-fixed.jsonl')).slice(6)).toEqual(lines(path).slice(6))
  })

  it.each(['', '\n\n'])('with nothing in it (%j) are refused', async (content) => {
    const path = at('empty.jsonl')
    writeFileSync(path, content)
    const { code, stderr, stdout } = await score(path, '--output-file', at('none.jsonl'))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('holds no sample')
    expect(existsSync(at('none.jsonl'))).toBe(false)
  })

  it('with a line that is too long and one that is only long', async () => {
    const path = at('huge.jsonl')
    const long = { ...rows[0]!, docs: rows[0]!.docs.with(firstNegative(rows[0]!), 'words '.repeat(300_000)) }
    const content = [JSON.stringify({ ...rows[1]!, more: 'x'.repeat(65 << 20) }), JSON.stringify(long), '']
    writeFileSync(path, content.join('\n'))
    const { code, stdout, stderr } = await fix(path, at('huge-fixed.jsonl'))
    expect(stderr).toContain(`${path}:1: line is longer than 64 MiB`)
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ rows: 1, bad_rows: 1 })
    expect(readFileSync(at('huge-fixed.jsonl')).equals(readFileSync(path))).toBe(true)
  })
})

describe('a reranker', () => {
  it('that cannot tell positives from random passages is refused', async () => {
    const blind = join(TINY, 'cross-bert')
    const { code, stderr, stdout } = await score(
      samples,
      '--reranker',
      blind,
      '--output-file',
      at('blind.jsonl'),
    )
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /the reranker .*cross-bert.* ranks the known positive above a random chunk for \d+% of pairs/,
    )
    expect(stderr).toContain('--reranker none')
    expect(existsSync(at('blind.jsonl'))).toBe(false)
  })
})

describe('usage', () => {
  it.each([
    [['--fix', '--output-file', 'x'], '--fix needs --index'],
    [['--fix', '--index', 'x'], '--fix needs --output-file'],
    [['--index', 'x'], '--index is where --fix'],
    [['--scores-file', 'x'], '--scores-file goes with --fix'],
    [['--min-score', '0.5', '--max-score', '0.4'], '--min-score 0.5 is above --max-score 0.4'],
  ])('%j', async (flags, message) => {
    const { code, stderr } = await clara(['--input-file', samples, ...flags], { bin: 'clara-score' })
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it('never touches the input, nor a file that is there', async () => {
    const before = readFileSync(samples)
    const inPlace = await fix(samples, samples, '--overwrite')
    expect(inPlace.code).toBe(2)
    expect(inPlace.stderr).toContain('is the input')
    expect(readFileSync(samples).equals(before)).toBe(true)
    writeFileSync(at('there.jsonl'), 'mine')
    const refused = await score(samples, '--output-file', at('there.jsonl'))
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('pass --overwrite')
    expect(readFileSync(at('there.jsonl'), 'utf8')).toBe('mine')
    expect((await score(samples, '--output-file', at('there.jsonl'), '--overwrite')).code).toBe(0)
    expect(readRows(at('there.jsonl'))).toHaveLength(80)
    const twice = await fix(samples, at('two.jsonl'), '--scores-file', at('two.jsonl'))
    expect(twice.code).toBe(2)
    expect(twice.stderr).toContain('named twice')
    const missing = await score(at('missing.jsonl'))
    expect(missing.code).toBe(2)
    expect(missing.stderr).toContain('no such file')
  })
})

it('names its suspects: the first 20 in text, all with --json', async () => {
  const input = at('many suspects.jsonl')
  const planted = rows.slice(0, 25).map((row) => plant(row, `${positiveOf(row)} ${row.answer}`))
  writeFileSync(input, [...planted, ...rows.slice(25, 60).map((row) => JSON.stringify(row))].join('\n'))
  copyFileSync(at('out/end_to_end_data.provenance.jsonl'), at('many suspects.provenance.jsonl'))
  const { code, stdout } = await score(input, '--reranker', 'none')
  expect(code).toBe(1)
  const { suspect_docs: named, suspects } = JSON.parse(stdout)
  expect(named).toHaveLength(suspects.docs)
  const origins = readRows<{ docs: { chunk_id: string }[] }>(at('many suspects.provenance.jsonl'))
  for (const [i, row] of rows.slice(0, 25).entries()) {
    const doc = firstNegative(row)
    expect(named).toContainEqual({
      line: i + 1,
      question: row.question,
      doc,
      chunk_id: origins[i]!.docs[doc]!.chunk_id,
      embedder_score: expect.any(Number),
      standard_score: expect.any(Number),
      reranker_score: null,
      most: expect.any(Number),
      reasons: expect.arrayContaining(['near-duplicate of a positive']),
      replaced_by: null,
    })
  }
  const text = (await clara(['score', '--input-file', input, '--reranker', 'none'])).stdout
  expect(text).toContain(
    `line 1, docs[${named[0].doc}] (${named[0].chunk_id}): score ${named[0].standard_score}, at most `,
  )
  expect(text.match(/^ {2}line \d+, docs/gm)).toHaveLength(20)
  expect(text).toContain(`… and ${named.length - 20} more: --json lists all`)
  const mended = await fix(input, at('mended suspects.jsonl'), '--reranker', 'none')
  const after = JSON.parse(mended.stdout)
  expect(
    after.suspect_docs.filter((each: { replaced_by: string | null }) => each.replaced_by !== null),
  ).toHaveLength(after.fixed.docs)
})
