/**
 * clara-synth against a server and a model as people have them: llama.cpp with a model too weak to write well. What it writes
 * is not the matter; what is lost, paid for twice or passed over in silence is.
 *
 *   npm run build && node test/llama/setup.mjs && npx vitest run test/llama
 */
import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { clara, type RunOptions, readRows, workFolder } from '../cli/clara.js'
import { counting, isInstalled, startLlama } from './llama-server.js'

const title = isInstalled ? 'llama.cpp' : 'llama.cpp: skipped, node test/llama/setup.mjs installs it'

describe.skipIf(!isInstalled)(title, { timeout: 600_000 }, () => {
  const work = workFolder()
  const passage = (n: number) =>
    `Hall ${n} of the Northwind works was built in ${1900 + n}. It has ${n} pumps.`
  const long = (n: number) =>
    `Long hall ${n}. ${Array.from({ length: 100 }, (_, i) => `Pump ${i} gave ${i * 7} litres.`).join(' ')}`
  const corpusOf = (name: string, texts: string[]) => {
    const path = join(work, `${name}.jsonl`)
    const rows = texts.map((content, n) => JSON.stringify({ filename: `p${n}.md`, content }))
    writeFileSync(path, rows.join('\n'))
    return path
  }
  const passages = (count: number) => Array.from({ length: count }, (_, n) => passage(n))
  const out = (name: string, file = '') => join(work, `${name} out`, file)

  /** Short replies, which the server's grammar keeps to the form: the model is slow. */
  const text = { type: 'string', minLength: 1, maxLength: 24 }
  const pair = {
    type: 'object',
    properties: {
      type: { const: 'fact' },
      question: text,
      answer: text,
      quotes: { type: 'array', items: text, maxItems: 1 },
    },
    required: ['type', 'question', 'answer', 'quotes'],
  }
  const schema = {
    type: 'object',
    properties: { summary: text, pairs: { type: 'array', items: pair, minItems: 1, maxItems: 1 } },
    required: ['summary', 'pairs'],
  }
  const SHORT = [
    '--request-param',
    `response_format=${JSON.stringify({ type: 'json_schema', json_schema: { schema } })}`,
  ]

  const synth = (
    name: string,
    texts: string[],
    url: string,
    flags: string[] = SHORT,
    options: RunOptions = {},
  ) =>
    clara(
      [
        ...[
          '--input-file',
          corpusOf(name, texts),
          '--output-dir',
          out(name),
          '--no-chunk',
          '--target-top-k',
          '2',
        ],
        ...['--base-url', url, '--model', 'gemma', '--pairs-per-chunk', '1', '--max-output-tokens', '150'],
        ...['--request-param', 'temperature=0', ...flags, '--json'],
      ],
      { bin: 'clara-synth', ...options },
    )
  const kept = (name: string) =>
    readRows<{ key: string; chunkId: string; content: string }>(out(name, 'llm_journal.jsonl'))
  const keptIds = (name: string) => new Set(kept(name).map(({ chunkId }) => chunkId))
  /** Each reply once. */
  const expectPaidOnce = (name: string) => {
    const keys = kept(name).map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
  }
  /** It ended as it should, with rows or with rejections that say why. */
  const expectHonest = (name: string, { code, stderr }: { code: number | null; stderr: string }) => {
    expect(stderr).not.toMatch(/\n\s+at |internal error/)
    const rejected =
      existsSync(out(name, 'rejected.jsonl')) && statSync(out(name, 'rejected.jsonl')).size > 0
        ? readRows(out(name, 'rejected.jsonl'))
        : []
    expect(rejected.every(({ reason, reasons }) => Boolean(reason ?? reasons))).toBe(true)
    if (code === 2)
      expect(stderr).toMatch(
        /none of \d+ (?:pairs passed the checks: .*says why|chunks got a usable reply)|no reply about chunks could be used/,
      )
    else expect(readRows(out(name, 'end_to_end_data.jsonl')).length).toBeGreaterThan(0)
  }
  const whenKept = async (name: string, count: number, act: () => unknown) => {
    const path = out(name, 'llm_journal.jsonl')
    const lines = () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0)
    while (lines() < count) await sleep(20)
    await act()
  }

  it('keeps to the schema by a grammar; nonsense is rejected, and says why', async () => {
    const { url } = await startLlama('--context', '2048')
    expectHonest('grammar', await synth('grammar', passages(2), url, []))
    expectHonest('short', await synth('short', passages(2), url))
    for (const { content } of kept('short')) expect(JSON.parse(content)).toHaveProperty('pairs')
  })

  it('loses a passage that is longer than the context, and no other', async () => {
    const { calls, url } = await counting(await startLlama('--context', '1024'))
    const outcome = await synth('long', [passage(0), long(1), passage(2), long(3), passage(4)], url)
    expect([...keptIds('long')].sort()).toEqual(['p0.md', 'p2.md', 'p4.md'])
    for (const n of [1, 3]) {
      expect(outcome.stderr).toMatch(new RegExp(`chunk p${n}\\.md: 400 .*exceeds the available context size`))
      expect(calls.filter(({ about }) => about.startsWith(`Long hall ${n}`))).toHaveLength(1)
    }
  })

  it('stops where all of them are, and says what to do', async () => {
    const { calls, url } = await counting(await startLlama('--context', '1024'))
    const { code, stderr } = await synth(
      'too-long',
      Array.from({ length: 20 }, (_, n) => long(n)),
      url,
    )
    expect(code).toBe(2)
    expect(stderr).toMatch(/or --chunk-tokens, or start the server with a longer context/)
    expect(calls.length).toBeLessThanOrEqual(16)
  })

  it('asks one slot for less at once than it was told to', async () => {
    const { calls, url } = await counting(await startLlama('--context', '1024', '--slots', '1'))
    const outcome = await synth('busy', passages(16), url, [...SHORT, '--concurrency', '16'])
    expectHonest('busy', outcome)
    expect(keptIds('busy').size).toBe(16)
    expectPaidOnce('busy')
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(kept('busy').length)
    const atOnce = calls.map((call) => call.atOnce)
    expect(Math.max(...atOnce)).toBeLessThan(16)
  })

  it('loses nothing where slots share a context that is too short for all of them', async () => {
    const server = await startLlama('--context', '1100', '--slots', '4', '--unified')
    const { calls, url } = await counting(server)
    expectHonest('shared', await synth('shared', passages(6), url))
    expect(keptIds('shared').size).toBe(6)
    expectPaidOnce('shared')
    expect(calls.filter(({ status }) => status === 500).length).toBeGreaterThan(0)
    expect(calls.length).toBeLessThan(3 * 6)
  })

  it('takes vectors of it, and says so where it gives none', async () => {
    const flags = [...SHORT, '--use-embeddings', '--embedding-model', 'gemma']
    const without = await startLlama('--context', '1024')
    const refused = await synth('no-vectors', passages(3), without.url, flags)
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/no embeddings: 501 .*--embeddings/),
    ])
    without.process.kill('SIGKILL')
    const withThem = await counting(await startLlama('--context', '1024', '--embeddings'))
    const outcome = await synth('vectors', passages(3), withThem.url, flags)
    expectHonest('vectors', outcome)
    expect(withThem.calls.some(({ about, status }) => about === '' && status === 200)).toBe(true)
  })

  it('passes fields on that it does not know, and says what it does not take', async () => {
    const { calls, url } = await counting(await startLlama('--context', '1024'))
    const unknown = ['no_such_field={"a":[1,null]}', 'enable_thinking=false', 'reasoning_effort="low"']
    const flags = unknown.flatMap((each) => ['--request-param', each])
    expectHonest('unknown', await synth('unknown', passages(2), url, [...SHORT, ...flags]))
    expect(calls[0]!.body).toMatchObject({ no_such_field: { a: [1, null] }, enable_thinking: false })
    const wrong = await synth('wrong', passages(2), url, [...SHORT, '--request-param', 'top_p="most"'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/400 .*top_p.*must be number/)])
  })

  it.each<[string, NodeJS.Signals]>([
    ['interrupted', 'SIGINT'],
    ['killed', 'SIGKILL'],
  ])('pays for nothing twice after it was %s', async (name, signal) => {
    const { calls, url } = await counting(await startLlama('--context', '2048', '--slots', '2'))
    const flags = [...SHORT, '--concurrency', '2']
    const stop = (child: ChildProcess) => whenKept(name, 3, () => child.kill(signal))
    const stopped = await synth(name, passages(6), url, flags, { onStart: stop })
    expect(signal === 'SIGINT' ? stopped.code : stopped.signal).toBe(signal === 'SIGINT' ? 130 : signal)
    const before = keptIds(name)
    const calledBefore = calls.length
    expectHonest(name, await synth(name, passages(6), url, flags))
    expect(keptIds(name).size).toBe(6)
    expectPaidOnce(name)
    const paid = [...before].map((id) => passage(Number(/\d+/.exec(id)![0])))
    expect(calls.slice(calledBefore).filter(({ about }) => paid.includes(about))).toEqual([])
  })

  it('waits for a server that was killed and comes again', async () => {
    const first = await startLlama('--context', '2048', '--slots', '2')
    const restart = async () => {
      first.process.kill('SIGKILL')
      await sleep(500)
      await startLlama('--context', '2048', '--slots', '2', '--port', `${first.port}`)
    }
    let restarted: Promise<void> | undefined
    const outcome = await synth('restarted', passages(6), first.url, [...SHORT, '--concurrency', '2'], {
      onStart: () => {
        restarted = whenKept('restarted', 3, restart)
      },
    })
    await restarted
    expectHonest('restarted', outcome)
    expect(keptIds('restarted').size).toBe(6)
    expectPaidOnce('restarted')
  })
})
