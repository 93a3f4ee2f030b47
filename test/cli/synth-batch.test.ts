import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type BatchServerOptions, startBatchServer } from '../llm-batches.js'
import { serve, synthFolder, textsIn } from './synth-run.js'

const KEY = 'sk-canary-7f3e2b9a5d1c'
const env = { OPENAI_API_KEY: KEY }
const { path, synth } = synthFolder(20)
const data = (out: string) => readFileSync(path(out, 'end_to_end_data.jsonl'), 'utf8')

async function serveBatches(options: BatchServerOptions) {
  const server = await startBatchServer({ key: KEY, ...options })
  onTestFinished(() => server.close())
  return server
}

beforeAll(async () => {
  const { startLlmServer } = await import('../llm-server.js')
  const server = await startLlmServer()
  await synth('direct', ['--base-url', server.url, '--quiet'], { env })
  await server.close()
})

describe('--batch', () => {
  it('gives the same samples at half the price, and shows it', async () => {
    const { url, chats } = await serveBatches({})
    const { code, stdout, stderr } = await synth('batch', ['--base-url', url, '--batch', '--json'], { env })
    expect(code).toBe(0)
    expect(stderr).toContain('batch batch_0: 20 requests')
    const { llm } = JSON.parse(stdout)
    expect(llm).toMatchObject({
      calls: 0,
      fromJournal: 20,
      batched: { batches: 1, replies: 20, unanswered: 0 },
    })
    expect(llm.totalUsd).toBeCloseTo((20 * (100 * 0.15 + 20 * 0.6) * 0.5) / 1e6, 12)
    expect(chats).toEqual([])
    expect(data('batch')).toBe(data('direct'))
    for (const [name, text] of Object.entries(textsIn(path('batch')))) expect(text, name).not.toContain(KEY)
    expect(stdout + stderr).not.toContain(KEY)
  })

  it('a dry run counts half', async () => {
    const [whole, half] = [
      await synth('dry', ['--dry-run', '--json']),
      await synth('dry', ['--dry-run', '--json', '--batch']),
    ]
    expect(JSON.parse(half.stdout).usd).toBeCloseTo(JSON.parse(whole.stdout).usd / 2, 5) // both are rounded
  })

  it('what failed is asked directly', async () => {
    const { url, chats } = await serveBatches({
      behave: (_, index) => (index % 4 === 0 ? { status: 400 } : {}),
    })
    expect((await synth('partial', ['--base-url', url, '--batch', '--quiet'], { env })).code).toBe(0)
    expect(chats).toHaveLength(5)
    expect(data('partial')).toBe(data('direct'))
  })
})

describe('killed and run again', () => {
  const MOMENTS: [string, string, number, number][] = [
    ['with the file uploaded', 'upload', 1, 0],
    ['with the batch created', 'create', 1, 0],
    ['with its id received', 'create', 1, 25],
    ['at the first look', 'get', 1, 0],
    ['at the last look', 'get', 3, 0],
    ['before the replies', 'content', 1, 0],
    ['with the replies on their way', 'content', 1, 5],
    ['with the replies written', 'content', 1, 40],
  ]

  it.each(MOMENTS)(
    '%s, it goes on with the same batch and pays nothing twice',
    async (name, step, count, delay) => {
      let child: ChildProcess | undefined
      const server = await serveBatches({
        looks: 2,
        async onStep(at, times) {
          if (at !== step || times !== count || !child || child.killed) return
          const victim = child
          const kill = async () => {
            await sleep(delay)
            victim.kill('SIGKILL')
          }
          if (delay > 0)
            void kill() // while it is answered
          else await Promise.all([once(victim, 'exit'), kill()])
        },
      })
      const out = name.replaceAll(/\W+/g, '-')
      const flags = ['--base-url', server.url, '--batch', '--quiet']
      const killed = await synth(out, flags, {
        env,
        onStart: (started) => {
          child = started
        },
      })
      expect(killed.signal).toBe('SIGKILL')
      const { code, stderr } = await synth(out, flags, { env })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(server.batches).toHaveLength(1)
      expect(server.paid).toHaveLength(20)
      expect(server.chats).toEqual([])
      expect(data(out)).toBe(data('direct'))
    },
  )

  it('interrupted, it says that the batch goes on', async () => {
    const server = await serveBatches({ looks: 1000 })
    const { code, stderr } = await synth('interrupted', ['--base-url', server.url, '--batch'], {
      env,
      onStart(child) {
        const poll = setInterval(() => {
          if ((server.steps.get ?? 0) < 2) return
          clearInterval(poll)
          child.kill('SIGINT')
        }, 20)
      },
    })
    expect(code).toBe(130)
    expect(stderr).toContain('batch batch_0 goes on without this process: run the same command again')
  })
})

describe('one run directory', () => {
  it('takes one process at a time', async () => {
    const { url, requests } = await serve(() => ({ delayMs: 1500 }))
    const flags = ['--base-url', url, '--concurrency', '1', '--limit', '3', '--quiet']
    const first = synth('shared', flags, { env })
    await expect.poll(() => requests.length, { timeout: 20_000 }).toBe(1)
    const second = await synth('shared', flags, { env })
    expect(second.code).toBe(2)
    expect(second.stderr).toMatch(/shared\/run: process \d+ on .* is writing there/)
    expect((await first).code).toBe(0)
    expect(requests).toHaveLength(3)
  })
})
