/**
 * Half of a surrogate pair in every field of every input: none reaches a file or a result. Every file of ours is also read
 * by pyarrow where it is there:
 *   CLARA_PYTHON=/path/to/python npx vitest run test/cli/lone-surrogates.test.ts
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { startLlmServer, writePairs } from '../llm-server.js'
import { clara, workFolder } from './clara.js'

const work = workFolder()
const at = (...names: string[]) => join(work, ...names)
const HIGH = '\\ud83d'
const LOW = '\\uDC4D'

const texts = [
  'The ferry to the islands leaves twice a day from the old quay, except in heavy storms, and carries sixty people.',
  'Ropes were made from hemp by hand over long wooden walks, which the museum behind the church still shows.',
  'A ticket costs eleven crowns, bicycles travel free of charge on weekdays, and children under six pay nothing.',
  'The lighthouse keeper wrote down the weather every three hours for forty years without missing one entry.',
  'Bread is baked before dawn in the bakery by the bridge, and what is left at noon goes to the school kitchen.',
  'Copper was mined in the hills until the war, when water filled the deepest shafts and the pumps were sold.',
  'The library lends maps of the coast for two weeks, against a deposit that is paid back with the map.',
  'Sheep graze on the dikes in summer, because their feet press the clay together and keep out the moles.',
  'The choir rehearses on Tuesdays in the hall over the fire station, and sings in the square at midsummer.',
  'Amber is found on the beach after a gale from the west, most of it no larger than a pea.',
]
const passage = (i: number) => `${texts[i]!} ${HIGH}`
const name = (i: number) => `d${i}${i % 2 ? LOW : ''}`
const documents = texts.map(
  (_, i) =>
    `{"_id": "${name(i)}", "title": "Part ${i} ${HIGH}", "text": "${passage(i)}", "k${LOW}": "${HIGH}"}`,
)
const asked = [
  ['How many people does the ferry carry?', 'sixty'],
  ['What were ropes made from?', 'hemp'],
  ['What does a ticket cost?', 'eleven crowns'],
  ['For how long did the keeper write down the weather?', 'forty years'],
  ['When is bread baked?', 'before dawn'],
  ['What was mined in the hills?', 'Copper'],
] as const
const questions = asked.map(
  ([question, answer], i) =>
    `{"question": "${question} ${LOW}", "answer": "${answer} ${HIGH}", "doc_id": "${name(i)}", "k${HIGH}": 1}`,
)

/** An escape of JSON that spells a half, and not a backslash before letters. */
const HALF = /(?<!\\)(?:\\\\)*\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F][0-9a-fA-F]{2})/

function halvesIn(text: string): string[] {
  // pairs first: the second of one is no half
  const rest = text.replace(/\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/g, '')
  return HALF.exec(rest)?.slice(0, 1) ?? []
}

const python = process.env.CLARA_PYTHON ?? 'python3'
const pyarrow = spawnSync(python, ['-c', 'import pyarrow.json, pyarrow.parquet']).status === 0
const READ = `
import sys, pyarrow.json, pyarrow.parquet
for path in sys.argv[1:]:
    table = pyarrow.parquet.read_table(path) if path.endswith('.parquet') else pyarrow.json.read_json(path, parse_options=pyarrow.json.ParseOptions(newlines_in_values=False))
    table.validate(full=True)
`

function check(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  for (const file of files.filter((name) => /\.(?:jsonl?|html|tsv|md|ipynb)$/.test(name))) {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
    expect({ file, halves: halvesIn(text) }).toEqual({ file, halves: [] })
  }
  const tables = files.filter(
    (name) => /\.(?:jsonl|parquet)$/.test(name) && readFileSync(name).byteLength > 0,
  )
  if (pyarrow) {
    const { status, stderr } = spawnSync(python, ['-c', READ, ...tables])
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' })
  }
  return files
}

async function run(args: string[], code = 0, env: Record<string, string> = {}) {
  const outcome = await clara(args, { env })
  expect({ stderr: outcome.stderr, code: outcome.code }).toEqual({
    stderr: code === outcome.code ? outcome.stderr : '',
    code,
  })
  expect(halvesIn(outcome.stdout)).toEqual([])
  expect(outcome.stderr).not.toContain('this is a bug')
  return outcome
}

beforeAll(async () => {
  writeFileSync(at('corpus.jsonl'), `${documents.join('\n')}\n`)
  writeFileSync(at('qa.jsonl'), `${questions.join('\n')}\n`)
  const { stderr } = await run([
    'index',
    'build',
    '--input-file',
    at('corpus.jsonl'),
    '--output-dir',
    at('index'),
    '--force',
    '--json',
  ])
  expect(stderr).toContain('corpus.jsonl:1: note: 4 halves of surrogate pairs are U+FFFD now')
  expect(stderr).toContain('corpus.jsonl:2: note: 5 halves')
}, 60_000)

it('index, search', async () => {
  check(at('index'))
  writeFileSync(at('queries.jsonl'), `{"_id": "q${HIGH}", "text": "When was the ferry opened? ${LOW}"}\n`)
  const search = ['index', 'search', at('index'), '--queries', at('queries.jsonl')]
  const { stdout, stderr } = await run([...search, '--json'])
  expect(JSON.parse(stdout).results[0].id).toBe('q\ufffd')
  expect(stderr).toContain('2 halves of surrogate pairs are U+FFFD now')
  await run([...search, '--trec', at('run.trec')])
})

it('mine in every format, validate, score, report, pack', async () => {
  const formats = ['triplet', 'n-tuple', 'labeled-pair', 'labeled-list', 'flagembedding', 'beir']
  const mined = await run([
    ...[
      'mine',
      '--index',
      at('index'),
      '--qa-file',
      at('qa.jsonl'),
      '--output-dir',
      at('out'),
      '--target-top-k',
      '3',
    ],
    ...['--format', ...formats, '--parquet', '--json'],
  ])
  expect(JSON.parse(mined.stdout)).toMatchObject({ samples: 6, bad_records: 0, notes: 6 })
  check(at('out'))
  const data = at('out/end_to_end_data.jsonl')
  await run(['validate', '--input-file', data, '--json'])
  await run(['report', '--input-dir', at('out'), '--index', at('index'), '--json'])
  await run(['score', '--input-file', data, '--output-file', at('out/scores.jsonl'), '--json'])
  await run(['pack', '--input-dir', at('out'), '--output-file', at('out.tar.gz'), '--json'])
  check(at('out'))
  const archive = gunzipSync(readFileSync(at('out.tar.gz'))).toString('latin1')
  expect(halvesIn(archive)).toEqual([])
}, 120_000)

it('a file of samples that has them is an error of validate and of pack, and mended by score --fix', async () => {
  const sample = ([question, answer]: readonly [string, string], i: number) =>
    `{"question": "${question} ${i % 2 ? LOW : ''}", "docs": [${[i, i + 4, i + 3].map((n) => `"${passage(n)}"`).join(', ')}], "gold_answer": "${answer}", "answer": "${answer}", "pos_index": [0], "k${HIGH}": "C:\\\\ud83d"}`
  mkdirSync(at('planted'))
  const file = at('planted/end_to_end_data.jsonl')
  writeFileSync(file, `${asked.slice(0, 4).map(sample).join('\n')}\n`)
  const { stdout, stderr } = await run(['validate', '--input-file', file, '--json'], 1)
  expect(JSON.parse(stdout).findings[0]).toEqual({
    kind: 'lone-surrogate',
    level: 'error',
    count: 4,
    lines: [1, 2, 3, 4],
  })
  expect(stderr).toContain(`${file}:2: 5 halves of surrogate pairs (\\ud800 to \\udfff)`)
  await run(['report', '--input-dir', at('planted'), '--output-file', at('planted.html'), '--json'])
  const packed = await run(
    ['pack', '--input-dir', at('planted'), '--output-file', at('p.tar.gz'), '--json'],
    1,
  )
  expect(packed.stdout).toContain('lone-surrogate')
  const fixed = await run(
    [
      'score',
      '--input-file',
      file,
      '--fix',
      '--index',
      at('index'),
      '--output-file',
      at('fixed.jsonl'),
      '--json',
    ],
    0,
  )
  expect(fixed.stderr).toContain(`${file}:1: note: 4 halves`)
  mkdirSync(at('fixed'))
  writeFileSync(at('fixed/fixed.jsonl'), readFileSync(at('fixed.jsonl')))
  check(at('fixed'))
  expect(readFileSync(at('fixed.jsonl'), 'utf8')).toContain('C:\\\\ud83d')
}, 120_000)

it('halves as bytes, and pairs of them, are mended by score --fix, in rows that are no samples, too', async () => {
  const row = {
    question: 'Where?',
    answer: 'x',
    gold_answer: 'x',
    docs: ['A @.', 'B &.', 'C.'],
    pos_index: [0],
  }
  const bad = { question: 'Where @?' }
  const [half, pair] = ['\xed\xa0\xbd', '\xed\xa0\xbd\xed\xb8\x80']
  const latin1 = [row, bad].map((each) => `${JSON.stringify(each)}\n`).join('')
  writeFileSync(at('bytes.jsonl'), latin1.replaceAll('@', half).replaceAll('&', pair), 'latin1')
  const flags = ['--index', at('index'), '--output-file', at('mended.jsonl'), '--json']
  await run(['score', '--input-file', at('bytes.jsonl'), '--fix', ...flags], 1)
  const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(at('mended.jsonl')))
  const [first, second] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(first.docs.slice(0, 2)).toEqual(['A \ufffd.', 'B \u{1f600}.'])
  expect(second.question).toBe('Where \ufffd?')
}, 60_000)

it('extract: an entity, UTF-16 and an escape of a page', async () => {
  mkdirSync(at('documents'))
  writeFileSync(
    at('documents/a.html'),
    `<title>A &#xD83D;</title><p>One &#xD800; two &#55357; and &#128512;.</p>`,
  )
  writeFileSync(at('documents/b.md'), '# B\n\nOne &#xdc00; two.\n')
  writeFileSync(at('documents/c.txt'), Buffer.from('\ufeffHalf \ud83d of a pair.', 'utf16le'))
  const { stdout, stderr } = await run(
    ['extract', '--input-dir', at('documents'), '--output-file', at('extracted/raw.jsonl'), '--json'],
    0,
  )
  expect(stdout).not.toContain('U+FFFD now') // it is no failure
  expect(stderr).toContain('c.txt: note: half of a surrogate pair is U+FFFD now')
  check(at('extracted'))
  expect(readFileSync(at('extracted/raw.jsonl'), 'utf8')).toContain('Half \ufffd of a pair.')
}, 60_000)

it('synth: a model that writes them, a corpus that has them', async () => {
  const server = await startLlmServer({
    behave: (body) => ({
      content: writePairs(body).replaceAll('?"', `? ${HIGH}"`).replaceAll('."', `. ${LOW}"`),
    }),
  })
  onTestFinished(() => server.close())
  const { stdout, stderr } = await clara(
    [
      ...[
        'synth',
        '--input-file',
        at('corpus.jsonl'),
        '--output-dir',
        at('synth'),
        '--target-top-k',
        '3',
        '--chunk-tokens',
        '64',
      ],
      ...['--stages', 'pretrain,instruction,end-to-end', '--base-url', server.url, '--parquet', '--json'],
    ],
    { env: { OPENAI_API_KEY: 'sk-test' } },
  )
  expect(stderr).not.toContain('this is a bug')
  check(at('synth'))
  expect(stdout).toMatch(/"repaired_halves":[1-9]/)
  expect(readFileSync(at('synth/qa.jsonl'), 'utf8')).toContain('\ufffd"')
  expect(readFileSync(at('synth/end_to_end_data.jsonl'), 'utf8')).toContain('\ufffd"')
}, 120_000)
