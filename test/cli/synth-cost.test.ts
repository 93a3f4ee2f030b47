import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readRows } from './clara.js'
import { serve, synthFolder } from './synth-run.js'

const { path, synth } = synthFolder(20)
const env = { OPENAI_API_KEY: 'sk-canary-7f3e2b9a5d1c' }
/** What the server says that a reply takes: 100 tokens in, 20 out. */
const CALL_USD = (100 * 0.15 + 20 * 0.6) / 1e6

/** All that is said, before anything is embedded: which model the passages need. */
const CHOSEN = /^embedder .*\n$/

describe('--dry-run', () => {
  it('counts what would be asked, sends nothing, writes nothing and needs no key', async () => {
    const { code, stdout, stderr } = await synth('dry', ['--dry-run', '--json', '--pairs-per-chunk', '2'])
    expect(code).toBe(0)
    expect(stderr).toMatch(CHOSEN)
    const plan = JSON.parse(stdout)
    expect(plan).toMatchObject({
      chunks: 20,
      calls: 20,
      fromJournal: 0,
      completionTokens: 20 * (100 + 2 * 100),
      usdSpent: 0,
    })
    expect(plan.promptTokens).toBeGreaterThan(20 * 250)
    expect(plan.usd).toBeCloseTo((plan.promptTokens * 0.15 + plan.completionTokens * 0.6) / 1e6, 5)
    expect(plan.usd).toBe(Number(plan.usd.toFixed(6)))
    // Each reply at its longest, and once more where it cannot be used.
    expect(plan.usdAtMost).toBeGreaterThan((20 * 2 * 4096 * 0.6) / 1e6)
    expect(plan.usdAtMost).toBeLessThan((20 * (2 * 4096 * 0.6 + 60_000 * 0.15)) / 1e6)
    expect(existsSync(path('dry'))).toBe(false)
  })

  it('counts what the journal has', async () => {
    const { url, requests } = await serve((_, index) => (index === 5 ? { content: 'no JSON' } : {}))
    await synth('begun', ['--base-url', url, '--limit', '8', '--quiet', '--concurrency', '1'], { env })
    const before = readFileSync(path('begun', 'llm_journal.jsonl'))
    const { stdout } = await synth('begun', ['--dry-run', '--json'])
    const plan = JSON.parse(stdout)
    expect(plan).toMatchObject({ chunks: 20, calls: 12, fromJournal: 8, completionTokens: 12 * 20 })
    expect(plan.usdSpent).toBeCloseTo(9 * CALL_USD, 12) // one reply was sent back
    expect(readFileSync(path('begun', 'llm_journal.jsonl'))).toEqual(before)
    expect(requests).toHaveLength(9)
  })

  it('says so where the budget will not do', async () => {
    const dry = (budget: string) => synth('dry', ['--dry-run', '--budget-usd', budget])
    expect((await dry('0.001')).stderr).toMatch(
      /\n--budget-usd 0.001 would stop the run .* \$0\.00\d\d is expected/,
    )
    expect((await dry('1')).stderr).toMatch(CHOSEN)
  })

  it('does not invent a price', async () => {
    const { stdout } = await synth('dry', ['--dry-run', '--model', 'my-own'])
    expect(stdout).toMatch(/^usd +unknown$/m)
  })
})

describe('--limit', () => {
  it('asks about the first chunks; negatives come from all', async () => {
    const { url, requests } = await serve()
    const { code, stdout } = await synth('limited', ['--base-url', url, '--limit', '3', '--json'], { env })
    expect(code).toBe(0)
    expect(requests).toHaveLength(3)
    expect(JSON.parse(stdout)).toMatchObject({ samples: 3, random_negatives: 12 })
    expect((await synth('limited', ['--base-url', url, '--overwrite', '--quiet'], { env })).code).toBe(0)
    expect(requests).toHaveLength(20)
  })
})

const USAGE = { prompt_tokens: 500, completion_tokens: 200 }

describe('--budget-usd', () => {
  it('stops before it could be exceeded, says how to go on, and what was paid is not paid again', async () => {
    const server = await serve(() => ({ delayMs: 30, usage: USAGE }))
    const { url, requests } = server
    const flags = ['--base-url', url, '--budget-usd']
    const stopped = await synth('budget', [...flags, '0.0021'], { env })
    expect(stopped.code).toBe(1)
    expect(stopped.stderr).toMatch(/the budget is \$0\.0021, .*larger --budget-usd to go on/)
    const paid = requests.length
    expect(paid).toBeGreaterThan(2)
    expect(paid).toBeLessThan(20)
    expect(server.peak).toBeLessThanOrEqual(3) // each might have cost $0.0007 or more
    expect(readRows(path('budget', 'llm_journal.jsonl'))).toHaveLength(paid)
    expect(existsSync(path('budget', 'end_to_end_data.jsonl'))).toBe(false)

    const again = await synth('budget', [...flags, '0.0021'], { env })
    expect(again.code).toBe(1)
    expect(requests).toHaveLength(paid) // the journal's replies count for the budget
    const whole = await synth('budget', [...flags, '1', '--json'], { env })
    expect(whole.code).toBe(0)
    expect(requests).toHaveLength(20)
    const { llm } = JSON.parse(whole.stdout)
    expect(llm).toMatchObject({ model: 'gpt-4o-mini', calls: 20 - paid, fromJournal: paid })
    expect(llm.usd).toBeCloseTo((20 - paid) * 0.000195, 12)
    expect(llm.totalUsd).toBeCloseTo(20 * 0.000195, 12)
    expect(JSON.parse(readFileSync(path('budget', 'report.json'), 'utf8')).llm).toMatchObject({
      model: 'gpt-4o-mini',
      prompt_tokens: 10_000,
      completion_tokens: 4000,
    })
    expect(requests[0]).toMatchObject({ max_completion_tokens: 768 })
  })

  it('says where a server does not count tokens, and takes the most that its replies could cost', async () => {
    const { url } = await serve(() => ({ usage: null }))
    const flags = ['--base-url', url, '--price-input', '1', '--price-output', '1', '--json']
    const { code, stdout, stderr } = await synth('uncounted', flags, { env })
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('20 replies came without'),
    })
    const { llm } = JSON.parse(stdout)
    expect(llm).toMatchObject({ uncounted: 20, promptTokens: 0 })
    expect(llm.usd).toBeGreaterThan((20 * 768) / 1e6) // of the replies' 768 tokens each, and the prompts
  })

  it('needs to know the price', async () => {
    const { url, requests } = await serve()
    const flags = ['--base-url', url, '--model', 'my-own', '--budget-usd', '1', '--quiet']
    const refused = await synth('unknown', flags, { env })
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('pass --price-input and --price-output')
    const half = await synth('unknown', [...flags, '--price-input', '1'], { env })
    expect(half.code).toBe(2)
    expect(requests).toEqual([])
    expect(
      (await synth('unknown', [...flags, '--price-input', '0', '--price-output', '0'], { env })).code,
    ).toBe(0)
    expect(requests).toHaveLength(20)
  })

  it('counts a reply without usage as what it could have cost', async () => {
    const { url, requests } = await serve(() => ({ usage: null }))
    const { code } = await synth('silent', ['--base-url', url, '--budget-usd', '0.0045', '--quiet'], { env })
    expect(code).toBe(1)
    expect(requests.length).toBeGreaterThan(1)
    expect(requests.length).toBeLessThan(7)
    expect(
      (await synth('silent', ['--base-url', url, '--budget-usd', '0.0045', '--quiet'], { env })).code,
    ).toBe(1)
    expect(requests.length).toBeLessThan(7)
  })
})
