import { readFile, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ClaraError, messageOf } from '#clara/errors.js'
import { type LlmReply, passageIn, startLlmServer } from '../llm-server.js'
import { chunk, chunks, KEY, run, setUp } from './generate-run.js'

const SOON = { 'retry-after-ms': '5' }
const PAIR = '{"type": "fact", "question": "Who?", "answer": "She.", "quotes": ["She did."]}'

describe('a reply that cannot be used', () => {
  it.each<[string, LlmReply, string]>([
    ['prose', { content: 'Here you are:\nQ: Who?' }, 'the reply is not a JSON object: Here you are: Q: Who?'],
    ['truncated JSON', { content: `{"pairs": [${PAIR}, {"ques` }, 'not a JSON object'],
    ['two fences', { content: '```json\n{"pairs": []}\n```\n```json\n{}\n```' }, 'has no pairs'],
    ['no array', { content: '{"pairs": {}}' }, 'no "pairs" array'],
    ['no pairs', { content: '{"pairs": []}' }, 'has no pairs'],
    [
      'an empty answer',
      { content: '{"pairs": [{"type": "fact", "question": "x", "answer": " ", "quotes": ["x"]}]}' },
      'pair 1 of the reply',
    ],
    [
      'a number',
      { content: '{"pairs": [{"type": "fact", "question": "x", "answer": 3}]}' },
      'pair 1 of the reply',
    ],
    ['a pair that is a list', { content: '{"pairs": [["x"]]}' }, 'pair 1 of the reply: not an object'],
    [
      'no quotes',
      { content: PAIR.replace('["She did."]', '[]').replace(/.*/, '{"pairs": [$&]}') },
      '"quotes"',
    ],
    ['a quote that is none', { content: `{"pairs": [${PAIR.replace('"She did."', '7')}]}` }, '"quotes"'],
    ['too many pairs', { content: `{"summary": "x", "pairs": [${Array(201).fill(PAIR)}]}` }, '201 pairs'],
    ['a megabyte', { content: `{"summary": "${'x'.repeat(1 << 20)}", "pairs": [${PAIR}]}` }, 'over 1048576'],
    ['a depth of lists', { content: `${'['.repeat(100_000)}${']'.repeat(100_000)}` }, 'not a JSON object'],
    [
      'nothing',
      { content: null, finishReason: 'content_filter' },
      'a content filter stopped the reply (finish_reason content_filter)',
    ],
    ['a length stop', { content: '{"pairs": [', finishReason: 'length' }, 'cut off at the token limit'],
    ['a refusal', { content: null, refusal: 'I cannot\nhelp.' }, 'the model refused: I cannot help.'],
    [
      'a web page',
      { raw: { type: 'text/html', body: '<html>Log in' } },
      'not a chat completion: <html>Log in',
    ],
    ['half a body', { raw: { type: 'application/json', body: '{"choices": [' } }, 'not JSON'],
    ['an error as 200', { raw: { type: 'application/json', body: '{"error": "too long"}' } }, 'too long'],
    ['a 400', { status: 400, error: { message: 'too long' } }, '400 too long'],
    [
      'a 400 that would paint',
      { status: 400, error: { message: '\u001b]0;x\u0007\u009b2Jred' } },
      '400 ]0;x 2Jred',
    ],
    ['no body', { status: 413, raw: { type: 'text/plain', body: '' } }, '413 status code (no body)'],
  ])('is that chunk’s problem alone: %s', async (_, reply, reason) => {
    const place = await setUp((body) => (passageIn(body).includes('number 1 ') ? reply : {}))
    const result = await run(chunks(3), { ...place, pairsPerChunk: 2 })
    expect(result.error).toBeUndefined()
    expect(result.problems).toEqual([{ path: 'chunk doc1#0', reason: expect.stringMatching(/^.{1,450}$/) }])
    expect(result.problems[0]!.reason).toContain(reason)
    expect(result.counts).toMatchObject({ chunks: 3, failed: 1, pairs: 4 })
    expect(new Set(result.pairs.map(({ docId }) => docId))).toEqual(new Set(['doc0#0', 'doc2#0']))
  })

  it.each([
    ['a fence', `\`\`\`json\n{"summary": "S.", "pairs": [${PAIR}]}\n\`\`\``],
    [
      'blanks around',
      `\n {"pairs": [{"type": " fact", "question": " Who?\\n", "answer": "She. ", "quotes": [" She did. "]}], "summary": " S."} `,
    ],
    ['more than was asked for', `{"summary": "S.", "pairs": [${PAIR}], "notes": [{}]}`],
  ])('is not one with %s', async (_, content) => {
    const place = await setUp(() => ({ content }))
    const result = await run([chunk(0)], place)
    expect(result.written[0]).toMatchObject({ summary: 'S.', pairs: [JSON.parse(PAIR)] })
    expect(result.problems).toEqual([])
  })

  it.each(['{"summary": "S.", "pairs": []}', 'Sorry!', '{"summary": "S.", "pairs": [{"type": "fact"'])(
    'is sent back once with what is wrong with it: %s',
    async (content) => {
      const { server, ...place } = await setUp((_, index) => (index === 0 ? { content } : {}))
      const first = await run([chunk(0)], place)
      expect(first.problems).toEqual([])
      expect(first.counts).toMatchObject({ calls: 2, repaired: 1, failed: 0, pairs: 1, promptTokens: 200 })
      const [asked, again] = server.requests.map(({ messages }) => messages)
      expect(again![0]).toEqual(asked![0])
      expect(again![1]!.content.startsWith(`${asked![1]!.content}\n\n<reply-`)).toBe(true)
      expect(again![1]!.content).toContain(content)
      expect(again![1]!.content).toMatch(/cannot be used: the reply (has no pairs|is not a JSON object)/)
      const second = await run([chunk(0)], place)
      expect(second.written).toEqual(first.written)
      expect(second.counts).toMatchObject({ calls: 0, fromJournal: 1 })
    },
  )

  it('is not sent back twice, nor is a refusal', async () => {
    const { server, ...place } = await setUp((_, index) => ({ content: index === 0 ? 'No.' : '{}' }))
    const { problems } = await run([chunk(0)], place)
    expect(problems[0]!.reason).toMatch(
      /not a JSON object: No\.; asked again: the reply has no "pairs" array$/,
    )
    expect(server.requests).toHaveLength(2)
    const refusing = await setUp(() => ({ content: null, refusal: 'I cannot.' }))
    await run([chunk(0)], refusing)
    expect(refusing.server.requests).toHaveLength(1)
  })

  it('is not asked for again by the next run, nor its repair', async () => {
    const { server, ...place } = await setUp(() => ({ content: 'No.' }))
    const first = await run([chunk(0)], place)
    const second = await run([chunk(0)], place)
    expect(second.problems).toEqual(first.problems)
    expect(second.counts).toMatchObject({ calls: 0, failed: 1 })
    expect(server.requests).toHaveLength(2)
  })

  it('is repaired by the next run where this one ended before', async () => {
    const { server, ...place } = await setUp((_, index) => (index === 0 ? { content: 'No.' } : {}))
    await run([chunk(0)], place)
    const [first] = (await readFile(place.journalPath, 'utf8')).split('\n')
    await writeFile(place.journalPath, `${first}\n`)
    expect((await run([chunk(0)], place)).counts).toMatchObject({ calls: 1, repaired: 1, pairs: 1 })
    expect(server.requests[2]!.messages[1]!.content).toContain('<reply-')
  })
})

describe('trying again', () => {
  it.each<[string, LlmReply, number]>([
    ['429', { status: 429, headers: SOON }, 3],
    ['500', { status: 500, headers: SOON }, 6],
    [
      '503 with a date that has passed',
      { status: 503, headers: { 'retry-after': new Date(0).toUTCString() } },
      2,
    ],
    ['500 without a hint', { status: 500 }, 1],
    ['a connection cut', { cut: 'before-headers' }, 2],
    ['a body cut', { cut: 'in-body' }, 1],
    ['a hanging server', { hang: 'before-headers' }, 1],
    ['a hanging body', { hang: 'in-body' }, 1],
  ])('mends %s', async (_, reply, times) => {
    const { server, ...place } = await setUp((__, index) => (index < times ? reply : {}))
    const timeoutMs = 'hang' in reply ? 1500 : 10_000 // so that a busy machine is not taken for a hanging one
    const result = await run(chunks(1), { ...place, endpoint: { timeoutMs } })
    expect(result.problems).toEqual([])
    expect(result.counts).toMatchObject({ pairs: 1, calls: times + 1 })
    expect(server.requests.length).toBe(times + 1)
  })

  it('waits as long as Retry-After says', async () => {
    const times: number[] = []
    const place = await setUp((_, index) => {
      times.push(performance.now())
      return index === 0 ? { status: 429, headers: { 'retry-after': '2' } } : {}
    })
    expect((await run(chunks(1), place)).counts.pairs).toBe(1)
    expect(times[1]! - times[0]!).toBeGreaterThan(1990)
    expect(times[1]! - times[0]!).toBeLessThan(3500)
  })

  it('gives one chunk up and goes on', async () => {
    const place = await setUp((body) =>
      passageIn(body).includes('number 0 ')
        ? { status: 502, headers: SOON, error: { message: 'bad gateway' } }
        : {},
    )
    const result = await run(chunks(2), place)
    expect(result.problems).toEqual([{ path: 'chunk doc0#0', reason: '502 bad gateway' }])
    expect(result.counts).toMatchObject({ calls: 8, failed: 1, pairs: 1 })
  })

  it('is left where the server says so', async () => {
    const place = await setUp(() => ({ status: 500, headers: { 'x-should-retry': 'false' } }))
    expect((await run(chunks(1), place)).counts).toMatchObject({ calls: 1, failed: 1 })
  })
})

describe('stopping the run', () => {
  it.each<[string, LlmReply, string]>([
    ['401', { status: 401, error: { message: `Incorrect API key: ${KEY}` } }, 'check the API key'],
    ['402', { status: 402, error: { message: 'Insufficient Balance' } }, 'credit'],
    [
      '403',
      { status: 403, error: { message: 'You do not have access to this model' } },
      'may use this model',
    ],
    ['404', { status: 404, error: { message: 'no such model' } }, "model's name and the base URL"],
    [
      'a redirect',
      { status: 307, headers: { location: 'http://127.0.0.1:1/v1' } },
      'redirects to as base URL',
    ],
    ['an empty account', { status: 429, error: { code: 'insufficient_quota' } }, 'credit'],
  ])('at once for %s', async (_, reply, hint) => {
    const { server, ...place } = await setUp((__, index) => (index < 2 ? {} : reply))
    const result = await run(chunks(9), place)
    expect(result.error).toBeInstanceOf(ClaraError)
    expect(result.error).toMatchObject({ code: 'llm' })
    const message = messageOf(result.error)
    expect(message).toContain(`${server.url}: model test-model: ${reply.status} `)
    expect(message).toContain(hint)
    expect(message).not.toContain(KEY)
    expect((await readFile(place.journalPath, 'utf8')).split('\n').length - 1).toBe(2)
    expect(server.requests.length).toBe(3)
  })

  it('does not wait for slower calls', async () => {
    const place = await setUp((_, index) => (index === 3 ? { status: 401 } : { hang: 'before-headers' }))
    const start = performance.now()
    const result = await run(chunks(9), { ...place, endpoint: { concurrency: 4, timeoutMs: 60_000 } })
    expect(result.error).toMatchObject({ code: 'llm' })
    expect(performance.now() - start).toBeLessThan(2000)
  })

  it('within seconds where nobody is there, with few tries', async () => {
    const server = await startLlmServer()
    const { journalPath } = await setUp()
    await server.close()
    const start = performance.now()
    const result = await run(chunks(40), { url: server.url, journalPath, endpoint: { concurrency: 32 } })
    expect(performance.now() - start).toBeLessThan(8000)
    expect(result.error).toMatchObject({ code: 'llm' })
    expect(messageOf(result.error)).toContain(
      `${server.url}: model test-model: connection failed: connect ECONN`,
    )
    expect(messageOf(result.error)).toContain('nothing listens there: check that the server runs')
    expect(result.counts.calls).toBeLessThanOrEqual(16)
  })

  it('not for four in a row', async () => {
    const place = await setUp((body) =>
      passageIn(body).includes('number 4 ') ? {} : { raw: { type: 'text/html', body: 'proxy' } },
    )
    const result = await run(chunks(9), place)
    expect(result.error).toBeUndefined()
    expect(result.counts).toMatchObject({ chunks: 9, failed: 8, pairs: 1 })
  })
})

describe('the API key', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  it.each<[string, LlmReply]>([
    ['an error', { status: 400, error: { message: `key ${KEY} is ${KEY}` } }],
    ['an error page', { status: 418, raw: { type: 'text/plain', body: `${'x'.repeat(393)} ${KEY}` } }],
    [
      'a reply',
      {
        content: JSON.stringify({
          summary: KEY,
          pairs: [{ ...JSON.parse(PAIR), question: KEY, answer: KEY }],
        }),
      },
    ],
    ['a reply that is no JSON', { content: `Bearer ${KEY}` }],
    ['no completion', { raw: { type: 'application/json', body: JSON.stringify({ debug: KEY }) } }],
    ['a refusal', { refusal: `not with ${KEY}` }],
    ['a fatal error', { status: 401, error: { message: `Bearer ${KEY}`, code: KEY } }],
  ])('is in no message, file or log when it comes back in %s', async (_, reply) => {
    vi.stubEnv('OPENAI_LOG', 'debug')
    const written: unknown[] = []
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation((text) => written.push(text) > 0)
    }
    for (const method of ['debug', 'info', 'log', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation((...parts) => void written.push(parts))
    }
    const { url, journalPath } = await setUp(() => reply)
    const result = await run(chunks(2), { url, journalPath })
    const error = result.error as Error | undefined
    const everything = JSON.stringify([result, error?.message, error?.stack, error?.cause, written])
    const journal = await readFile(journalPath, 'utf8')
    vi.restoreAllMocks()
    expect(written).toEqual([])
    for (const text of [everything, journal]) expect(text).not.toMatch(/sk-canary/)
    expect(`${everything}${journal}`).toMatch(/\*\*\*|x{393}/)
  })
})
