/** Servers that do not know all of what is sent: found out once, whatever they say of it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { clara, workFolder } from '../cli/clara.js'
import { serve, synthFolder } from '../cli/synth-run.js'
import { type ChatRequest, type LlmReply, passageIn, writePairs } from '../llm-server.js'
import { chunks, run, setUp } from './generate-run.js'

type Sent = ChatRequest & Record<string, unknown>

/** In short: what a request had of that which can be given up. */
function formOf(request: ChatRequest) {
  const body = request as Sent
  return {
    format: (body.response_format as { type: string } | undefined)?.type,
    limit:
      'max_completion_tokens' in body
        ? 'max_completion_tokens'
        : 'max_tokens' in body
          ? 'max_tokens'
          : undefined,
    system: body.messages.some(({ role }) => role === 'system'),
  }
}

const FULL = { format: 'json_schema', limit: 'max_completion_tokens', system: true }
const LIMIT = { maxOutputTokens: 800 }

/** Writes pairs for a request whose instructions stand before the passage, too. */
function write(body: ChatRequest): LlmReply {
  const [message] = body.messages
  if (message?.role === 'system') return {}
  const at = message!.content.indexOf('<passage-', message!.content.indexOf('JSON'))
  const parts = [
    message!.content.slice(0, at),
    message!.content.slice(message!.content.lastIndexOf('\n\n<passage-') + 2),
  ]
  return {
    content: writePairs({
      ...body,
      messages: [
        { role: 'system', content: parts[0]! },
        { role: 'user', content: parts[1]! },
      ],
    }),
  }
}

/** A server that refuses requests that have one of these, and says so. */
const refusing =
  (lacks: (form: ReturnType<typeof formOf>) => boolean, refusal: LlmReply) =>
  (body: ChatRequest): LlmReply =>
    lacks(formOf(body)) ? refusal : write(body)

const mute = (status: number): LlmReply => ({
  status,
  raw: { type: 'text/plain', body: 'Internal Server Error' },
})
const said = (status: number, message: string): LlmReply => ({ status, error: { message } })

describe('what a server does not know is given up, once', () => {
  it.each<[string, (form: ReturnType<typeof formOf>) => boolean, LlmReply, object, number]>([
    [
      'json_schema, 400',
      ({ format }) => format === 'json_schema',
      said(400, 'response_format json_schema is not supported'),
      { ...FULL, format: 'json_object' },
      1,
    ],
    [
      'any format, 400',
      ({ format }) => !!format,
      said(400, "'response_format.type' must be 'text'"),
      { ...FULL, format: undefined },
      2,
    ],
    [
      'any format, 422',
      ({ format }) => !!format,
      {
        status: 422,
        raw: {
          type: 'application/json',
          body: '{"detail": [{"type": "extra_forbidden", "loc": ["body", "response_format"], "msg": "Extra inputs are not permitted"}]}',
        },
      },
      { ...FULL, format: undefined },
      2,
    ],
    [
      'any format, 404',
      ({ format }) => !!format,
      said(404, 'No endpoints found that can handle the requested parameters: response_format'),
      { ...FULL, format: undefined },
      2,
    ],
    [
      'any format, 500',
      ({ format }) => !!format,
      said(500, 'failed to parse grammar'),
      { ...FULL, format: undefined },
      2,
    ],
    [
      'any format, 501',
      ({ format }) => !!format,
      said(501, 'Not Implemented'),
      { ...FULL, format: undefined },
      2,
    ],
    ['any format, without a word', ({ format }) => !!format, mute(400), { ...FULL, format: undefined }, 2],
    [
      'any format, a 500 without a word',
      ({ format }) => !!format,
      mute(500),
      { ...FULL, format: undefined },
      4,
    ],
    [
      'any format, in a 200',
      ({ format }) => !!format,
      { raw: { type: 'application/json', body: '{"error": "unknown field response_format"}' } },
      { ...FULL, format: undefined },
      2,
    ],
    [
      'max_completion_tokens',
      ({ limit }) => limit === 'max_completion_tokens',
      said(400, 'Unrecognized request argument supplied: max_completion_tokens'),
      { ...FULL, limit: 'max_tokens' },
      1,
    ],
    [
      "max_completion_tokens, vLLM's words",
      ({ limit }) => limit === 'max_completion_tokens',
      said(
        400,
        "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 800}]",
      ),
      { ...FULL, limit: 'max_tokens' },
      1,
    ],
    [
      'a system message',
      ({ system }) => system,
      said(400, 'System role not supported'),
      { ...FULL, system: false },
      1,
    ],
    [
      'a system message, by its place',
      ({ system }) => system,
      said(400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
      { ...FULL, system: false },
      1,
    ],
    [
      'a system message, a 500',
      ({ system }) => system,
      said(500, 'Conversation roles must alternate user/assistant'),
      { ...FULL, system: false },
      1,
    ],
    [
      'all of it',
      ({ format, limit, system }) => !!format || limit !== 'max_tokens' || system,
      said(400, 'response_format, max_completion_tokens and the system role are not supported'),
      { format: undefined, limit: 'max_tokens', system: false },
      4,
    ],
  ])('%s', async (_, lacks, refusal, form, refused) => {
    const { server, ...place } = await setUp(refusing(lacks, refusal))
    const remarks: string[] = []
    const result = await run(chunks(8), { ...place, endpoint: LIMIT, onRemark: (text) => remarks.push(text) })
    expect(result.problems).toEqual([])
    expect(result.counts).toMatchObject({ pairs: 8, failed: 0, calls: 8 + refused })
    expect(formOf(server.requests.at(-1)!)).toEqual(form)
    expect(remarks.length).toBeGreaterThan(0)
    expect(remarks.join()).toContain('the endpoint takes no ')
  })

  it.each<[string, (form: ReturnType<typeof formOf>) => boolean, object]>([
    [
      'max_completion_tokens',
      ({ limit }) => limit === 'max_completion_tokens',
      { ...FULL, limit: 'max_tokens' },
    ],
    ['a system message', ({ system }) => system, { ...FULL, system: false }],
    [
      'a format and the system message',
      ({ format, system }) => !!format || system,
      { format: undefined, limit: 'max_tokens', system: false },
    ],
  ])('and hardly more than that, where it does not say which: %s', async (_, lacks, form) => {
    const { server, ...place } = await setUp(refusing(lacks, mute(400)))
    const result = await run(chunks(8), { ...place, endpoint: LIMIT })
    expect(result.problems).toEqual([])
    expect(formOf(server.requests.at(-1)!)).toEqual(form)
    expect(server.requests.length).toBeLessThanOrEqual(8 + 8)
  })

  it('by one call, while the others wait', async () => {
    const { server, ...place } = await setUp((body) => {
      const refusal = formOf(body).format || formOf(body).limit === 'max_completion_tokens'
      return refusal ? { ...mute(400), delayMs: 30 } : { delayMs: 30 }
    })
    const result = await run(chunks(60), { ...place, endpoint: { ...LIMIT, concurrency: 16 } })
    expect(result.problems).toEqual([])
    expect(result.counts.pairs).toBe(60)
    expect(server.requests.length).toBeLessThanOrEqual(60 + 16 + 8)
  })

  it('not where one passage is refused, nor where a server fails for a while', async () => {
    const { server, ...place } = await setUp((body) =>
      passageIn(body).includes('number 1 ') ? mute(400) : {},
    )
    const result = await run(chunks(3), place)
    expect(result.problems).toEqual([{ path: 'chunk doc1#0', reason: '400 Internal Server Error' }])
    expect(server.requests.map((request) => formOf(request).format)).toEqual([
      'json_schema',
      'json_schema',
      'json_schema',
    ])
    const ill = await setUp((_, index) =>
      index < 6 ? { ...mute(500), headers: { 'retry-after-ms': '5' } } : {},
    )
    expect((await run(chunks(2), ill)).counts).toMatchObject({ pairs: 2, failed: 0 })
    expect(formOf(ill.server.requests.at(-1)!).format).toBe('json_schema')
  })

  it('not where the model is the matter, nor the length', async () => {
    const range = 'Invalid max_tokens value, the valid range of max_tokens is [1, 500]'
    const context = "This model's maximum context length is 4096 tokens"
    for (const message of ['model x not found', context, range]) {
      const { server, ...place } = await setUp(() => said(400, message))
      await run(chunks(1), { ...place, endpoint: LIMIT })
      expect(server.requests).toHaveLength(1)
    }
  })
})

describe('--request-param', () => {
  const env = { OPENAI_API_KEY: 'none' }

  it('puts fields into each request, and is part of what a reply answers', async () => {
    const { path, synth } = synthFolder(4)
    const { url, requests } = await serve()
    const flags = (...params: string[]) => ['--base-url', url, '--json', '--target-top-k', '2', ...params]
    const params = [
      'enable_thinking=false',
      'reasoning_effort=low',
      'chat_template_kwargs={"a": [1]}',
      'stop="END"',
    ]
    const given = params.flatMap((param) => ['--request-param', param])
    expect((await synth('params', flags(...given), { env })).code).toBe(0)
    expect(requests).toHaveLength(4)
    for (const request of requests) {
      expect(request).toMatchObject({
        enable_thinking: false,
        reasoning_effort: 'low',
        chat_template_kwargs: { a: [1] },
        stop: 'END',
      })
    }
    const again = await synth('params', flags(...given, '--target-top-k', '3'), { env })
    expect(again.code, again.stderr).toBe(0)
    expect(requests).toHaveLength(4) // paid for
    const other = await synth('params', flags('--request-param', 'reasoning_effort=high'), { env })
    expect(other.code, other.stderr).toBe(0)
    expect(requests).toHaveLength(8)
    expect(readFileSync(path('params', 'run.json'), 'utf8')).toContain('"reasoning_effort": "high"')
  })

  it('takes the place of a field of ours, and null leaves it out', async () => {
    const { synth } = synthFolder(2)
    const { url, requests } = await serve()
    const flags = ['--base-url', url, '--json', '--target-top-k', '1', '--request-param']
    await synth('object', [...flags, 'response_format={"type": "json_object"}'], { env })
    expect(formOf(requests.at(-1)!).format).toBe('json_object')
    await synth('null', [...flags, 'response_format=null'], { env })
    expect(formOf(requests.at(-1)!).format).toBeUndefined()
  })

  it.each([
    ['model="x"', '--model'],
    ['messages=[]', 'prompt'],
    ['max_tokens=5', '--max-output-tokens'],
    ['stream=true', 'whole replies'],
    ['n=2', 'one reply'],
    ['temperature', 'a name and JSON'],
    ['think=False', 'False is no JSON'],
    ['extra={"a": 1', 'is no JSON'],
  ])('does not take %s', async (param, message) => {
    const { synth } = synthFolder(2)
    const { code, stderr } = await synth('none', ['--dry-run', '--request-param', param], { env })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('is for the model that describes images, too', async () => {
    const [folder, output] = [workFolder(), workFolder()]
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII='
    writeFileSync(
      join(folder, 'a.html'),
      `<p>A picture of one dot.</p><img alt="dot" src="data:image/png;base64,${png}">`,
    )
    const { url, requests } = await serve(() => ({
      content: [
        { type: 'text', text: 'A dot? {\n</think>\n\n<|begin_of_box|>A dot.<|end_of_box|>' },
      ] as unknown as string,
    }))
    const flags = [
      '--input-dir',
      folder,
      '--output-file',
      join(output, 'raw.jsonl'),
      '--image-output-dir',
      join(folder, 'images'),
    ]
    const { code, stderr } = await clara(
      [...flags, '--vision-model', 'eye', '--base-url', url, '--request-param', 'reasoning_effort=low'],
      { bin: 'clara-extract', env },
    )
    expect(code, stderr).toBe(0)
    expect(requests[0]).toMatchObject({ model: 'eye', reasoning_effort: 'low' })
    expect(readFileSync(join(output, 'raw.jsonl'), 'utf8')).toMatch(/(?<!\|>|box)A dot\.(?!<)/)
  })
})
