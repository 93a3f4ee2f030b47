/** Faults that pass and faults that stay: the first cost no chunk, the second few calls, each of them with what mends it. */
import { describe, expect, it } from 'vitest'
import { messageOf } from '#clara/errors.js'
import type { ChatRequest, LlmReply } from '../llm-server.js'
import { chunks, run, setUp } from './generate-run.js'

const json = (body: object): LlmReply => ({ raw: { type: 'application/json', body: JSON.stringify(body) } })
const failing = (status: number, message: string, more: object = {}): LlmReply => ({
  status,
  error: { message, ...more },
})
const hasFormat = (body: ChatRequest) => body.response_format !== undefined

async function ask(behave: (body: ChatRequest, index: number) => LlmReply, count = 12, concurrency = 8) {
  const { server, ...place } = await setUp(behave)
  const result = await run(chunks(count), { ...place, endpoint: { concurrency } })
  return { ...result, calls: server.requests.length }
}

describe('what passes costs no chunk', () => {
  it.each<[string, LlmReply]>([
    ['a completion with null for its choices', json({ id: null, choices: null, usage: null })],
    ['a completion without choices', json({ object: 'chat.completion', choices: [] })],
    [
      'a reply that the server could not form',
      failing(400, "Failed to generate JSON. See 'failed_generation'.", { code: 'json_validate_failed' }),
    ],
  ])('%s', async (_, fault) => {
    const { written, problems } = await ask((_body, i) => (i % 5 === 1 ? fault : {}))
    expect([written.length, problems]).toEqual([12, []])
  })

  it('a model’s output that never fits the grammar: the form is asked for otherwise', async () => {
    const peg = failing(500, 'The model produced output that does not match the expected peg-native format')
    const { written, calls } = await ask((body) => (hasFormat(body) ? peg : {}))
    expect(written).toHaveLength(12)
    expect(calls).toBeLessThan(20)
  })

  it('a deadline of a gateway before a server of one call at a time: fewer calls are made at once', async () => {
    let [active, most] = [0, 0]
    const { server, ...place } = await setUp(async () => {
      if (active >= 3) return { status: 504, delayMs: 60, raw: { type: 'text/html', body: '<html>504' } }
      active++
      await new Promise((resolve) => setTimeout(resolve, 20))
      most = Math.max(most, active--)
      return {}
    })
    const { written } = await run(chunks(60), { ...place, endpoint: { concurrency: 32 } })
    expect(written).toHaveLength(60)
    expect(server.requests.length).toBeLessThan(110)
  })
})

describe('what stays is found out in 16 calls', () => {
  it.each<[string, LlmReply, string]>([
    ['500', failing(500, 'Internal Server Error'), 'its own log may say why'],
    ['502', { status: 502, raw: { type: 'text/html', body: '<html>Bad Gateway' } }, 'its own log'],
    ['no choices', json({ choices: null }), 'check --base-url'],
    ['thoughts', failing(400, 'parameter.enable_thinking must be set to false'), 'enable_thinking=false'],
    ['streams', failing(400, 'This model only support stream mode'), 'stream=true'],
    ['context', failing(400, "exceeds the model's maximum context length"), '--chunk-tokens'],
    ['budget', failing(400, 'Budget has been exceeded!', { type: 'budget_exceeded' }), 'credit'],
    ['suspended', failing(429, 'Your account is suspended'), 'check that this API key'],
    [
      'quota',
      failing(429, 'please check your plan', { type: 'exceeded_current_quota_error' }),
      "check the account's credit",
    ],
    ['not served', failing(400, 'x', { code: 'model_not_available' }), "check the model's name"],
  ])('%s', async (_, fault, remedy) => {
    const { calls, error, written } = await ask(() => fault, 60, 32)
    expect(messageOf(error)).toContain(remedy)
    expect(written).toEqual([])
    expect(calls).toBeLessThanOrEqual(16)
  })
})
