/** Errors in whatever shape servers give them: what they say is shown, and whom they mean is found out. */
import { describe, expect, it } from 'vitest'
import { messageOf } from '#clara/errors.js'
import { type LlmReply, passageIn } from '../llm-server.js'
import { chunks, run, setUp } from './generate-run.js'

const json = (status: number, body: unknown): LlmReply => ({
  status,
  raw: { type: 'application/json', body: JSON.stringify(body) },
})
const page = (status: number, body: string, type = 'text/html'): LlmReply => ({ status, raw: { type, body } })

/** The second of three passages gets the reply. */
async function replyToOne(reply: LlmReply) {
  const place = await setUp((body) => (passageIn(body).includes('number 1 ') ? reply : {}))
  return run(chunks(3), place)
}

describe('the words of a server are shown', () => {
  it.each<[string, LlmReply, string]>([
    ['error.message', json(400, { error: { message: 'too long' } }), '400 too long'],
    ['message', json(400, { object: 'error', message: 'too long', code: 400 }), '400 too long'],
    ['detail', json(422, { detail: 'too long' }), '422 too long'],
    [
      'a list of details',
      json(422, {
        detail: [{ type: 'extra_forbidden', loc: ['body', 'x'], msg: 'not permitted', input: 'secret' }],
      }),
      '422 body.x: not permitted',
    ],
    ['error', json(400, { error: 'too long' }), '400 too long'],
    ['a title and detail', json(400, { title: 'Bad Request', detail: 'too long' }), '400 too long'],
    ['error_msg', json(400, { error_code: 336_003, error_msg: 'too long' }), '400 too long'],
    [
      'a list',
      json(400, [{ error: { code: 400, message: 'too long', status: 'INVALID_ARGUMENT' } }]),
      '400 too long',
    ],
    [
      'errors',
      json(400, { errors: [{ message: 'too long' }, { message: 'too wide' }] }),
      '400 too long; too wide',
    ],
    [
      'what another server said',
      json(400, {
        error: { message: 'Provider returned error', metadata: { raw: '{"error":{"message":"too long"}}' } },
      }),
      '400 Provider returned error; too long',
    ],
    ['JSON within', json(400, { error: { message: '{"error": {"message": "too long"}}' } }), '400 too long'],
    ['plain text', page(400, 'too long\n', 'text/plain'), '400 too long'],
    ['JSON called text', page(400, '{"detail": "too long"}', 'text/plain'), '400 too long'],
    [
      'an event',
      page(400, 'data: {"error": {"message": "too long"}}\n\n', 'text/event-stream'),
      '400 too long',
    ],
    [
      'a web page',
      page(413, '<!DOCTYPE html><html><head><title>Too large</title></head><p>x'),
      '413 a web page, "Too large"',
    ],
    ['codes alone', json(400, { error: { message: null, code: 'too_long' } }), '400 too_long'],
    ['another form', json(400, { errors: { text: ['too long'] } }), '400 {"errors":{"text":["too long"]}}'],
    ['nothing', page(413, ''), '413 status code (no body)'],
    [
      'an error in a 200',
      json(200, { error: { message: 'too long', code: 400 } }),
      'the answer is an error: 400 too long',
    ],
    ['an error as text in a 200', json(200, { error: 'too long' }), 'the answer is an error: too long'],
    ['an error beside no choices', json(200, { choices: [], error: { message: 'too long' } }), 'too long'],
    [
      'an error of a choice',
      json(200, { choices: [{ error: { message: 'too long' }, finish_reason: 'error' }] }),
      'too long',
    ],
    ['a message in a 200', json(200, { code: 'InvalidParameter', message: 'too long' }), 'too long'],
    [
      'a status in a 200',
      json(200, { base_resp: { status_code: 2013, status_msg: 'too long' } }),
      'too long',
    ],
    [
      'an error in a stream',
      page(
        200,
        ': hello\n\ndata: {"choices": [{"delta": {"content": "{"}}]}\n\ndata: {"error": {"message": "too long"}}\n\n',
        'text/event-stream',
      ),
      'the answer is an error: too long',
    ],
  ])('%s', async (_, reply, reason) => {
    const { problems, counts, error } = await replyToOne(reply)
    expect(error).toBeUndefined()
    expect(problems).toEqual([{ path: 'chunk doc1#0', reason: expect.stringContaining(reason) }])
    expect(problems[0]!.reason).not.toContain('secret')
    expect(counts).toMatchObject({ failed: 1, pairs: 2 })
  })

  it('a stream that nobody asked for is put together', async () => {
    const { server, ...place } = await setUp((body) => {
      const pieces = [
        '{"summary": "S.", "pairs": [',
        '{"type": "fact", "question": "Who?", "answer": "She.", "quotes": ["x"]}]}',
      ]
      const events = [...pieces, ''].map((content, i) =>
        JSON.stringify({
          model: body.model,
          choices: [{ delta: { content }, finish_reason: i < 2 ? null : 'stop' }],
        }),
      )
      return page(
        200,
        `${events.map((event) => `data: ${event}\n\n`).join('')}data: [DONE]\n`,
        'text/event-stream',
      )
    })
    const { written } = await run(chunks(1), place)
    expect(written[0]!.pairs[0]!.question).toBe('Who?')
    expect(server.requests).toHaveLength(1)
  })
})

describe('an error in a 200 is tried again where its code says so', () => {
  it.each<[string, unknown]>([
    ['429', { error: { message: 'Rate limit exceeded', code: 429 } }],
    ['"503"', { error: { message: 'no instances', code: '503' } }],
    ['502', { error: { message: 'Provider returned error', code: 502, metadata: { raw: 'bad gateway' } } }],
    ['a word for it', { error: { message: 'slow down', type: 'rate_limit_error' } }],
    ['overloaded', { error: 'Overloaded' }],
    ['a code in words', { code: 'rate_limit_daily', message: 'Error code: 429 - slow' }],
    ['another server', { error: { message: 'Provider returned error' } }],
    [
      'an error of a choice',
      { choices: [{ error: { code: 502, message: 'gone' }, finish_reason: 'error', message: {} }] },
    ],
  ])('%s', async (_, body) => {
    const { server, ...place } = await setUp((__, index) => (index === 0 ? json(200, body) : {}))
    const { counts, problems } = await run(chunks(1), place)
    expect(problems).toEqual([])
    expect(counts).toMatchObject({ calls: 2, pairs: 1 })
    expect(server.requests).toHaveLength(2)
  })
})

describe('a passage that is refused is lost alone', () => {
  it.each<[string, LlmReply]>([
    ['OpenAI', json(400, { error: { message: 'Invalid prompt: it was flagged', code: 'invalid_prompt' } })],
    [
      'Azure',
      json(400, {
        error: {
          message: 'The response was filtered',
          code: 'x',
          innererror: { code: 'ResponsibleAIPolicyViolation' },
        },
      }),
    ],
    ['DashScope', json(400, { error: { message: 'no', code: 'data_inspection_failed' } })],
    ['DashScope, as before', json(400, { code: 'DataInspectionFailed', message: 'no' })],
    ['DeepSeek', json(400, { error: { message: 'Content Exists Risk', type: 'invalid_request_error' } })],
    [
      'Zhipu',
      json(400, { error: { code: '1301', message: '系统检测到输入或生成内容可能包含不安全或敏感内容' } }),
    ],
    [
      'MiniMax',
      json(200, { choices: null, base_resp: { status_code: 1026, status_msg: 'input new_sensitive' } }),
    ],
    [
      'Moonshot',
      json(400, {
        error: {
          type: 'content_filter',
          message: 'The request was rejected because it was considered high risk',
        },
      }),
    ],
    [
      'OpenRouter',
      json(403, {
        error: {
          code: 403,
          message: 'not this one',
          metadata: { reasons: ['violence'], flagged_input: 'x' },
        },
      }),
    ],
    [
      'OpenRouter, by its words',
      json(403, {
        error: { code: 403, message: 'm requires moderation on p. Your input was flagged for "violence"' },
      }),
    ],
    [
      'xAI',
      json(403, {
        code: 'The caller does not have permission to execute the specified operation',
        error: 'Content violates usage guidelines. API key ID: x, Model: grok',
      }),
    ],
    ['Gemini', json(200, { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: {} })],
    [
      'Gemini, as a choice',
      json(200, { choices: [{ index: 0, finish_reason: 'content_filter: PROHIBITED_CONTENT' }] }),
    ],
    [
      'Bedrock',
      json(200, {
        choices: [
          {
            message: { content: 'Sorry, the model cannot answer this.' },
            finish_reason: 'guardrail_intervened',
          },
        ],
      }),
    ],
    [
      'a proxy',
      page(
        400,
        'data: {"error": {"code": "421", "message": "Moderation Block", "type": "content_filter"}}',
        'text/plain',
      ),
    ],
    [
      'a late filter',
      json(200, {
        error: { message: 'This content was flagged for possible cybersecurity risk', code: 502 },
      }),
    ],
    ['a 422', json(422, { detail: 'Guardrail violation' })],
    ['a 451', json(451, { message: 'blocked' })],
    ['a 500', json(500, { error: { message: 'blocked by content filter' } })],
    ['a 403 without a word', page(403, '')],
    ['a 403 of a firewall', page(403, '<html><head><title>Access denied</title></head></html>')],
    ['a refusal', { content: null, refusal: 'I cannot.' }],
    ['nothing but a reason', { content: null, finishReason: 'content_filter' }],
  ])('%s', async (_, reply) => {
    const { problems, counts, error } = await replyToOne(reply)
    expect(error).toBeUndefined()
    expect(problems.map(({ path }) => path)).toEqual(['chunk doc1#0'])
    expect(counts).toMatchObject({ chunks: 3, calls: 3, failed: 1, pairs: 2 })
  })
})

describe('an account that is refused stops the run', () => {
  it.each<[string, LlmReply, string]>([
    [
      'a wrong key',
      json(401, { error: { message: 'Incorrect key', code: 'invalid_api_key' } }),
      'check the API key',
    ],
    [
      'a wrong key, Gemini',
      json(400, [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.' } }]),
      'check the API key',
    ],
    ['a wrong key in a 200', json(200, { error: { message: 'no', code: 401 } }), 'check the API key'],
    ['no credit', json(402, { error: { message: 'Insufficient Balance' } }), 'credit'],
    ['no credit, as a 429', json(429, { error: { message: 'x', code: 'insufficient_quota' } }), 'credit'],
    ['no credit, DashScope', json(400, { error: { code: 'Arrearage', message: 'Access denied' } }), 'credit'],
    [
      'no credit in a 200',
      json(200, { error: { message: 'This request requires more credits', code: 402 } }),
      'credit',
    ],
    [
      'another model',
      json(403, { error: { message: 'You are not allowed to use this model' } }),
      'may use this model',
    ],
    [
      'no such model',
      json(404, { error: { message: 'The model `x` does not exist', code: 'model_not_found' } }),
      "model's name",
    ],
    ['no such model, DeepSeek', json(400, { error: { message: 'Model Not Exist' } }), "model's name"],
    [
      'the region',
      json(403, { error: { message: 'x', code: 'unsupported_country_region_territory' } }),
      'may use this model',
    ],
    [
      'the region, Gemini',
      json(400, [{ error: { message: 'User location is not supported for the API use.' } }]),
      'may use',
    ],
    [
      'a closed account',
      json(403, { error: { message: 'Your account has been flagged for content policy violations' } }),
      'may use',
    ],
  ])('%s', async (_, reply, hint) => {
    const { server, ...place } = await setUp((__, index) => (index === 0 ? {} : reply))
    const { error } = await run(chunks(9), place)
    expect(error).toMatchObject({ code: 'llm' })
    expect(messageOf(error)).toContain(hint)
    expect(server.requests.length).toBeLessThanOrEqual(3)
  })

  it('a 403 without a word that every passage gets, too', async () => {
    const { server, ...place } = await setUp(() => page(403, '<html><title>Forbidden</title>'))
    const { error } = await run(chunks(40), place)
    expect(error).toMatchObject({ code: 'llm' })
    expect(messageOf(error)).toMatch(
      /403 a web page, "Forbidden".*check that this API key may use this model/,
    )
    expect(server.requests.length).toBeLessThanOrEqual(16)
  })
})
