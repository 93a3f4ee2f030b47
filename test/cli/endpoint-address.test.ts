/** Which host documents and key go to, where flag, environment and `.env` name several, one or none. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { resolveEndpoint } from '#clara/cli/endpoint-flags.js'
import type { Talk } from '#clara/cli/talk.js'
import { clara, SETTINGS } from './clara.js'
import { serve, synthFolder } from './synth-run.js'

const KEY = 'sk-canary-7f3e2b9a5d1c'
const OTHER = 'sk-other-0d4c8b2a6f19'
const NOWHERE = 'http://127.0.0.1:1/v1'
const { work, synth } = synthFolder(3)
let next = 0

function folderWith(env: string): string {
  const directory = join(work, `cwd-${next++}`)
  mkdirSync(directory)
  writeFileSync(join(directory, '.env'), env)
  return directory
}
const run = (cwd: string, env: Record<string, string> = {}, flags: string[] = []) =>
  synth(`out-${next++}`, ['--limit', '1', '--target-top-k', '1', ...flags], {
    cwd,
    env: { ...env, ...proxied() },
  })

/** In place of the Internet: whatever leaves for a host that the test did not start is written down. */
let asked: string[] = []
const proxy = createServer((request, response) => {
  asked.push(request.url!)
  response.writeHead(502).end()
}).on('connect', (request, socket) => {
  asked.push(request.url!)
  socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
})
const proxied = () => ({
  HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  NO_PROXY: '127.0.0.1',
})
beforeAll(() => new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  proxy.close()
})

/** In this process: what a run in that folder would ask, and with which key. */
async function resolved(cwd: string, env: Record<string, string> = {}, baseUrl?: string) {
  const remarks: string[] = []
  const talk = { remark: (text: string) => remarks.push(text) } as unknown as Talk
  const before = process.cwd()
  process.chdir(cwd)
  for (const name of SETTINGS) vi.stubEnv(name, env[name])
  try {
    const flags = {
      concurrency: 1,
      timeout: 1,
      pairsPerChunk: 1,
      requestParam: {},
      ...(baseUrl && { baseUrl }),
    }
    const { endpoint } = await resolveEndpoint(flags, true, talk)
    return { url: endpoint.baseUrl, key: endpoint.apiKey, remarks }
  } finally {
    process.chdir(before)
    vi.unstubAllEnvs()
  }
}
async function refusal(cwd: string, reason: RegExp, env: Record<string, string> = {}): Promise<void> {
  const error = await resolved(cwd, env).catch((thrown) => thrown)
  expect(error).toMatchObject({ name: 'ClaraError', code: 'usage', message: expect.stringMatching(reason) })
  for (const key of [KEY, OTHER]) expect(error.message).not.toContain(key)
}

/** Of `.env`; of the environment; of the flag. */
const [FILE, ENVIRONMENT, FLAG] = ['http://127.0.0.1:2/v1', 'http://127.0.0.1:3/v1', 'http://127.0.0.1:4/v1']

function refused(outcome: Awaited<ReturnType<typeof run>>, reason: RegExp): void {
  expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(reason) })
  for (const key of [KEY, OTHER]) expect(outcome.stderr).not.toContain(key)
  expect(asked).toEqual([])
}

describe('without an endpoint', () => {
  it.each([
    ['MODEL=qwen-turbo', /the model qwen-turbo is none of OpenAI.*BASE_URL/],
    ['MODEL="qwen-turbo" # of DashScope', /the model qwen-turbo/],
    ['MODEL=deepseek-chat', /deepseek-chat/],
    ['MODEL=openai/gpt-4o', /openai\/gpt-4o/],
    ['MODEL=gpt-oss:20b', /gpt-oss:20b/],
    ['MODEL=qwen-turbo\nBASE_URL=', /qwen-turbo/],
    ["MODEL=qwen-turbo\nBASE_URL=''", /qwen-turbo/],
    ['MODEL=qwen-turbo\n#BASE_URL=https://dashscope.example/v1', /qwen-turbo/],
  ])('a model of another provider is asked nothing: %s', (lines, reason) =>
    refusal(folderWith(`OPENAI_API_KEY=${KEY}\n${lines}\n`), reason),
  )

  it.each([
    `sk-${'0123456789abcdef'.repeat(2)}`,
    `sk-ant-api03-${'x'.repeat(40)}`,
    `sk-or-v1-${'a1'.repeat(20)}`,
    `sk-${'abcdefghijkl'.repeat(4)}`,
    `sk-sp-${'0123456789abcdef'.repeat(2)}`,
    `sk-kimi-${'aB3d'.repeat(16)}`,
    `gsk_${'a1'.repeat(20)}`,
    `AIza${'Sy'.repeat(17)}`,
    'a1b2c3d4e5f60718293a4b5c6d7e8f90',
    'ollama',
  ])('a key that is not OpenAI’s is sent nowhere: %s', async (key) => {
    const failed = resolved(folderWith(`OPENAI_API_KEY=${key}\n`))
    await expect(failed).rejects.toThrow(/the API key is not of the form of OpenAI/)
    if (key.length > 8) await expect(failed).rejects.not.toThrow(key)
  })

  it('that a run says so, and asks nobody', async () => {
    refused(
      await run(folderWith(`OPENAI_API_KEY=${KEY}\nMODEL=qwen-turbo\n`)),
      /the model qwen-turbo is none/,
    )
    refused(
      await run(folderWith('OPENAI_API_KEY=a1b2c3d4e5f60718293a4b5c6d7e8f90\n')),
      /the API key is not of the form/,
    )
  })

  it('OpenAI is asked with its model and its key, and another where it is named', async () => {
    asked = []
    await run(folderWith(`OPENAI_API_KEY=sk-proj-${'aB3_'.repeat(10)}\nMODEL=gpt-4o-mini\n`))
    expect(new Set(asked)).toEqual(new Set(['api.openai.com:443']))
    asked = []
    const named = ['--base-url', 'https://api.openai.com/v1']
    await run(folderWith(`OPENAI_API_KEY=${KEY}\nMODEL=qwen-turbo\n`), {}, named)
    expect(new Set(asked)).toEqual(new Set(['api.openai.com:443']))
    asked = []
  })

  it.each([
    `sk-svcacct-${'aB3_'.repeat(30)}`,
    `sk-${'a1B2'.repeat(5)}T3BlbkFJ${'a1B2'.repeat(5)}`,
    'sk-your-key',
  ])('OpenAI is asked with nothing but its key: %s', async (key) => {
    expect(await resolved(folderWith(''), { OPENAI_API_KEY: key })).toMatchObject({ url: undefined, key })
  })

  it('but with that of OPENAI_API_BASE, as older tools call it', async () => {
    const env = { OPENAI_API_BASE: ENVIRONMENT!, OPENAI_API_KEY: KEY }
    expect(await resolved(folderWith(''), env)).toMatchObject({ url: ENVIRONMENT, key: KEY })
    expect(await resolved(folderWith(''), { ...env, BASE_URL: FLAG! })).toMatchObject({ url: FLAG, key: KEY })
  })

  it('nor are images or vectors sent', async () => {
    const cwd = folderWith(`OPENAI_API_KEY=${KEY}\nVISION_MODEL=qwen-vl-max\n`)
    mkdirSync(join(cwd, 'raw'))
    writeFileSync(join(cwd, 'raw', 'a.png'), Buffer.from('\x89PNG\r\n\x1a\nrest', 'latin1'))
    const flags = ['--input-dir', 'raw', '--output-file', 'o.jsonl', '--image-output-dir', 'i']
    refused(await clara(['extract', ...flags], { cwd, env: proxied() }), /the model qwen-vl-max/)
    const embedding = folderWith(`OPENAI_API_KEY=${KEY}\nEMBEDDING_MODEL=text-embedding-v3\n`)
    refused(await run(embedding, {}, ['--use-embeddings']), /the model text-embedding-v3/)
  })

  it('a dry run needs none', async () => {
    expect(await run(folderWith('MODEL=qwen-turbo\n'), {}, ['--dry-run'])).toMatchObject({ code: 0 })
  })
})

describe('a key', () => {
  it('of a .env does not go to an endpoint of the environment, unless that file names it, too', async () => {
    const env = { BASE_URL: ENVIRONMENT! }
    const reason = /the key is that of OPENAI_API_KEY of \.env in this folder: .*--base-url URL/
    for (const lines of ['', `BASE_URL=${NOWHERE}\n`]) {
      const cwd = folderWith(`OPENAI_API_KEY=${KEY}\n${lines}`)
      await refusal(cwd, reason, env)
      expect(await resolved(cwd, env, FLAG)).toMatchObject({ url: FLAG, key: KEY })
    }
    const same = folderWith(`OPENAI_API_KEY=${KEY}\nBASE_URL=${ENVIRONMENT}/\n`)
    expect(await resolved(same, env)).toMatchObject({ url: ENVIRONMENT, key: KEY })
    const server = await serve()
    const foreign = folderWith(`OPENAI_API_KEY=${KEY}\n`)
    refused(await run(foreign, { BASE_URL: server.url }), reason)
    expect(server.requests).toEqual([])
    expect(await run(foreign, {}, ['--base-url', server.url])).toMatchObject({ code: 0 })
    expect(server.headers[0]!.authorization).toBe(`Bearer ${KEY}`)
  })

  it('of the environment goes to the endpoint of the environment, whatever .env says', async () => {
    const cwd = folderWith(`OPENAI_API_KEY=${OTHER}\nBASE_URL=${FILE}\n`)
    const env = { OPENAI_API_KEY: KEY, BASE_URL: ENVIRONMENT! }
    expect(await resolved(cwd, env)).toMatchObject({ url: ENVIRONMENT, key: KEY })
  })
})

describe('a .env', () => {
  it('whose key is not the exported one says which counts', async () => {
    const file = await serve()
    const cwd = folderWith(`OPENAI_API_KEY=${OTHER}\nBASE_URL=${file.url}\n`)
    const { code, stderr } = await run(cwd, { OPENAI_API_KEY: KEY })
    expect(code).toBe(0)
    expect(stderr).toContain('with the key of that file: OPENAI_API_KEY of the environment is another')
    expect(file.headers[0]!.authorization).toBe(`Bearer ${OTHER}`)
    const same = await resolved(cwd, { OPENAI_API_KEY: OTHER })
    expect(same.remarks.join()).not.toContain('is another')
  })

  it.each([
    `BASE_URL=\${HOST}/v1`,
    'OPENAI_API_KEY=$MY_KEY',
    'OPENAI_API_KEY=$(pass show key)',
    `MODEL=\${MODEL:-qwen-turbo}`,
  ])('is not filled in by a shell, and says so: %s', async (line) => {
    const name = line.replace(/=.*/, '')
    await refusal(folderWith(`${line}\n`), new RegExp(`${name} of \\.env .*write it out`))
  })
})

describe('two addresses', () => {
  it.each(['environment', '.env'])('that differ in the %s are asked about', async (place) => {
    const both = { OPENAI_BASE_URL: ENVIRONMENT!, BASE_URL: FLAG!, OPENAI_API_KEY: KEY }
    const lines = Object.entries(both).map(([name, value]) => `${name}=${value}\n`)
    const cwd = folderWith(place === '.env' ? lines.join('') : '')
    const env = place === '.env' ? {} : both
    const reason = `OPENAI_BASE_URL of (the )?${place}.* is ${ENVIRONMENT}, BASE_URL is ${FLAG}`
    await refusal(cwd, new RegExp(reason), env)
    expect(await resolved(cwd, env, ENVIRONMENT)).toMatchObject({ url: ENVIRONMENT })
    const alike = folderWith(`OPENAI_BASE_URL=${FLAG}\nBASE_URL="${FLAG}/"\nOPENAI_API_KEY=${KEY}\n`)
    expect(await resolved(alike)).toMatchObject({ url: FLAG })
  })

  it('of which one is empty are one', async () => {
    const env = { OPENAI_BASE_URL: '', BASE_URL: ` ${ENVIRONMENT} `, OPENAI_API_KEY: KEY }
    expect(await resolved(folderWith(''), env)).toMatchObject({ url: ENVIRONMENT })
  })

  it.each([{ BASE_URL: '' }, { OPENAI_BASE_URL: ' ' }])(
    'the environment’s, empty, does not send elsewhere what .env has an endpoint for: %j',
    async (env) => {
      const cwd = folderWith(`OPENAI_API_KEY=${KEY}\nBASE_URL=${FILE}\n`)
      const reason = /BASE_URL of \.env in this folder is .*, and the environment sets it to nothing/
      await refusal(cwd, reason, env as Record<string, string>)
    },
  )
})
