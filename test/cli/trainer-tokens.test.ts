/**
 * Texts about CLaRa itself, with its memory tokens in them: the trainer tokenizes a text with them as its own places. No file that
 * it reads has one; everything that compares texts goes on as if nothing were escaped.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { readParquet } from '../support/parquet.js'
import { clara, readRows, workFolder } from './clara.js'
import { serve } from './synth-run.js'

interface Row {
  question: string | string[]
  docs: string[]
  answer?: string
  gold_answer?: string
  answers?: string[]
  pos_index?: number[]
}

const work = workFolder()
const at = (...names: string[]) => join(work, ...names)
const TOKEN = /<(?:MEM[0-9]*|AE|ENC|SEP)>/

const texts = [
  'The compressor appends <MEM0> to <MEM7> behind a document and reads eight vectors at their places.',
  'A prompt of the generator holds <MEM0><MEM1><MEM2> and then <SEP> for every document that was chosen.',
  'Earlier drafts wrote <\\MEM0> with a backslash, and <\\\\SEP> with two of them, in their listings.',
  'The word <mem0> in lower case, < MEM0> with a blank and ＜MEM0＞ in full width are ordinary text.',
  'Reconstruction begins with <AE>, encoding with <ENC>, and neither is part of a document.',
  'With one kind of memory token all eight are spelt <MEM>, with sixteen the last one is <MEM15>.',
  'Copper was mined in the hills until the war, when water filled the deepest shafts.',
  'The library lends maps of the coast for two weeks, against a deposit that is paid back.',
  'Sheep graze on the dikes in summer, because their feet press the clay together.',
  'Amber is found on the beach after a gale from the west, most of it small as a pea.',
]
const asked = [
  { question: 'What does the compressor append?', answer: '<MEM0> to <MEM7>', doc_id: 'd0' },
  { question: 'What follows <MEM2> in a prompt?', answer: '<SEP>', doc_id: 'd1' },
  { question: 'How did earlier drafts write <MEM0>?', answer: '<\\MEM0> with a backslash', doc_id: 'd2' },
  { question: 'What was mined in the hills?', answer: 'Copper', doc_id: 'd6' },
]

const textsOf = ({ question, docs, answer, gold_answer: gold, answers }: Row) =>
  [question, docs, answer, gold, answers].flat().filter((text) => text !== undefined)

/** Written anew here, by the form that docs/formats.md has. */
const undone = (text: string) =>
  text.replace(/<\\(\\*)(MEM[0-9]*|AE|ENC|SEP)>/g, (_, more: string, name: string) => `<${more}${name}>`)

const trainedOn = (folder: string) =>
  readdirSync(folder).filter((name) => /_data(\.\w+)?\.jsonl$/.test(name) && !name.includes('provenance'))

beforeAll(async () => {
  const lines = texts.map((text, i) => JSON.stringify({ _id: `d${i}`, text }))
  writeFileSync(at('corpus.jsonl'), lines.join('\n'))
  writeFileSync(at('qa.jsonl'), asked.map((each) => JSON.stringify(each)).join('\n'))
  const flags = ['--input-file', at('corpus.jsonl'), '--output-dir', at('index'), '--no-chunk', '--quiet']
  expect((await clara(['index', 'build', ...flags])).code).toBe(0)
})

const mine = (out: string, ...flags: string[]) =>
  clara(['mine', '--index', at('index'), '--qa-file', at('qa.jsonl'), '--output-dir', at(out), ...flags])

it('mined samples have them escaped, reversibly, and the run says how many', async () => {
  const flags = ['--target-top-k', '4', '--format', 'triplet', 'beir', '--parquet', '--json']
  const { code, stdout, stderr } = await mine('out', ...flags)
  expect(code).toBe(0)
  const rows = readRows<Row>(at('out/end_to_end_data.jsonl'))
  expect(rows).toHaveLength(4)
  const all = rows.flatMap(textsOf)
  expect(all.filter((text) => TOKEN.test(text))).toEqual([])
  const escaped = all.filter((text) => undone(text) !== text).length
  const twice = rows.filter(({ answer }) => undone(answer!) !== answer).length // gold_answer is the same text
  expect(JSON.parse(stdout)).toMatchObject({ escaped_texts: escaped - twice })
  expect(stderr).toContain(`${escaped - twice} texts hold words that the trainer takes for its own tokens`)
  for (const { docs } of rows) for (const doc of docs) expect(texts).toContain(undone(doc))
  expect(new Set(rows.map(({ question }) => undone(question as string)))).toEqual(
    new Set(asked.map(({ question }) => question)),
  )
  expect((await readParquet(at('out/end_to_end_data.parquet'))).rows).toEqual(rows)
  // other trainers have no such tokens
  expect(readFileSync(at('out/triplet.jsonl'), 'utf8')).toMatch(TOKEN)
  expect(readFileSync(at('out/beir/corpus.jsonl'), 'utf8')).toMatch(TOKEN)
})

it('validation, packing, the report and scoring take them for what they are', async () => {
  await mine('whole', '--target-top-k', '4', '--quiet')
  const samples = at('whole/end_to_end_data.jsonl')
  const checked = await clara(['validate', '--input-file', samples, '--expected-top-k', '4', '--strict'])
  expect(checked).toMatchObject({ code: 0, stderr: '' })
  const archive = at('whole.tar.gz')
  expect((await clara(['pack', '--input-dir', at('whole'), '--output-file', archive])).code).toBe(0)
  const page = at('whole.html')
  expect((await clara(['report', '--input-dir', at('whole'), '--output-file', page])).code).toBe(0)
  expect(readFileSync(page, 'utf8')).toContain('What follows &lt;MEM2&gt; in a prompt?')
  const scored = await clara(['score', '--input-file', samples, '--json'])
  expect(JSON.parse(scored.stdout)).toMatchObject({ rows: 4, bad_rows: 0 })
})

it('a file made elsewhere is refused with line and field, and clara-score --fix escapes it in a copy', async () => {
  await mine('other', '--target-top-k', '4', '--quiet')
  const samples = at('other/end_to_end_data.jsonl')
  const good = readFileSync(samples, 'utf8')
  const raw = readRows<Row>(samples).map((row) => ({ ...row, docs: row.docs.map(undone) }))
  raw[0]!.question = undone(raw[0]!.question as string)
  const lines = raw.map((row) => JSON.stringify(row).replaceAll('é', '\\u00e9'))
  lines[1] = lines[1]!.replaceAll('<', '\\u003c').replaceAll('>', '\\u003E') // as some writers do
  writeFileSync(samples, `${lines.join('\n')}\n`)
  const checked = await clara(['validate', '--input-file', samples])
  expect(checked.code).toBe(1)
  const named = raw.flatMap(({ docs }, i) => {
    const doc = docs.findIndex((text) => /<MEM[0-9]*>/.test(text))
    return doc < 0 ? [] : [`:${i + 1}: docs[${doc}] holds <MEM`]
  })
  expect(named.length).toBeGreaterThan(2)
  for (const each of named) expect(checked.stderr).toContain(each)
  expect(checked.stdout).toMatch(/error\s+memory-token/)
  const packed = await clara(['pack', '--input-dir', at('other'), '--output-file', at('other.tar.gz')])
  expect(packed.code).toBe(1)
  expect(packed.stderr).toContain('memory-token')

  const fixed = at('fixed.jsonl')
  const flags = ['--index', at('index'), '--output-file', fixed, '--json']
  const mended = await clara(['score', '--input-file', samples, '--fix', ...flags])
  expect(mended.stderr).toContain('escaped')
  const rows = readRows<Row>(fixed)
  for (const row of rows) expect(textsOf(row).filter((text) => TOKEN.test(text))).toEqual([])
  for (const { docs } of rows) for (const doc of docs) expect(texts).toContain(undone(doc))
  expect((await clara(['validate', '--input-file', fixed])).stdout).not.toContain('memory-token')

  // what is escaped already stays as it is, byte for byte
  writeFileSync(samples, good)
  const again = ['--index', at('index'), '--output-file', at('again.jsonl'), '--json']
  const { stdout } = await clara(['score', '--input-file', samples, '--fix', ...again])
  if (JSON.parse(stdout).fixed.docs === 0) expect(readFileSync(at('again.jsonl'), 'utf8')).toBe(good)
  else for (const row of readRows<Row>(at('again.jsonl'))) expect(textsOf(row).join()).not.toMatch(TOKEN)
})

it('the files of all stages and of both sides of a split have them escaped', async () => {
  const { url } = await serve()
  const flags = [
    '--index',
    at('index'),
    '--output-dir',
    at('stages'),
    '--base-url',
    url,
    '--split',
    '0.7/0.3',
  ]
  const { code, stdout, stderr } = await clara(['synth', ...flags, '--target-top-k', '3', '--json'])
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  const files = trainedOn(at('stages'))
  expect(files).toHaveLength(8)
  let holding = 0
  for (const name of files) {
    const all = readRows<Row>(at('stages', name)).flatMap(textsOf)
    expect({ name, found: all.filter((text) => TOKEN.test(text)) }).toEqual({ name, found: [] })
    holding += all.filter((text) => undone(text) !== text).length
  }
  expect(holding).toBeGreaterThan(10)
  const report = JSON.parse(stdout)
  expect(report.escaped_in_stages).toBeGreaterThan(5)
  expect(stderr).toContain(`${report.escaped_in_stages + (report.escaped_texts ?? 0)} texts hold words`)
  expect(readFileSync(at('stages/qa.jsonl'), 'utf8')).toMatch(TOKEN) // no trainer reads it
  expect((await clara(['validate', '--input-file', at('stages')])).stdout).not.toMatch(/-token/)
})

it('nothing is said where there are none', async () => {
  const plain = asked.slice(3).map((each) => JSON.stringify(each))
  writeFileSync(at('plain.jsonl'), plain.join('\n'))
  const lines = texts.slice(6).map((text, i) => JSON.stringify({ _id: `d${i + 6}`, text }))
  writeFileSync(at('plain-corpus.jsonl'), lines.join('\n'))
  const index = ['--input-file', at('plain-corpus.jsonl'), '--output-dir', at('plain-index'), '--no-chunk']
  expect((await clara(['index', 'build', ...index, '--quiet'])).code).toBe(0)
  const flags = ['--index', at('plain-index'), '--qa-file', at('plain.jsonl'), '--target-top-k', '2']
  const { stdout, stderr } = await clara(['mine', ...flags, '--output-dir', at('plain'), '--json'])
  expect(JSON.parse(stdout)).not.toHaveProperty('escaped_texts')
  expect(stderr).not.toContain('tokens')
})

it('chunks fit the trainer with what escaping adds', async () => {
  const nouns = ['harbour', 'lantern', 'orchard', 'viaduct', 'quarry', 'windmill', 'cellar', 'belfry']
  const document = (n: number) =>
    Array.from(
      { length: 90 },
      (_, i) => `${nouns[(i + n) % 8]} ${(n + 1) * 10_000 + i * 7} <MEM${i % 8}> and <SEP>`,
    ).join(' ')
  const lines = [0, 1, 2].map((n) => JSON.stringify({ _id: `m${n}`, text: document(n) }))
  writeFileSync(at('many.jsonl'), lines.join('\n'))
  const index = ['--input-file', at('many.jsonl'), '--output-dir', at('many-index'), '--quiet']
  expect((await clara(['index', 'build', ...index])).code).toBe(0)
  const [chunks] = readdirSync(at('many-index'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('chunks.jsonl'),
  )
  const rows = readRows<{ text: string }>(at('many-index', chunks!)).map(({ text }) => {
    const doc = text.replace(/<(?=(?:MEM[0-9]|SEP)>)/g, '<\\')
    return {
      question: 'What is there?',
      docs: [doc],
      gold_answer: 'A cellar',
      answer: 'A cellar',
      pos_index: [0],
    }
  })
  expect(rows.length).toBeGreaterThan(9)
  writeFileSync(at('instruction_data.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'))
  const { stdout } = await clara(['validate', '--input-file', at('instruction_data.jsonl')])
  expect(stdout).toMatch(/over 256 tokens of mistral: 0 of \d+ docs, the longest has 2[345]/)
})

it('a question of 1,100 words leaves no answer within the lengths of the trainer’s scripts', async () => {
  await mine('long', '--target-top-k', '4', '--quiet')
  const samples = at('long/end_to_end_data.jsonl')
  const rows = readRows<Row>(samples)
  rows[2] = { ...rows[2]!, question: `${'and then what '.repeat(366)}was it?` }
  writeFileSync(samples, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const { code, stdout, stderr } = await clara(['validate', '--input-file', samples])
  expect(code).toBe(1)
  expect(stdout).toMatch(/error +no-answer-left +1 .*\(line 3\)/)
  expect(stderr).toMatch(/:3: the prompt has 1\d{3} of the trainer’s tokens, and its max_len is 1024/)
  expect((await clara(['validate', '--input-file', samples, '--max-len', '2048'])).code).toBe(0)
})
