import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Problem } from '#clara/errors.js'
import { type ReportOptions, reportRun } from '#clara/samples/report/report.js'
import { jsonl, useDirectory } from '../../support/directory.js'
import { dataLine, type KnownRow, provenanceLine, ringRow, writeRun } from '../../support/run-files.js'

const directory = useDirectory()
const path = (name: string) => join(directory.path, name)

async function report(options: Partial<ReportOptions> = {}, run = 'run') {
  const problems: Problem[] = []
  const outputFile = path('report.html')
  const numbers = await reportRun(path(run), {
    outputFile,
    shown: 50,
    seed: 42,
    countTokens: async (texts) => texts.map((text) => text.split(' ').length),
    onProblem: (problem) => problems.push(problem),
    ...options,
  })
  return { numbers, problems, page: readFileSync(outputFile, 'utf8') }
}

const rows: KnownRow[] = [
  {
    question: 'Where do puffins nest?',
    answer: 'in burrows',
    docs: [
      { text: 'Puffins nest in burrows.', chunk: 'puffin#0', tier: 'p', rank: 1, score: 0.8, reranker: 0.99 },
      { text: 'Gannets dive.', chunk: 'gannet#0', tier: 'hard', rank: 2, score: 0.4, reranker: 0.2 },
      { text: 'Terns migrate.', chunk: 'tern#0', tier: 'random', reranker: 0.01 },
    ],
    excluded: [
      { chunk: 'puffin#0', reason: 'is a positive' },
      { chunk: 'auk#0', reason: 'contains the answer', score: 0.7 },
      { chunk: 'kiwi#0', reason: 'score near the positive', score: 0.79 },
    ],
  },
  {
    question: 'What do gannets do?',
    answer: 'dive',
    docs: [
      { text: 'Terns migrate.', chunk: 'tern#0', tier: 'suspect', rank: 1, score: 0.7, reranker: 0.9 },
      { text: 'Gannets dive.', chunk: 'gannet#0', tier: 'p', rank: 2, score: 0.6, reranker: 0.5 },
      {
        text: 'Auks nest in burrows, too.',
        chunk: 'auk#0',
        tier: 'hard',
        rank: 3,
        score: 0.3,
        reranker: 0.1,
      },
    ],
    excluded: [{ chunk: 'gannet#1', reason: 'next to a positive' }],
  },
]

test('counts what is there', async () => {
  await writeRun(directory, 'run', rows)
  const { numbers, problems } = await report()
  expect(problems).toEqual([])
  expect(numbers).toMatchObject({
    samples: 2,
    bad_records: 0,
    with_provenance: 2,
    top_k: 3,
    embedder: 'known-embedder',
    docs: { positive: 2, hard: 3, random: 1 },
    distinct_docs: 4,
    without_answer: 0,
    docs_per_sample: [{ docs: 3, count: 2 }],
    positions: [
      { position: 0, count: 1 },
      { position: 1, count: 1 },
    ],
    positive_first: 1,
    outscored: { samples: 1, of: 2 },
    caught: { text: 1, score: 1, place: 1, total: 3 },
    missing: [],
  })
  expect(numbers.tiers).toEqual([
    { name: 'hard', count: 2 },
    { name: 'random', count: 1 },
    { name: 'suspect', count: 1 },
  ])
  expect(numbers.passed_over.map(({ count }) => count)).toEqual([1, 1, 1, 1])
  expect(numbers.reuse).toMatchObject({ chunks: 3, counted: 1, most: [{ chunk: 'tern#0', uses: 2 }, {}, {}] })
  const { positive, hard, random } = numbers.embedder_scores
  expect(positive).toMatchObject({ count: 2, mean: 0.7, min: 0.6, max: 0.8 })
  expect(hard).toMatchObject({ count: 3, min: 0.3, max: 0.7 })
  expect(random).toBeUndefined()
  expect(numbers.reranker_scores.random).toMatchObject({ count: 1, mean: 0.01 })
  expect(numbers.ranks.positive).toMatchObject({ count: 2, min: 1, max: 2, p50: 1, p95: 2 })
  expect(numbers.characters.docs.hard).toMatchObject({ count: 3, min: 13, max: 26 })
  expect(numbers.tokens).toMatchObject({ samples: 2, docs: { positive: { count: 2, min: 2, max: 4 } } })
  const binned = [positive, hard].flatMap((spread) => spread!.bins).reduce((sum, { count }) => sum + count, 0)
  expect(binned).toBe(5)
})

test('shows what was left out beside the positive, its text from another sample', async () => {
  await writeRun(directory, 'run', rows)
  const { page } = await report()
  const examples = page.split('<article class="case">').slice(1)
  const auk = examples.find((text) => text.includes('contains the answer'))!
  expect(auk).toContain('Puffins nest in burrows.')
  expect(auk).toContain('Auks nest in burrows, too.')
  expect(auk).toContain('0.700')
  const kiwi = examples.find((text) => text.includes('score near the positive'))!
  expect(kiwi).toContain('kiwi#0') // nowhere in the run: only its id is known
  expect(page).not.toContain('>is a positive</p>')
})

test('estimates what embeddings would have cost, by a dated list', async () => {
  await writeRun(directory, 'run', rows)
  const { numbers, page } = await report()
  // Four distinct documents of 3.0 words (17.2 characters) each, two questions of 4 words.
  expect(numbers.saved).toMatchObject({ basis: 'samples', texts: 4, questions: 2, question_tokens: 8 })
  const { tokens, costs, prices_as_of } = numbers.saved!
  expect(tokens).toBeGreaterThanOrEqual(10)
  expect(tokens).toBeLessThanOrEqual(13)
  const small = costs.find(({ model }) => model === 'text-embedding-3-small')!
  expect(small.usd).toBeCloseTo((tokens + 8) * 0.02e-6, 6)
  expect(page).toContain(`OpenAI’s list of ${prices_as_of}`)
})

test('takes the chunks of clara-synth for the corpus', async () => {
  await writeRun(directory, 'run', rows)
  const chunks = [
    { id: 'kiwi#0', documentId: 'kiwi', title: 'Kiwi', text: 'They nest in burrows.' },
    { id: 'emu#0', documentId: 'emu', title: '', text: 'Emus run.' },
  ]
  await directory.write('run/chunks/chunks.jsonl', jsonl(...chunks, 'no chunk'))
  const { numbers, page, problems } = await report()
  expect(numbers.corpus).toEqual({ chunks: 2, characters: 'Kiwi They nest in burrows.'.length + 9 })
  expect(numbers.saved).toMatchObject({ basis: 'corpus', texts: 2 })
  expect(page).toContain('Kiwi They nest in burrows.')
  expect(problems).toMatchObject([{ line: 3 }])
})

test('counts what was rejected, by reason, and shows some of each', async () => {
  await writeRun(directory, 'run', rows)
  const pair = { type: 'fact', question: 'What about it?', answer: 'That', quotes: ['a quote'] }
  await directory.write(
    'run/rejected.jsonl',
    jsonl(
      ...Array.from({ length: 9 }, (_, i) => ({
        chunk_id: 'c',
        reasons: ['too long', 'too odd'],
        pair: { ...pair, answer: `A${i}` },
      })),
      { chunk_id: 'c', reasons: ['too long'], summary: 'A summary of it.' },
      { chunk_id: 'c' },
    ),
  )
  const { numbers, page, problems } = await report()
  expect(numbers.rejected).toEqual({
    pairs: 9,
    summaries: 1,
    reasons: [
      { name: 'too long', count: 9 },
      { name: 'too odd', count: 9 },
    ],
    summary_reasons: [{ name: 'too long', count: 1 }],
  })
  expect(page.split('<p class="why">too long</p>')).toHaveLength(4)
  expect(problems).toMatchObject([{ line: 11, reason: 'reasons is no list of strings' }])
})

test('both sides of a split are one report', async () => {
  for (const [side, count] of [
    ['train', 3],
    ['validation', 1],
  ] as const) {
    const some = Array.from({ length: count }, (_, i) => ringRow(i))
    await directory.write(`run/end_to_end_data.${side}.jsonl`, jsonl(...some.map(dataLine)))
    await directory.write(`run/end_to_end_data.${side}.provenance.jsonl`, jsonl(...some.map(provenanceLine)))
  }
  const { numbers } = await report()
  expect(numbers).toMatchObject({ samples: 4, split: { train: 3, validation: 1 } })
  expect(numbers.missing).toEqual(['no report.json: the run is not finished, or it was taken away'])
})

test('samples to read are spread evenly, and another seed chooses others', async () => {
  await writeRun(
    directory,
    'run',
    Array.from({ length: 300 }, (_, i) => ringRow(i)),
  )
  const shown = async (seed: number) => {
    const { page } = await report({ shown: 10, seed })
    return Array.from(page.matchAll(/jsonl, line (\d+),/g), ([, line]) => Number(line))
  }
  const [first, again, other] = [await shown(1), await shown(1), await shown(2)]
  expect(first).toHaveLength(10)
  for (const [i, line] of first.entries()) {
    expect(line).toBeGreaterThan(i * 30)
    expect(line).toBeLessThanOrEqual((i + 1) * 30)
  }
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
})

test('passes over bad records, says where they are, and reports on the rest', async () => {
  const good = rows.map(dataLine)
  await directory.write(
    'run/end_to_end_data.jsonl',
    jsonl(good[0]!, '{"question": ', good[1]!, { question: 'docs?' }, good[0]!),
  )
  const provenance = rows.map(provenanceLine)
  await directory.write(
    'run/end_to_end_data.provenance.jsonl',
    jsonl(provenance[0]!, provenance[0]!, { docs: [{}] }),
  )
  await directory.write('run/report.json', '[1, 2')
  await directory.write('run/qa.jsonl', jsonl({ question: 1 }))
  const { numbers, problems } = await report()
  expect(numbers).toMatchObject({ samples: 3, with_provenance: 1, bad_records: problems.length })
  const said = problems.map(({ path, line }) => `${path.slice(directory.path.length + 5)}:${line}`)
  expect(said).toEqual([
    'report.json:1',
    'end_to_end_data.jsonl:2',
    'end_to_end_data.provenance.jsonl:3',
    'end_to_end_data.jsonl:4',
    'end_to_end_data.provenance.jsonl:4',
    'qa.jsonl:1',
  ])
})

test('provenance of another run counts as none', async () => {
  await writeRun(directory, 'run', rows)
  await directory.write(
    'run/end_to_end_data.provenance.jsonl',
    jsonl({ docs: [] }, provenanceLine(rows[1]!, 1), 'x'),
  )
  const { numbers, problems } = await report()
  expect(numbers.with_provenance).toBe(1)
  expect(problems.map(({ reason }) => reason)).toEqual([
    '0 docs, the sample has 3',
    'goes on; there are no more samples',
  ])
})

test.each([
  ['nested deeply', `{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'nested more than 32 deep'],
  ['a list', '[]', 'not a JSON object'],
  ['no JSON', '{', 'JSON'],
])('settings that are %s are passed over', async (_, content, reason) => {
  await writeRun(directory, 'run', rows)
  await directory.write('run/run.json', content)
  const { numbers, problems } = await report()
  expect(numbers).toMatchObject({ samples: 2, settings: null, bad_records: 1 })
  expect(problems).toMatchObject([{ path: path('run/run.json'), reason: expect.stringContaining(reason) }])
})

test('an index of the run that is damaged is passed over, one that was named is an error', async () => {
  await writeRun(directory, 'run', rows)
  await directory.write('run/index/manifest.json', '{}')
  const { numbers, problems } = await report()
  expect(numbers).toMatchObject({ samples: 2, corpus: null, index: null, saved: { basis: 'samples' } })
  expect(problems).toMatchObject([{ path: path('run/index/manifest.json') }])
  await expect(report({ index: path('run/index') })).rejects.toMatchObject({ code: 'index' })
})

test('a sample of a thousand documents is cut, its positive kept', async () => {
  const texts = Array.from({ length: 1000 }, (_, i) => `Passage ${i} of many.`)
  const row = { question: 'Which?', docs: texts, gold_answer: '998', answer: '998', pos_index: [998] }
  await directory.write('run/end_to_end_data.jsonl', jsonl(row, row))
  const { numbers, page } = await report()
  expect(numbers).toMatchObject({ top_k: 1000, docs: { positive: 2, hard: 1998 } })
  expect(page).toContain('Passage 998 of many.')
  expect(page).toContain('… and 980 more documents')
  expect(page).not.toContain('Passage 500 of many.')
})

test('says where the files contradict each other', async () => {
  await writeRun(directory, 'run', rows)
  await directory.write('run/report.json', JSON.stringify({ samples: 7 }))
  const { numbers } = await report()
  expect(numbers.missing).toEqual(['report.json says 7 samples, 2 were read'])
})

test('samples without anything beside them are enough', async () => {
  await directory.write('run/end_to_end_data.jsonl', jsonl(...rows.map(dataLine)))
  const { numbers, page, problems } = await report({ countTokens: undefined })
  expect(problems).toEqual([])
  expect(numbers).toMatchObject({ samples: 2, with_provenance: 0, tokens: null, saved: null, embedder: null })
  expect(numbers.docs).toEqual({ positive: 2, hard: 4, random: 0 })
  expect(page).toContain('Puffins nest in burrows.')
  expect(page).toContain('no provenance of end_to_end_data.jsonl')
})

test.each([
  ['empty', {}, 'is empty'],
  ['foreign', { 'notes.txt': 'x' }, 'holds other files'],
  ['settings only', { 'run.json': '{}' }, 'holds run.json only'],
])('a directory that is %s is none of a run', async (_, files, reason) => {
  await directory.write('run/.keep', '')
  if (Object.keys(files).length === 0)
    await import('node:fs/promises').then(({ rm }) => rm(path('run/.keep')))
  for (const [name, content] of Object.entries(files)) await directory.write(`run/${name}`, content)
  await expect(report()).rejects.toThrow(reason)
})

test('refuses to replace what is no report, and files of the run whatever is asked', async () => {
  await writeRun(directory, 'run', rows)
  const other = await directory.write('notes.html', '<p>mine</p>')
  await expect(report({ outputFile: other })).rejects.toMatchObject({ code: 'exists' })
  expect(readFileSync(other, 'utf8')).toBe('<p>mine</p>')
  const data = path('run/end_to_end_data.jsonl')
  await expect(report({ outputFile: data, overwrite: true })).rejects.toMatchObject({ code: 'usage' })
  expect(readFileSync(data, 'utf8')).toBe(jsonl(...rows.map(dataLine)))
  await report()
  await report() // its own report is replaced
})
