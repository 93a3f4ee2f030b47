import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { messageOf } from '#clara/errors.js'
import { askInBatches } from '#clara/questions/ask-in-batches.js'
import type { BatchOptions } from '#clara/questions/batches/batching.js'
import { tasksFor } from '#clara/questions/tasks.js'
import { type BatchServerOptions, startBatchServer } from '../llm-batches.js'
import { stream } from '../support/collect.js'
import { chunks, FACTS, KEY, run } from './generate-run.js'

const endpoint = { model: 'test-model', apiKey: KEY, timeoutMs: 5000, concurrency: 2 }

async function setUp(options?: BatchServerOptions) {
  const server = await startBatchServer({ key: KEY, ...options })
  const directory = await mkdtemp(join(tmpdir(), 'clara-batches-'))
  onTestFinished(async () => {
    await server.close()
    await rm(directory, { recursive: true })
  })
  const journalPath = join(directory, 'replies.jsonl')
  return {
    server,
    directory,
    place: { url: server.url, journalPath },
    ask: (count: number, more: Partial<BatchOptions> = {}) =>
      askInBatches(() => tasksFor(stream(chunks(count)), FACTS, undefined), {
        endpoint: { ...endpoint, baseUrl: server.url },
        journalPath,
        batchRequests: 50_000,
        pollMs: 1,
        ...more,
      }),
  }
}

const price = { input: 1, output: 2 }

describe('a batch', () => {
  it('brings all replies into the journal, at half price, and no call is made for them', async () => {
    const { server, directory, place, ask } = await setUp({ looks: 3 })
    const looks: string[] = []
    const counts = await ask(30, { price, onProgress: ({ status }) => looks.push(status) })
    expect(counts).toEqual({
      batches: 1,
      replies: 30,
      unanswered: 0,
      usd: expect.closeTo((30 * 140 * 0.5) / 1e6, 12),
    })
    expect(looks).toEqual(['in_progress', 'in_progress', 'in_progress', 'completed'])
    const result = await run(chunks(30), { ...place, price })
    expect(result.counts).toMatchObject({ calls: 0, fromJournal: 30, pairs: 30, failed: 0 })
    expect(result.pairs.map(({ docId }) => docId)).toEqual(chunks(30).map(({ id }) => id))
    expect(server.chats).toEqual([])
    expect(server.paid).toHaveLength(30)
    const records = (await readFile(place.journalPath, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records.map(({ chunkId }) => chunkId).sort()).toEqual(
      chunks(30)
        .map(({ id }) => id)
        .sort(),
    )
    expect((await readdir(directory)).sort()).toEqual(['llm_batches.jsonl', 'replies.jsonl'])
    await ask(30)
    expect(server.batches).toHaveLength(1)
  })

  it('is not larger than wanted: the next one takes what is left', async () => {
    const { server, ask } = await setUp()
    expect(await ask(25, { batchRequests: 10 })).toMatchObject({ batches: 3, replies: 25 })
    expect(server.batches).toHaveLength(3)
    expect(new Set(server.paid).size).toBe(25)
    expect(server.paid).toHaveLength(25)
  })

  it('leaves what failed to direct calls', async () => {
    const { server, place, ask } = await setUp({
      behave: (_, index) =>
        index % 5 === 1 ? { status: 500 } : index % 5 === 2 ? { raw: { type: '', body: '<html>' } } : {},
    })
    expect(await ask(20)).toMatchObject({ batches: 1, replies: 12, unanswered: 8 })
    const { counts } = await run(chunks(20), place)
    expect(counts).toMatchObject({ calls: 8, fromJournal: 12, pairs: 20 })
    expect(server.chats).toHaveLength(8)
  })

  it.each(['expired', 'cancelled'] as const)(
    'that has %s keeps what it did, and the next one does the rest',
    async (status) => {
      const { server, ask } = await setUp({ end: (batch) => (batch < 2 ? { done: 4, status } : undefined) })
      expect(await ask(12)).toMatchObject({ batches: 3, replies: 12, unanswered: 0 })
      expect(new Set(server.paid).size).toBe(12)
      expect(server.paid).toHaveLength(12)
    },
  )

  it('that expires without a reply is not made again and again', async () => {
    const { server, ask } = await setUp({ end: () => ({ done: 0, status: 'expired' }) })
    await expect(ask(3)).rejects.toMatchObject({ code: 'llm', message: expect.stringContaining('expired') })
    expect(server.batches).toHaveLength(1)
  })

  it('that is refused says why, without the key, and the next run begins another', async () => {
    const { server, ask } = await setUp({
      end: (batch) => (batch === 0 ? { done: 0, status: 'failed' } : undefined),
    })
    const error = await ask(3).catch((error) => error)
    expect(messageOf(error)).toContain('batch batch_0 was refused: Too many tokens ***')
    expect(await ask(3)).toMatchObject({ batches: 1, replies: 3 })
    expect(server.paid).toHaveLength(3)
  })

  it('keeps to the budget, at half price', async () => {
    const { server, ask } = await setUp()
    const limited = { ...endpoint, baseUrl: server.url, maxOutputTokens: 100 }
    const most = { price, endpoint: limited, budgetUsd: 0.02 } // a request may cost some $0.001, and does cost $0.00007
    await expect(ask(300, { ...most, budgetUsd: 0.0001 })).rejects.toMatchObject({ code: 'budget' })
    expect(server.steps).toEqual({})
    await expect(ask(300, most)).rejects.toMatchObject({ code: 'budget' })
    expect(server.paid.length * 140 * 0.5e-6).toBeLessThanOrEqual(0.02)
    expect(server.paid.length).toBeGreaterThan(200)
    expect(new Set(server.paid).size).toBe(server.paid.length)
  })
})

describe('a connection that breaks', () => {
  it.each(['upload', 'create', 'get', 'content'] as const)('after %s costs nothing twice', async (step) => {
    const { server, ask } = await setUp({ cutAfter: (at, count) => at === step && count === 1 })
    expect(await ask(6)).toMatchObject({ batches: 1, replies: 6 })
    expect(server.batches).toHaveLength(1)
    expect(server.paid).toHaveLength(6)
  })
})

describe('an endpoint that is hostile', () => {
  it.each([
    ['another’s key', (line: string) => line.replace(/"custom_id":"\w+"/, '"custom_id":"other"')],
    ['no key', (line: string) => line.replace('custom_id', 'id')],
    ['no JSON', (line: string) => line.slice(1)],
    ['a list', () => '[1,2]'],
    ['usage that cannot be', (line: string) => line.replace('"prompt_tokens":100', '"prompt_tokens":-1e999')],
  ])('may send lines with %s', async (name, change) => {
    const { place, ask } = await setUp({ changeLine: change })
    const counts = await ask(4)
    const usable = name.startsWith('usage') ? 4 : 0
    expect(counts).toMatchObject({ replies: usable, unanswered: 4 - usable })
    expect((await run(chunks(4), place)).counts).toMatchObject({ pairs: 4, calls: 4 - usable })
  })

  it('that knows no batches is named as such', async () => {
    const { ask } = await setUp()
    const { url } = await startBatchServer({ key: KEY }).then(async (other) => {
      await other.close()
      return other
    })
    const error = await ask(1, { endpoint: { ...endpoint, baseUrl: url } }).catch((error) => error)
    expect(error).toMatchObject({ code: 'llm' })
    expect(messageOf(error)).not.toContain(KEY)
  })
})
