import { describe, expect, it } from 'vitest'
import type { LlmReply } from '../llm-server.js'
import { commandLines, serve, synthFolder, textsIn } from './synth-run.js'

/** With characters that JSON, URLs and HTML spell otherwise. */
const KEY = 'sk-canary/7f3e"2b\\9a+5d&1c=a1b2c3d4e5f6'
const { path, synth } = synthFolder(5)
const json = JSON.stringify(KEY).slice(1, -1)
const pairs = (text: string) => JSON.stringify({ pairs: [{ question: `Who? ${text}`, answer: text }] })

/** No eight characters of the key, anywhere, in any spelling that undoes to it. */
function leaksIn(text: string): string[] {
  const unescaped = [text, text.replace(/\\(u00[0-9a-f]{2}|.)/gi, (_, e) => undo(e)), safeDecode(text)]
  return unescaped.flatMap((version) =>
    Array.from({ length: KEY.length - 7 }, (_, at) => KEY.slice(at, at + 8)).filter((part) =>
      version.includes(part),
    ),
  )
}

const undo = (code: string) =>
  code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : code
const safeDecode = (text: string) =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))

it.each(['--api-key', '--api_key', '--api-keyy', '--key'])(
  '%s KEY on the command line is not repeated',
  async (flag) => {
    for (const args of [[`${flag}=${KEY}`], [flag, KEY]]) {
      const { code, stdout, stderr } = await synth('refused', args)
      expect([code, leaksIn(stdout + stderr)]).toEqual([2, []])
      expect(stderr).toMatch(/--api-key-file|unknown option/)
    }
  },
)

const CASES: [string, LlmReply][] = [
  ['a reply', { content: pairs(KEY) }],
  [
    'a reply that spells it with \\u',
    {
      content: `{"pairs":[{"question":"Q ${json.replace('s', '\\u0073').replace('-', '\\u002D')}","answer":"A"}]}`,
    },
  ],
  ['a reply that is no JSON', { content: `Bearer ${KEY}` }],
  ['a refusal', { refusal: KEY }],
  ['the reason why it ended', { finishReason: KEY }],
  ['usage', { usage: { prompt_tokens: KEY, completion_tokens: [KEY] } as never }],
  ['headers', { headers: { 'x-request-id': KEY, 'x-debug': `Bearer ${KEY}` } }],
  ['a 401', { status: 401, error: { message: `Incorrect API key provided: ${KEY}`, code: KEY, type: KEY } }],
  ['a 400', { status: 400, error: { message: `authorization=${encodeURIComponent(`Bearer ${KEY}`)}` } }],
  [
    'a 400 that quotes a log',
    { status: 400, error: { message: JSON.stringify(JSON.stringify({ auth: KEY })) } },
  ],
  [
    'a web page',
    {
      status: 418,
      raw: { type: 'text/html', body: `<p>${KEY.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}` },
    },
  ],
  [
    'a message cut in the middle of it',
    { status: 400, error: { message: `${'x'.repeat(380)} ${KEY.slice(0, 20)}` } },
  ],
  ['text around where messages are cut', { status: 400, error: { message: `${'x'.repeat(390)}${KEY}` } }],
  ['something else than JSON', { raw: { type: 'application/json', body: `${KEY.slice(3)} is no JSON` } }],
  ['JSON that breaks off', { raw: { type: 'application/json', body: `{"choices": "${json}` } }],
  [
    'a location',
    { status: 302, headers: { location: `http://127.0.0.1:1/${encodeURIComponent(KEY)}` }, error: {} },
  ],
  ['a moment to come again', { status: 400, headers: { 'retry-after': KEY } }],
]

describe('the key is in no file, message or command line when the server sends it in', () => {
  it.each(CASES)('%s', async (name, reply) => {
    const out = name.replace(/\W+/g, '-')
    const { url } = await serve(() => ({ delayMs: 20, ...reply }))
    let shown = ''
    const flags = ['--base-url', url, '--concurrency', '2', '--json']
    const { stdout, stderr } = await synth(out, flags, {
      env: { OPENAI_API_KEY: KEY, OPENAI_LOG: 'debug', NODE_DEBUG: 'fetch' },
      onStart: (child) => {
        shown += commandLines(child)
      },
    })
    expect(shown).toContain('clara-synth')
    const everything = { stdout, stderr, shown, ...textsIn(path(out)) }
    expect(Object.keys(everything).length).toBeGreaterThan(4)
    for (const [where, text] of Object.entries(everything)) expect(leaksIn(text), where).toEqual([])
  })

  it('a leak would be seen', () => {
    for (const text of [KEY, json, encodeURIComponent(KEY), `x${KEY.slice(5, 15)}`])
      expect(leaksIn(text)).not.toEqual([])
  })
})
