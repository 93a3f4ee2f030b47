import { describe, expect, test } from 'vitest'
import { jsonl, useDirectory } from '../../support/directory.js'
import { kindsOf, passage, type Row, soundRow, soundRows, validateContent } from './rows.js'

const directory = useDirectory()
const validate = (...rows: (object | string)[]) => validateContent(directory, jsonl(...rows))

/** A sound file of 24 rows with row 3 changed. */
function changed(change: (row: Row) => Partial<Row>): Row[] {
  const rows = soundRows(24)
  rows[2] = { ...rows[2]!, ...change(rows[2]!) }
  return rows
}

const replaced = (row: Row, at: number, text: string) => ({ docs: row.docs.with(at, text) })

test('sound rows have no finding, strictly', async () => {
  const { report } = await validateContent(directory, jsonl(...soundRows(60)), { strict: true })
  expect(report.findings).toEqual([])
  expect(report).toMatchObject({ ok: true, valid: 60, uniformity: { rows: 60, positions: 4, p: 1 } })
  expect(report.reuse).toEqual({
    negatives: 180,
    passages: 240,
    most: 1,
    histogram: [
      { from: 0, to: 0, passages: 60 },
      { from: 1, to: 1, passages: 180 },
    ],
  })
})

describe('one row', () => {
  test.each<[string, (row: Row) => Partial<Row>, string, RegExp]>([
    [
      'a negative that is the positive but for case and width',
      (row) => replaced(row, 0, `  ${row.docs[2]!.toUpperCase().replace('COLONY', 'Ｃｏｌｏｎｙ')}\n`),
      'negative-is-positive',
      /docs\[2\] is the same text as docs\[0\]: one is named in pos_index/,
    ],
    [
      'two negatives that are the same but for blanks',
      (row) => replaced(row, 0, row.docs[1]!.replaceAll(' ', '\t ')),
      'duplicate-doc',
      /docs\[1\] is the same text as docs\[0\]$/,
    ],
    [
      'the answer in a negative',
      (row) => replaced(row, 3, 'It was HALVORSEN-2, not the other keeper, who came.'),
      'answer-in-negative',
      /docs\[3\], a negative, contains the answer$/,
    ],
    [
      'pos_index beside the positive',
      () => ({ pos_index: [1] }),
      'answer-in-negative',
      /docs\[2\], a negative, contains the answer, which no positive does/,
    ],
    [
      'an answer that is nowhere',
      () => ({ answer: 'an ancient volcano erupted', gold_answer: 'an ancient volcano erupted' }),
      'unsupported-answer',
      /^3: warning: of the answer’s words 0% are in docs\[2\]/,
    ],
  ])('%s', async (_, change, kind, reason) => {
    const { report, told } = await validate(...changed(change))
    expect(kindsOf(report)).toMatchObject({ [kind]: [3] })
    expect(told.some((line) => reason.test(line))).toBe(true)
    expect(report.ok).toBe(kind === 'unsupported-answer')
  })

  test.each<[string, (row: Row) => Partial<Row>]>([
    ['part of a word', (row) => replaced(row, 3, 'The firm Halvorsen-21 has another name.')],
    [
      'an answer too short to mean anything',
      (row) => ({ answer: '1702', gold_answer: '1702', ...replaced(row, 3, 'The year 1702 was cold.') }),
    ],
    ['yes', () => ({ answer: 'Yes.', gold_answer: 'Yes.' })],
    ['an answer in the same words', () => answered('keepers counting in summers: the terns')],
    ['an answer in another script', () => answered('管理员哈尔沃森')],
    ['a number', () => answered('42')],
  ])('no finding: %s', async (_, change) => {
    expect(kindsOf((await validate(...changed(change))).report)).toEqual({})
  })

  test('of several positives one is enough', async () => {
    const rows = changed(() => ({ pos_index: [1, 2] }))
    expect(kindsOf((await validate(...rows)).report)).toEqual({})
  })

  test('the schema alone says nothing about texts', async () => {
    const rows = changed(() => ({ pos_index: [1] }))
    const { report } = await validateContent(directory, jsonl(...rows), { schemaOnly: true })
    expect(report).toMatchObject({ ok: true, findings: [], schemaOnly: true, reuse: null })
  })
})

const answered = (answer: string) => ({ answer, gold_answer: answer })

describe('across rows', () => {
  test('a sample again, its docs in another order', async () => {
    const rows = soundRows(200)
    const { docs, ...rest } = rows[7]!
    const again = {
      ...rest,
      question: rest.question.toUpperCase(),
      docs: [...docs].reverse(),
      pos_index: [0],
    }
    const { report, told } = await validate(...rows, again)
    expect(kindsOf(report)).toEqual({ 'duplicate-sample': [201] })
    expect(report).toMatchObject({ ok: true, valid: 201, withFindings: 0, withWarnings: 1 })
    expect(told).toEqual(['201: warning: the same question and docs as on line 8'])
  })

  test('more than one in a hundred is an error', async () => {
    const { report } = await validate(...soundRows(40), soundRow(12), soundRow(13), soundRow(14))
    expect(kindsOf(report)).toEqual({ 'many-duplicates': 1, 'duplicate-sample': [41, 42, 43] })
    expect(report.ok).toBe(false)
  })

  test('one or two in a small file are a warning', async () => {
    const { report } = await validate(...soundRows(40), soundRow(12), soundRow(13))
    expect(kindsOf(report)).toEqual({ 'duplicate-sample': [41, 42] })
    expect(report.ok).toBe(true)
  })

  test('a question again, with other docs', async () => {
    const rows = changed((row) => ({ question: ` who counted  colony 0?`, docs: row.docs }))
    const { report, told } = await validate(...rows)
    expect(kindsOf(report)).toEqual({ 'duplicate-question': [3] })
    expect(told).toEqual(['3: warning: the same question as on line 1'])
  })

  test('strict: warnings count', async () => {
    const rows = changed(() => ({ question: 'Who counted colony 0?' }))
    const { report } = await validateContent(directory, jsonl(...rows), { strict: true })
    expect(report).toMatchObject({ ok: false, valid: 23, withFindings: 1, withWarnings: 1 })
  })

  test('a passage that is a negative of every other sample', async () => {
    const rows = soundRows(80).map((row, n) => (n % 2 ? withHub(row) : row))
    const { report, told } = await validate(...rows)
    expect(kindsOf(report)).toEqual({ 'overused-negative': [2] })
    expect(told).toEqual(['2: warning: a doc of this line is a negative of 40 of 80 samples'])
    expect(report.reuse).toMatchObject({ most: 40 })
    expect(report.reuse?.histogram.at(-1)).toEqual({ from: 32, to: 63, passages: 1 })
  })

  test('in a small corpus passages are used often, which is no finding', async () => {
    const rows = soundRows(80).map((row, n) => {
      const at = row.pos_index[0]!
      const docs = row.docs.map((_, i) => `${passage(n % 13)} ${'abcd'[(i - at + 4) % 4]}`)
      return { ...row, docs, ...answered('yes') }
    })
    const { report } = await validate(...rows)
    expect(kindsOf(report)).toEqual({})
    expect(report.reuse).toMatchObject({ negatives: 240, passages: 52, most: 7 })
  })

  const withHub = (row: Row) => ({
    ...row,
    ...replaced(row, (row.pos_index[0]! + 1) % 4, 'The hub of the whole corpus.'),
  })
})

describe('positions', () => {
  /** All positives at the front but every tenth. */
  const skewed = (count: number) =>
    soundRows(count).map((row, n) => {
      if (n % 10 === 0) return row
      const at = row.pos_index[0]!
      return { ...row, docs: row.docs.with(0, row.docs[at]!).with(at, row.docs[0]!), pos_index: [0] }
    })

  test('positives in one place', async () => {
    const { report, told } = await validate(...skewed(60))
    expect(kindsOf(report)).toEqual({ 'skewed-positions': 1 })
    expect(report.ok).toBe(false)
    expect(told[0]).toMatch(
      /^1: positives are not spread evenly over the 4 positions: 5\d of 60 are at 0 \(chi-square/,
    )
  })

  test('of too few rows nothing is said', async () => {
    const { report } = await validate(...skewed(19))
    expect(report).toMatchObject({ ok: true, uniformity: null })
  })
})

describe('tokens of the trainer and of base models', () => {
  const found = async (row: Partial<Row>) => {
    const rows = soundRows(8)
    const { report, told } = await validateContent(directory, jsonl(...rows.with(3, { ...rows[3]!, ...row })))
    const { 'memory-token': memory, 'control-token': control } = kindsOf(report)
    return { memory, control, ok: report.ok, told: told.filter((line) => line.includes(' holds <')) }
  }
  const doc = (text: string) => ({ docs: soundRows(8)[3]!.docs.with(2, text) })
  const answered = (text: string) => ({ answer: text, gold_answer: text })

  test.each<[string, Partial<Row>, string]>([
    ['a document', doc('Eight places, <MEM0> to <MEM7>.'), '4: docs[2] holds <MEM0>'],
    ['a word', doc('x<MEM15>y'), '4: docs[2] holds <MEM15>'],
    ['one kind of them', doc('<SEP><MEM>'), '4: docs[2] holds <MEM>'],
    ['a question', { question: 'What is <MEM3>?' }, '4: question holds <MEM3>'],
    ['an answer', answered('Halvorsen-3 <MEM3>'), '4: the answer holds <MEM3>'],
  ])('a memory token in %s is an error', async (_, row, told) => {
    const result = await found(row)
    expect(result).toMatchObject({ memory: [4], ok: false })
    expect(result.told[0]).toContain(told)
  })

  test.each<[string, Partial<Row>, string]>([
    ['<SEP> in a document', doc('A <SEP> B'), 'docs[2] holds <SEP>'],
    ['<AE> in a question', { question: 'What is <AE>?' }, 'question holds <AE>'],
    ['the end in an answer', answered('Halvorsen-3</s> wrote'), 'the answer holds </s>'],
    ['a turn in a question', { question: 'Who<|im_end|>\n<|im_start|>system' }, 'question holds <|im_end|>'],
    ['a thought in an answer', answered('<think>hm</think> Halvorsen-3'), 'the answer holds <think>'],
  ])('%s is a warning', async (_, row, told) => {
    const result = await found(row)
    expect(result).toMatchObject({ memory: undefined, control: [4], ok: true })
    expect(result.told[0]).toContain(`4: warning: ${told}`)
  })

  test.each<[string, Partial<Row>]>([
    ['escaped ones', doc('Eight places, <\\MEM0> to <\\MEM7>, <\\\\SEP> too.')],
    ['other spellings', doc('<mem0> < MEM0> <MEM 0> [MEM0] <MEM_0> ＜MEM0＞ &lt;MEM0&gt; <sep> [SEP]')],
    ['HTML in a document', doc('<p><s>old</s> new <em>price</em></p>')],
    ['other words in angle brackets', answered('Halvorsen-3 in <b>bold</b>, <S>, a <| b |> c')],
  ])('%s are text', async (_, row) => {
    expect(await found(row)).toMatchObject({ memory: undefined, control: undefined, told: [] })
  })
})
