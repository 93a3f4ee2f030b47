import { getEventListeners } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ClaraError } from '#clara/errors.js'
import type { Endpoint } from '#clara/questions/endpoint.js'
import { generateQuestions } from '#clara/questions/generate.js'
import type { LlmReply } from '../llm-server.js'
import { stream } from '../support/collect.js'
import { openFiles } from '../support/open-files.js'
import { chunk, chunks, FACTS, KEY, run, setUp } from './generate-run.js'

describe('a second run', () => {
  it('calls nothing and gives the same pairs', async () => {
    const { server, ...place } = await setUp((_, index) => ({ delayMs: (index * 31) % 20 }))
    const first = await run(chunks(30), { ...place, pairsPerChunk: 2, endpoint: { concurrency: 4 } })
    const second = await run(chunks(30), { ...place, pairsPerChunk: 2, endpoint: { concurrency: 4 } })
    expect(first.pairs.length).toBe(60)
    expect(second.pairs).toEqual(first.pairs)
    expect(server.requests.length).toBe(30)
    expect(second.counts).toEqual({
      chunks: 30,
      calls: 0,
      fromJournal: 30,
      pairs: 60,
      repaired: 0,
      failed: 0,
      promptTokens: 0,
      completionTokens: 0,
      uncounted: 0,
    })
  })

  it.each([
    ['another model', { endpoint: { model: 'other' } }],
    ['another number of pairs', { pairsPerChunk: 2 }],
    ['other types', { writing: { shares: { reasoning: 1 } } }],
    ['a prompt in another language', { writing: { promptLanguage: 'zh' as const } }],
    ['another prompt', { writing: { template: 'Write {count} about {token}:\n{pairs}' } }],
  ])('asks again for %s', async (_, change) => {
    const { server, ...place } = await setUp()
    await run(chunks(2), place)
    const second = await run(chunks(2), { ...place, ...change })
    expect(second.counts).toMatchObject({ calls: 2, fromJournal: 0 })
    expect(server.requests.length).toBe(4)
  })

  it('finds replies got without response_format', async () => {
    const { server, ...place } = await setUp((body) => (body.response_format ? { status: 400 } : {}))
    await run(chunks(2), place)
    const sent = server.requests.length
    expect((await run(chunks(2), place)).counts).toMatchObject({ calls: 0, pairs: 2 })
    expect(server.requests.length).toBe(sent)
  })

  it('pays again only for the record that a kill tore, wherever it was torn', async () => {
    const { server, ...place } = await setUp()
    const whole = await run(chunks(3), place)
    const data = await readFile(place.journalPath)
    const lastLine = data.lastIndexOf(0x0a, -2) + 1
    for (let end = lastLine; end < data.length; end += 23) {
      await writeFile(place.journalPath, data.subarray(0, end))
      const sent = server.requests.length
      const again = await run(chunks(3), place)
      expect(again.pairs).toEqual(whole.pairs)
      expect(server.requests.length - sent).toBe(1)
      expect(await readFile(place.journalPath)).toEqual(data)
    }
  })

  it('asks again for a reply that could not be parsed only when told to, then keeps to the new one', async () => {
    const { server, ...place } = await setUp((_, index) => (index < 2 ? { content: 'Sorry!' } : {}))
    const first = await run([chunk(0)], place)
    expect(first.counts).toMatchObject({ calls: 2, failed: 1, pairs: 0, promptTokens: 200 })
    expect(await readFile(place.journalPath, 'utf8')).toContain('"content":"Sorry!"')
    expect((await run([chunk(0)], place)).counts).toMatchObject({ calls: 0, failed: 1 })
    expect((await run([chunk(0)], { ...place, retryFailed: true })).counts).toMatchObject({
      calls: 1,
      pairs: 1,
    })
    expect((await run([chunk(0)], place)).counts).toMatchObject({ calls: 0, pairs: 1 })
    expect(server.requests.length).toBe(3)
  })

  it.each<[string, Partial<Endpoint>, LlmReply, number]>([
    [
      'a longer reply, where it was cut off',
      { maxOutputTokens: 500 },
      { content: '{"summary": "It', finishReason: 'length' },
      2,
    ],
    ['a longer reply, where it was no reply', { maxOutputTokens: 500 }, { content: 'Sorry!' }, 0],
    ['a shorter reply', { maxOutputTokens: 50 }, { content: '{"summary": "It', finishReason: 'length' }, 0],
    ['a longer wait', { timeoutMs: 9000 }, { content: 'Sorry!' }, 0],
    ['another server', { baseUrl: 'other' }, { content: 'Sorry!' }, 2],
  ])('may have %s', async (_, changed, reply, calls) => {
    const { server, ...place } = await setUp((__, index) => (index === 0 ? {} : reply))
    const endpoint = { maxOutputTokens: 100 }
    await run(chunks(2), { ...place, endpoint })
    const other = changed.baseUrl ? { baseUrl: server.url.replace('127.0.0.1', 'localhost') } : changed
    const { counts } = await run(chunks(2), { ...place, endpoint: { ...endpoint, ...other } })
    expect(counts).toMatchObject({ calls, failed: 1, pairs: 1 })
  })
})

describe('the journal', () => {
  it('holds a reply before the pairs are handed on', async () => {
    const { url, journalPath } = await setUp()
    const { written } = generateQuestions(stream(chunks(3)), {
      endpoint: { model: 'm', baseUrl: url, apiKey: KEY, timeoutMs: 5000, concurrency: 1 },
      writing: FACTS,
      journalPath,
      onProblem: () => {},
    })
    for await (const { chunks: asked, pairs } of written) {
      const docId = asked[0]!.id
      const { answer } = pairs[0]!
      const records = (await readFile(journalPath, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      const record = records.find(({ chunkId }) => chunkId === docId)
      expect(record).toEqual({
        key: expect.stringMatching(/^[0-9a-f]{64}$/),
        chunkId: docId,
        content: expect.stringContaining(answer),
        finishReason: 'stop',
        usage: { promptTokens: 100, completionTokens: 20 },
        asked: { way: expect.stringMatching(/^[0-9a-f]{16}$/), limit: null },
      })
    }
  })

  it('pays once for one passage in several chunks', async () => {
    const { server, ...place } = await setUp(() => ({ delayMs: 20 }))
    const same = Array.from({ length: 6 }, (_, index) => chunk(index, 'The tower is 90 metres high.'))
    const result = await run(same, { ...place, endpoint: { concurrency: 3 } })
    expect(result.counts).toMatchObject({ calls: 1, fromJournal: 5, pairs: 6 })
    expect(result.pairs.map(({ docId }) => docId)).toEqual(same.map(({ id }) => id))
    expect(server.requests.length).toBe(1)
  })

  it('must be one of replies', async () => {
    const { server, ...place } = await setUp()
    await writeFile(place.journalPath, '{"question":"q","answer":"a"}\n')
    const { error } = await run(chunks(1), place)
    expect(error).toBeInstanceOf(ClaraError)
    expect(error).toMatchObject({ code: 'input', message: expect.stringContaining('replies.jsonl:1: ') })
    expect(server.requests).toEqual([])
    expect(await readFile(place.journalPath, 'utf8')).toBe('{"question":"q","answer":"a"}\n')
  })

  it.skipIf(process.platform !== 'linux').each([
    ['the end', {}],
    ['an abort', { hang: 'before-headers' }],
    ['a fatal error', { status: 401 }],
  ] as const)('is closed after %s, and no listener stays on the signal', async (_, reply) => {
    const { journalPath, url } = await setUp(() => reply)
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 300)
    await run(chunks(4), { journalPath, url, signal: controller.signal })
    expect(await openFiles()).not.toContain(journalPath)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
})
