/** A question that several lines ask: what answers one line of it is a negative of none. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, readRows, workFolder } from './clara.js'

const work = workFolder()
const index = join(work, 'index')

const TEXTS = {
  a1: 'Lisinopril must not be taken with potassium tablets, since the heart may then stop without warning.',
  a2: 'People who once had a swelling of the face are kept away from lisinopril by every doctor.',
  a3: 'From the fourth month of pregnancy lisinopril harms the kidneys of the unborn child.',
  b1: 'Lisinopril tablets come in strengths of five, ten and twenty milligrams and are taken in the morning.',
  b2: 'Amlodipine lowers the pressure of the blood by widening the vessels of arms and legs.',
  b3: 'Doctors measure the pressure of the blood on both arms before they write a prescription.',
  b4: 'A diary of the pressure of the blood, kept at home, helps to find the right dose.',
  b5: 'Salt in bread and cheese is the reason why many people need tablets for their blood pressure.',
  b6: 'The first medicine of this kind was made after the venom of a snake from Brazil.',
  b7: 'A dry cough is the most common reason to change to another medicine for the blood pressure.',
}
type Id = keyof typeof TEXTS

/** The same question to a reader, and not byte for byte. */
const QUESTIONS = [
  'Who should not take lisinopril?',
  'who should not take  LISINOPRIL',
  'Ｗho should not take lisinopril ？',
]

const lines = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')
const file = (name: string, content: string) => {
  const path = join(work, name)
  writeFileSync(path, content)
  return path
}
const idOf = (text: string) => Object.entries(TEXTS).find(([, each]) => each === text)?.[0]

beforeAll(async () => {
  const records = Object.entries(TEXTS).map(([_id, text]) => ({ _id, text }))
  const corpus = file('corpus.jsonl', lines(records))
  const { code, stderr } = await clara(['index', 'build', '--input-file', corpus, '--output-dir', index])
  expect(code, stderr).toBe(0)
})

const answers = ['people who take potassium', 'people who had a swelling', 'pregnant women']
const qa = (about: (id: Id) => object) =>
  file(
    'qa.jsonl',
    lines(QUESTIONS.map((question, i) => ({ question, answer: answers[i], ...about(`a${i + 1}` as Id) }))),
  )

async function mined(source: string, out: string, ...flags: string[]) {
  const output = join(work, out)
  const { code, stderr } = await clara([
    ...['mine', '--index', index, '--qa-file', source, '--output-dir', output],
    ...['--target-top-k', '4', ...flags],
  ])
  expect(code, stderr).toBe(0)
  const rows = readRows(join(output, 'end_to_end_data.jsonl')) as { docs: string[]; pos_index: number[] }[]
  return rows.map(({ docs, pos_index }) => ({
    positives: pos_index.map((at) => idOf(docs[at]!)),
    negatives: docs.filter((_, at) => !pos_index.includes(at)).map(idOf),
  }))
}

const OWN = [['a1'], ['a2'], ['a3']]

describe('clara-mine', () => {
  it.each([
    ['ids', (id: Id) => ({ doc_id: id })],
    ['passages', (id: Id) => ({ positive: TEXTS[id] })],
  ])('takes no positive of another line for a negative, given as %s', async (name, about) => {
    for (const flags of [[], ['--random-share', '1'], ['--near-cosine', '1', '--near-duplicate', '1']]) {
      const rows = await mined(qa(about), `${name}-${flags.length}-${flags[0]?.slice(2)}`, ...flags)
      expect(rows.map(({ positives }) => positives)).toEqual(OWN)
      for (const { negatives } of rows) {
        expect(negatives).toHaveLength(3)
        for (const id of negatives) expect(id).toMatch(/^b/)
      }
    }
  })

  it('nor in a BEIR folder whose queries have ids of their own', async () => {
    const folder = join(work, 'beir')
    mkdirSync(join(folder, 'qrels'), { recursive: true })
    file('beir/queries.jsonl', lines(QUESTIONS.map((text, i) => ({ _id: `q${i}`, text }))))
    file('beir/qrels/train.tsv', `query-id\tcorpus-id\tscore\nq0\ta1\t1\nq1\ta2\t1\nq2\ta3\t1\n`)
    const rows = await mined(folder, 'from-beir', '--format', 'n-tuple')
    expect(rows.map(({ positives }) => positives)).toEqual(OWN)
    for (const { negatives } of rows) for (const id of negatives) expect(id).toMatch(/^b/)
    const tuples = readRows(join(work, 'from-beir', 'n-tuple.jsonl')) as Record<string, string>[]
    for (const { anchor: _, positive: __, ...rest } of tuples) {
      for (const text of Object.values(rest)) expect(idOf(text)).toMatch(/^b/)
    }
  })

  it('takes no passage that states the answer of another line', async () => {
    const asked = [
      { question: QUESTIONS[0], answer: 'people who take potassium', doc_id: 'a1' },
      { question: QUESTIONS[1], answer: 'the venom of a snake', doc_id: 'a2' },
    ]
    const rows = await mined(file('qa-answers.jsonl', lines(asked)), 'answers')
    for (const { negatives } of rows) expect(negatives).not.toContain('b6')
  })

  it('knows a question with quotation marks and commas again', async () => {
    const questions = [
      'Who, in general, wrote “The Pill Book”?',
      'who in general wrote The Pill Book',
      'Who in general, wrote 《The Pill Book》？',
      "Who in general wrote 'The Pill Book'?",
    ]
    const asked = questions.map((question, i) => ({ question, answer: 'B. Chen', doc_id: `a${(i % 3) + 1}` }))
    const rows = await mined(file('qa-quoted.jsonl', lines(asked)), 'quoted')
    for (const { negatives } of rows) for (const id of negatives) expect(id).toMatch(/^b/)
  })

  it('keeps apart what differs by more than a mark at its end', async () => {
    const asked = ['What is C#?', 'What is C?'].map((question, i) => ({
      question,
      answer: answers[i],
      doc_id: `a${i + 1}`,
    }))
    const rows = await mined(file('qa-other.jsonl', lines(asked)), 'other', '--target-top-k', '9')
    expect(rows[0]!.negatives).toContain('a2')
    expect(rows[1]!.negatives).toContain('a1')
  })

  it('says how many lines ask the same where too few negatives are left', async () => {
    const output = join(work, 'too-few')
    const { code, stderr } = await clara([
      ...['mine', '--index', index, '--qa-file', qa((id) => ({ doc_id: id })), '--output-dir', output],
      ...['--target-top-k', '9'],
    ])
    expect(code).toBe(2)
    expect(stderr).toContain('3 lines ask the same')
  })
})

const row = (question: string, docs: Id[], positive: number) => {
  const answer = TEXTS[docs[positive]!]
  const texts = docs.map((id) => TEXTS[id])
  return { question, docs: texts, gold_answer: answer, answer, pos_index: [positive] }
}

describe('clara-validate', () => {
  const validate = async (rows: object[], ...more: string[]) => {
    const path = file('end_to_end_data.jsonl', lines(rows))
    const { code, stdout, stderr } = await clara(['validate', '--input-file', path, '--json', ...more])
    const { findings } = JSON.parse(stdout) as { findings: { kind: string; lines: number[] }[] }
    const found = findings.find(({ kind }) => kind === 'negative-is-positive')
    return { code, lines: found?.lines, stderr }
  }

  it.each([
    ['a negative after the positive', 'a1', 'a2'],
    ['a negative before the positive', 'b1', 'b2'],
  ] as const)('has an error for %s of an equal question', async (_, first, second) => {
    const [one, two] =
      first === 'a1'
        ? [row(QUESTIONS[0]!, ['a1', 'b1', 'b2'], 0), row(QUESTIONS[1]!, ['b3', second, 'a1'], 1)]
        : [row(QUESTIONS[0]!, ['a1', 'b1', second], 0), row(QUESTIONS[2]!, [second, 'b4', 'b5'], 0)]
    const { code, lines: found, stderr } = await validate([one, row('Another?', ['b7', 'a1', 'a2'], 0), two])
    expect({ code, found }).toEqual({ code: 1, found: [3] })
    expect(stderr).toMatch(
      /jsonl:3: docs\[\d\], a (positive|negative), is a \w+ of an equal question on line 1/,
    )
  })

  it('finds it between any two of many rows', async () => {
    const rows = Array.from({ length: 40 }, (_, i) =>
      row(QUESTIONS[i % 3]!, i === 30 ? ['a2', 'b3', 'b4'] : ['a1', i === 7 ? 'a2' : 'b6', 'b2'], 0),
    )
    expect(await validate(rows)).toMatchObject({ code: 1, lines: [31] })
  })

  it('finds the answer of another line in a negative, on the line before and the one behind', async () => {
    const asked = [
      { ...row(QUESTIONS[0]!, ['a1', 'b6', 'b2'], 0), answer: 'potassium tablets' },
      { ...row(QUESTIONS[1]!, ['b3', 'a2', 'b4'], 1), answer: 'the venom of a snake' },
      { ...row('Another?', ['b6', 'b3', 'b4'], 1), answer: 'the pressure of the blood' },
    ].map((each) => ({ ...each, gold_answer: each.answer }))
    const found = async (rows: object[], ...more: string[]) => {
      const path = file('end_to_end_data.jsonl', lines(rows))
      const { stdout } = await clara(['validate', '--input-file', path, '--json', ...more])
      const { findings } = JSON.parse(stdout) as { findings: { kind: string; lines: number[] }[] }
      return findings.find(({ kind }) => kind === 'answer-in-negative')?.lines
    }
    expect(await found(asked)).toEqual([1, 3])
    expect(await found([asked[1]!, asked[0]!])).toEqual([2])
    expect(await found([asked[0]!])).toBeUndefined()
    expect(await found(asked, '--schema-only')).toBeUndefined()
  })

  it('has nothing against equal questions that agree, nor against what is mined of them', async () => {
    const agreeing = [row(QUESTIONS[0]!, ['a1', 'b1', 'b2'], 0), row(QUESTIONS[1]!, ['b1', 'a2', 'b3'], 1)]
    expect(await validate(agreeing)).toMatchObject({ code: 0, lines: undefined })
    await mined(
      qa((id) => ({ doc_id: id })),
      'clean',
    )
    const { code, stdout } = await clara(['validate', '--input-file', join(work, 'clean'), '--json'])
    expect(code, stdout).toBe(0)
  })

  it('knows the question on the other side of a split by any of its spellings', async () => {
    const train = file('x.train.jsonl', lines([row(QUESTIONS[0]!, ['a1', 'b1', 'b2'], 0)]))
    const dev = file('x.dev.jsonl', lines([row(QUESTIONS[2]!, ['a2', 'b1', 'b2'], 0)]))
    const { code, stdout } = await clara(['validate', '--input-file', train, dev, '--json'])
    expect(code).toBe(1)
    expect(stdout).toContain('leaked-question')
  })
})

describe('clara-score', () => {
  it('suspects a positive of an equal question, and --fix replaces it', async () => {
    const rows = [row(QUESTIONS[0]!, ['a1', 'b1', 'b2'], 0), row(QUESTIONS[1]!, ['b3', 'a2', 'a1'], 1)]
    const path = file('scored.jsonl', lines(rows))
    const fixed = join(work, 'fixed.jsonl')
    const { stdout } = await clara([
      ...['score', '--input-file', path, '--json', '--fix', '--index', index, '--output-file', fixed],
    ])
    expect(JSON.parse(stdout).suspects.reasons['positive of an equal question']).toBe(1)
    const [, second] = readRows(fixed) as { docs: string[] }[]
    expect(second!.docs.map(idOf)).not.toContain('a1')
  })
})
