/** A run that cannot succeed says so early, and what would mend it; one that can is never stopped. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type ChatRequest, type LlmReply, type LlmServer, passageIn, startLlmServer } from '../llm-server.js'
import { serve, synthFolder } from './synth-run.js'

const { corpus, path, synth } = synthFolder()
const word = (n: number, i: number) =>
  `w${createHash('sha256').update(`${n} ${i}`).digest('hex').slice(0, 5)}`
const passages = Array.from(
  { length: 80 },
  (_, n) => `Passage ${n} says ${Array.from({ length: 30 }, (__, i) => word(n, i)).join(' ')}.`,
)
writeFileSync(corpus, passages.map((content, n) => JSON.stringify({ filename: `d${n}`, content })).join('\n'))
const env = { OPENAI_API_KEY: 'sk-of-this-test' }
const go = (out: string, url: string, flags: string[] = []) =>
  synth(out, ['--base-url', url, '--quiet', ...flags], { env })
const numberOf = (body: ChatRequest) => passages.indexOf(passageIn(body))

const thinking = {
  content: '',
  finishReason: 'length',
  usage: { prompt_tokens: 400, completion_tokens: 512 },
}

const CASES: [string, LlmReply, RegExp, number][] = [
  ['cut off before it began', thinking, /--max-output-tokens .*--request-param 'reasoning_effort="low"'/, 16],
  [
    'cut off while it thought',
    { ...thinking, content: '<think>\nOkay, the user' },
    /--max-output-tokens/,
    16,
  ],
  ['cut off', { content: '{"summary": "It', finishReason: 'length' }, /raise --max-output-tokens, or/, 16],
  ['empty', { content: '' }, /another --model/, 16],
  ['prose', { content: 'Sure, here you go.' }, /another --model/, 16],
  ['refused', { refusal: 'I cannot.' }, /another --model/, 16],
  ['a web page', { raw: { type: 'text/html', body: '<html>Sign in' } }, /--base-url .*not of a web page/, 8],
  ['422', { status: 422, error: { message: 'unknown field' } }, /--model, --base-url/, 40],
  ['404', { status: 404 }, /the model's name and the base URL/, 8],
]

describe('a run whose replies are all', () => {
  it.each(CASES)(
    '%s stops, says what would mend it, and pays nothing again',
    async (name, reply, mend, most) => {
      const { url, requests } = await serve(() => ({ delayMs: 30, ...reply }))
      const out = name.replaceAll(' ', '-')
      const { code, stderr } = await go(out, url, ['--concurrency', '24'])
      expect(code).toBe(2)
      expect(stderr.trim().split('\n').at(-1)).toMatch(mend)
      expect(requests.length).toBeLessThanOrEqual(most)
      if (most !== 16) return
      const before = requests.length
      const again = await go(out, url, ['--concurrency', '24'])
      expect([again.code, requests.length]).toEqual([2, before])
      expect(again.stderr).toContain('--retry-failed')
      expect(again.stderr).toMatch(mend)
    },
  )

  it('cut off goes on with a longer limit, and pays only for what that concerns', async () => {
    const { url, requests } = await serve((body) =>
      (body as { max_completion_tokens?: number }).max_completion_tokens! < 4000 ? thinking : {},
    )
    expect((await go('longer', url, ['--max-output-tokens', '500'])).code).toBe(2)
    const wasted = requests.length
    expect((await go('longer', url, ['--max-output-tokens', '400'])).code).toBe(2)
    expect(requests.length).toBe(wasted) // no longer than before
    expect((await go('longer', url, ['--max-output-tokens', '4000'])).code).toBe(0)
    expect(requests.length).toBe(wasted + 80)
  })
})

it.each<[string, (n: number) => boolean, LlmReply]>([
  ['the first fifteen refused', (n: number) => n < 15, { refusal: 'I cannot.' }],
  ['nine of ten', (n: number) => n % 10 !== 5, { content: 'Sure!' }],
  [
    'nine of ten a web page, after one',
    (n: number) => n % 10 !== 0,
    { raw: { type: 'text/html', body: '<p>' } },
  ],
])('a run in which some succeed goes on: %s', async (name, isBad, reply) => {
  const { url } = await serve((body) => (isBad(numberOf(body)) ? reply : {}))
  const { code, stdout } = await go(name.replaceAll(' ', '-'), url, ['--json', '--concurrency', '16'])
  expect(code).toBe(1)
  const { llm } = JSON.parse(stdout)
  expect(llm).toMatchObject({ chunks: 80, failed: passages.filter((_, n) => isBad(n)).length })
})

it('waits for a reply that is under way before it says that nothing comes', async () => {
  const { url } = await serve((body) =>
    numberOf(body) === 1 ? { delayMs: 1500 } : { status: 422, error: { message: 'no' } },
  )
  const { code } = await go('slow-one', url)
  expect(code).toBe(1)
})

it('a repair that works is found out before the run is stopped', async () => {
  const { url } = await serve((body) =>
    body.messages.some(({ content }) => content.includes('<reply-')) ? {} : { content: 'Sure!' },
  )
  const { code, stdout } = await go('repairs', url, ['--json', '--concurrency', '16'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout).llm).toMatchObject({ repaired: 80, calls: 160 })
})

it('a host that does not exist is said within seconds', async () => {
  const start = performance.now()
  const { code, stderr } = await go('nowhere', 'http://nowhere.invalid:8000/v1', ['--concurrency', '32'])
  expect(performance.now() - start).toBeLessThan(15_000)
  expect(code).toBe(2)
  expect(stderr).toMatch(/http:\/\/nowhere\.invalid:8000\/v1: .*(ENOTFOUND|EAI_AGAIN).*check --base-url/)
})

it('a server that is gone for ten seconds is waited for, in the middle of a run', async () => {
  let server: LlmServer = await startLlmServer({ behave: () => ({ delayMs: 100 }) })
  const { url } = server
  let paused = false
  const watch = setInterval(async () => {
    if (paused || server.requests.length < 20) return
    paused = true
    await server.close()
    await sleep(10_000)
    server = await startLlmServer({}, Number(new URL(url).port))
  }, 20)
  const { code, stderr, stdout } = await go('restarted', url, ['--json', '--concurrency', '8'])
  clearInterval(watch)
  await server.close()
  expect(stderr).toBe('')
  expect([code, paused]).toEqual([0, true])
  expect(JSON.parse(stdout).llm).toMatchObject({ chunks: 80, failed: 0 })
})

describe('a server that answers one call at a time', () => {
  it('loses no passage to its queue', async () => {
    let line = Promise.resolve()
    const { url, requests } = await serve(async () => {
      line = line.then(() => sleep(150))
      await line
      return {}
    })
    const flags = ['--limit', '40', '--json', '--concurrency', '16', '--timeout', '1']
    const { code, stdout } = await go('in-turn', url, flags)
    expect(code).toBe(0)
    expect(JSON.parse(stdout).llm).toMatchObject({ chunks: 40, failed: 0 })
    expect(requests.length).toBeLessThan(60)
  })
})

it('the results are the same bytes as those of a run that met with nothing', async () => {
  const { url } = await serve()
  expect((await go('plain', url)).code).toBe(0)
  for (const out of ['restarted', 'longer', 'repairs']) {
    expect(readFileSync(path(out, 'end_to_end_data.jsonl'))).toEqual(
      readFileSync(path('plain', 'end_to_end_data.jsonl')),
    )
  }
})
