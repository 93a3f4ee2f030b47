import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { embeddingsOf, type LlmServerOptions } from '../llm-server.js'
import { clara, readRows } from './clara.js'
import { serve, synthFolder, textsIn } from './synth-run.js'

const { corpus, path, synth } = synthFolder(20)
const KEY = 'sk-canary-7f3e2b9a5d1c'
const env = { OPENAI_API_KEY: KEY }
const FLAGS = ['--use-embeddings', '--types', 'fact:1', '--stages', 'end-to-end', '--concurrency', '4']

const textsSent = (requests: { input: string[] }[]) => requests.flatMap(({ input }) => input)
const distinct = (texts: string[]) => new Set(texts).size

describe('--use-embeddings', () => {
  it('mines by the endpoint’s vectors, says what they cost, and pays for none of them twice', async () => {
    const { url, requests, embeddings } = await serve()
    const run = (flags: string[]) => synth('api', ['--base-url', url, '--json', ...FLAGS, ...flags], { env })
    const first = await run([])
    expect({ code: first.code, stderr: first.stderr }).toMatchObject({ code: 0 })
    const result = JSON.parse(first.stdout)
    expect(result).toMatchObject({ samples: 20, embedder: 'api:text-embedding-3-small' })
    expect(result.hard_negatives).toBeGreaterThan(60)
    const texts = textsSent(embeddings)
    expect(distinct(texts)).toBe(texts.length)
    expect(texts.length).toBe(20 + 20 + 1) // chunks, questions, and one to know the dimensions by
    const words = texts.map((text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu)!.length)
    const tokens = words.reduce((sum, each) => sum + each, 0)
    expect(result.embeddings).toMatchObject({ model: 'text-embedding-3-small', calls: embeddings.length })
    expect(result.embeddings.usd).toBeCloseTo((tokens * 0.02) / 1e6, 6)
    const report = JSON.parse(readFileSync(path('api', 'report.json'), 'utf8'))
    expect(report.embeddings).toEqual({
      model: 'text-embedding-3-small',
      prompt_tokens: tokens,
      usd: result.embeddings.totalUsd,
    })

    const shown = await clara(['--input-dir', path('api'), '--json'], { bin: 'clara-report' })
    expect(JSON.parse(shown.stdout)).toMatchObject({ saved: null, corpus: { chunks: 20 } })
    expect(readFileSync(path('api', 'report.html'), 'utf8')).toContain('Paid for embeddings')

    const [calls, asked] = [requests.length, embeddings.length]
    const second = await run(['--target-top-k', '3'])
    expect(second.code).toBe(0)
    expect(JSON.parse(second.stdout)).toMatchObject({ samples: 20, embeddings: { calls: 0 } })
    expect([requests.length, embeddings.length]).toEqual([calls, asked])
    expect(
      readRows(path('api', 'end_to_end_data.jsonl')).every(({ docs }) => (docs as string[]).length === 3),
    ).toBe(true)
  })

  it('takes negatives that are nearer than those drawn at random', async () => {
    const { url } = await serve()
    await synth('near', ['--base-url', url, '--quiet', ...FLAGS], { env })
    const rows = readRows(path('near', 'end_to_end_data.provenance.jsonl'))
    const hard = rows.flatMap(({ docs }) => docs as { rank?: number }[])
    expect(hard.filter(({ rank }) => typeof rank === 'number').length).toBeGreaterThan(60)
  })

  it('sends fewer texts at a time to an endpoint that takes no more than 10', async () => {
    const { url, embeddings } = await serve(undefined, ({ input }) =>
      input.length > 10 ? { status: 400, error: { message: 'batch size is invalid, at most 10' } } : {},
    )
    const { code, stderr } = await synth('tens', ['--base-url', url, '--quiet', ...FLAGS], { env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const taken = embeddings.filter(({ input }) => input.length <= 10)
    expect(textsSent(taken)).toHaveLength(41)
    expect(embeddings.length - taken.length).toBeLessThanOrEqual(2)
  })

  type Listed = { data: { embedding: number[] }[] }
  const changed = (body: { input: string[] }, change: (each: { embedding: unknown }) => unknown) => {
    const { data, ...rest } = JSON.parse(embeddingsOf(body as never)) as Listed
    return { raw: { type: 'application/json', body: JSON.stringify({ ...rest, data: data.map(change) }) } }
  }
  const base64 = (numbers: unknown) =>
    Buffer.from(Float32Array.from(numbers as number[]).buffer).toString('base64')

  it.each<[string, NonNullable<LlmServerOptions['embed']>]>([
    ['base64', (body) => changed(body, (each) => ({ ...each, embedding: base64(each.embedding) }))],
    ['a list of one vector', (body) => changed(body, (each) => ({ ...each, embedding: [each.embedding] }))],
    [
      'no word about the encoding',
      (body) =>
        'encoding_format' in body
          ? { status: 400, error: { message: 'Unknown parameter: encoding_format' } }
          : {},
    ],
    ['the first text alone', (body) => changed({ ...body, input: body.input.slice(0, 1) }, (each) => each)],
    [
      'as much as a batch holds, with a 500',
      (body) =>
        body.input.length > 10 ? { status: 500, error: { message: 'input is too large to process' } } : {},
    ],
    [
      'null now and then',
      (_body, i) => (i % 2 === 0 ? { raw: { type: 'application/json', body: '{"data": null}' } } : {}),
    ],
  ])('takes what a server gives that knows %s', async (name, embed) => {
    const { url, embeddings } = await serve(undefined, embed)
    const { code, stderr } = await synth(`odd ${name}`, ['--base-url', url, '--quiet', ...FLAGS], {
      env,
    })
    expect([code, stderr]).toEqual([0, ''])
    expect(embeddings.length).toBeLessThan(60)
  })

  it('tries again what was turned away', async () => {
    const { url } = await serve(undefined, (_, index) =>
      index % 2 === 0 ? { status: index % 4 === 0 ? 429 : 500, error: { message: 'later' } } : {},
    )
    const { code } = await synth('again', ['--base-url', url, '--quiet', ...FLAGS], { env })
    expect(code).toBe(0)
  })

  it('goes on after a stop, whatever was left of the last record, without paying for a vector again', async () => {
    const lost = path('lost', 'embedding_journal.jsonl')
    const failing = await serve(undefined, (_, index) =>
      index === 2 ? { status: 401, error: { message: `no key like ${KEY}` } } : {},
    )
    const stopped = await synth('lost', ['--base-url', failing.url, ...FLAGS], { env })
    expect(stopped.code).toBe(2)
    expect(stopped.stderr).toContain('no embeddings: 401 no key like ***')
    const paid = textsSent(failing.embeddings.slice(0, 2))
    expect(readFileSync(lost, 'utf8').split('\n')).toHaveLength(paid.length + 1)
    appendFileSync(lost, '{"key":"torn')

    const { url, embeddings } = await serve()
    const { code } = await synth('lost', ['--base-url', url, '--quiet', ...FLAGS], { env })
    expect(code).toBe(0)
    expect(textsSent(embeddings).filter((text) => paid.includes(text))).toEqual([])
    expect(Object.values(textsIn(path('lost'))).filter((text) => text.includes(KEY))).toEqual([])

    await synth('whole', ['--base-url', url, '--quiet', ...FLAGS], { env })
    for (const file of ['end_to_end_data.jsonl', 'end_to_end_data.provenance.jsonl', 'report.json']) {
      expect(readFileSync(path('lost', file), 'utf8'), file).toBe(readFileSync(path('whole', file), 'utf8'))
    }
  })

  it('builds its index anew for another model', async () => {
    const { url, embeddings } = await serve()
    await synth('models', ['--base-url', url, '--quiet', ...FLAGS], { env })
    const other = ['--embedding-model', 'text-embedding-3-large', '--json']
    const { code, stdout } = await synth('models', ['--base-url', url, ...FLAGS, ...other], { env })
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, embedder: 'api:text-embedding-3-large' })
    expect(embeddings.at(-1)!.model).toBe('text-embedding-3-large')
  })

  const vectors = (change: (data: { index: number; embedding: unknown }[]) => unknown[]) => {
    return (asked: { model: string; input: string[] }) => {
      const answer = JSON.parse(embeddingsOf(asked))
      return { raw: { type: 'application/json', body: JSON.stringify({ data: change(answer.data) }) } }
    }
  }
  it.each([
    ['a web page', () => ({ raw: { type: 'text/html', body: '<p>hello' } }), 'not embeddings'],
    ['too few', vectors((data) => data.slice(1)), 'embeddings for'],
    ['zeros', vectors((data) => data.map((each) => ({ ...each, embedding: [0, 0] }))), 'finite numbers'],
    ['words', vectors((data) => data.map((each) => ({ ...each, embedding: ['a'] }))), 'finite numbers'],
    ['base64', vectors((data) => data.map((each) => ({ ...each, embedding: 'AACA?w==' }))), 'finite numbers'],
    [
      'lengths that differ',
      vectors((data) => data.map((each, i) => ({ ...each, embedding: i === 0 ? [1, 2] : [1, 2, 3] }))),
      'numbers, the others have',
    ],
    ['an index twice', vectors((data) => data.map((each) => ({ ...each, index: 0 }))), 'with index 0'],
  ])('stops where the endpoint answers with %s', async (name, embed, message) => {
    const { url } = await serve(undefined, embed)
    const { code, stderr } = await synth(`bad ${name}`, ['--base-url', url, ...FLAGS], { env })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
  })

  it('keeps to a budget that is for both, and goes on with a larger one', async () => {
    const { url, embeddings, requests } = await serve()
    const budget = (usd: string) => [
      '--budget-usd',
      usd,
      '--price-embeddings',
      '1000',
      '--model',
      'gpt-4o-mini',
    ]
    const stopped = await synth('budget', ['--base-url', url, ...FLAGS, ...budget('1')], { env })
    expect(stopped.code).toBe(1)
    expect(stopped.stderr).toContain('the budget is $1.00')
    expect(embeddings).toHaveLength(1) // the 20 chunks cost more
    expect(requests).toHaveLength(0)
    const { code } = await synth('budget', ['--base-url', url, '--quiet', ...FLAGS, ...budget('1000')], {
      env,
    })
    expect(code).toBe(0)
    expect(distinct(textsSent(embeddings))).toBe(textsSent(embeddings).length)
  })

  it('leaves less of the budget for replies', async () => {
    const { url, requests } = await serve()
    const run = (out: string, usd: number, input: number) => {
      const prices = ['--price-embeddings', '1000', '--price-input', String(input), '--price-output', '0']
      const flags = ['--base-url', url, '--json', ...FLAGS, '--concurrency', '1', ...prices]
      return synth(out, [...flags, '--budget-usd', String(usd)], { env })
    }
    const first = await run('vectors', 1e6, 0)
    const vectors = JSON.parse(first.stdout).embeddings.usd
    expect(vectors).toBeGreaterThan(1)
    // The first call fits into 40 dollars, and not beside the vectors: a token may be a byte.
    const bytes = Buffer.byteLength(JSON.stringify(requests[0]))
    const asked = requests.length
    const stopped = await run('beside', 40, ((40 - vectors / 4) / bytes) * 1e6)
    expect(stopped).toMatchObject({ code: 1, stderr: expect.stringContaining('the budget is $40.00') })
    expect(requests).toHaveLength(asked)
    expect((await run('beside', 50, ((40 - vectors / 4) / bytes) * 1e6)).stderr).toContain(
      'the budget is $50.00',
    )
    expect(requests.length).toBeGreaterThan(asked)
  })

  it('is counted by --dry-run, which sends nothing', async () => {
    const { stdout } = await synth('dry', ['--dry-run', '--json', '--use-embeddings'])
    const { embeddings } = JSON.parse(stdout)
    expect(embeddings).toMatchObject({ model: 'text-embedding-3-small', texts: 20 })
    expect(embeddings.usd).toBeCloseTo((embeddings.tokens * 0.02) / 1e6, 5)
    expect(existsSync(path('dry'))).toBe(false)
  })

  it.each<[string[], string]>([
    [['--input-file', corpus, '--local-embeddings'], 'not both'],
    [['--index', 'some'], 'an index of its own'],
    [
      [
        '--input-file',
        corpus,
        '--budget-usd',
        '1',
        '--embedding-model',
        'mine',
        '--base-url',
        'http://[::1]:9',
      ],
      '--price-embeddings',
    ],
    [['--input-file', corpus, '--embedding-model', 'mine'], 'no endpoint is named'],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await clara(['--output-dir', path('refused'), '--use-embeddings', ...flags], {
      bin: 'clara-synth',
      env,
    })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(existsSync(path('refused'))).toBe(false)
  })

  it('says so where the journal is no journal', async () => {
    const { url } = await serve()
    await synth('wrong', ['--base-url', url, '--quiet', ...FLAGS], { env })
    writeFileSync(path('wrong', 'embedding_journal.jsonl'), '{"key":1}\n')
    const { code, stderr } = await synth('wrong', ['--base-url', url, '--overwrite', ...FLAGS], { env })
    expect({ code, stderr }).toMatchObject({ code: 2 })
    expect(stderr).toContain(
      'embedding_journal.jsonl:1: not a record of an endpoint’s vector'.replace('’', "'"),
    )
  })
})

it('--local-embeddings asks for no embedding', async () => {
  const { url, embeddings } = await serve()
  const { code, stderr } = await synth(
    'local',
    ['--base-url', url, '--quiet', '--local-embeddings', '--force'],
    { env },
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(embeddings).toHaveLength(0)
})
