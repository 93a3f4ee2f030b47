/** Which host documents and key go to, where flag, environment and `.env` name several, one or none. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clara } from './clara.js'
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

/** 1: that in `.env`; 2: that of the environment; 3: that of the flag. */
const servers = async () => [await serve(), await serve(), await serve()] as const

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
  ])('a model of another provider is asked nothing: %s', async (lines, reason) => {
    refused(await run(folderWith(`OPENAI_API_KEY=${KEY}\n${lines}\n`)), reason)
  })

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
    const outcome = await run(folderWith(`OPENAI_API_KEY=${key}\n`))
    refused(outcome, /the API key is not of the form of OpenAI/)
    if (key.length > 8) expect(outcome.stderr).not.toContain(key)
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
    asked = []
    await run(folderWith(''), { OPENAI_API_KEY: key })
    expect(new Set(asked)).toEqual(new Set(['api.openai.com:443']))
    asked = []
  })

  it('but with that of OPENAI_API_BASE, as older tools call it', async () => {
    const [old, named] = await servers()
    const env = { OPENAI_API_BASE: old.url, OPENAI_API_KEY: KEY }
    expect(await run(folderWith(''), env)).toMatchObject({ code: 0 })
    expect(await run(folderWith(''), { ...env, BASE_URL: named.url })).toMatchObject({ code: 0 })
    expect([old.requests.length, named.requests.length, asked]).toEqual([1, 1, []])
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
    const [, environment, flag] = await servers()
    const env = { BASE_URL: environment.url }
    for (const lines of ['', `BASE_URL=${NOWHERE}\n`]) {
      const cwd = folderWith(`OPENAI_API_KEY=${KEY}\n${lines}`)
      refused(
        await run(cwd, env),
        /the key is that of OPENAI_API_KEY of \.env in this folder: .*--base-url URL/,
      )
      expect(await run(cwd, env, ['--base-url', flag.url])).toMatchObject({ code: 0 })
    }
    expect([environment.requests.length, flag.requests.length]).toEqual([0, 2])
    const same = folderWith(`OPENAI_API_KEY=${KEY}\nBASE_URL=${environment.url}/\n`)
    expect(await run(same, env)).toMatchObject({ code: 0 })
    expect(environment.headers[0]!.authorization).toBe(`Bearer ${KEY}`)
  })

  it('of the environment goes to the endpoint of the environment, whatever .env says', async () => {
    const [file, environment] = await servers()
    const cwd = folderWith(`OPENAI_API_KEY=${OTHER}\nBASE_URL=${file.url}\n`)
    expect(await run(cwd, { OPENAI_API_KEY: KEY, BASE_URL: environment.url })).toMatchObject({ code: 0 })
    expect([file.requests.length, environment.headers[0]!.authorization]).toEqual([0, `Bearer ${KEY}`])
  })
})

describe('a .env', () => {
  it('whose key is not the exported one says which counts', async () => {
    const [file] = await servers()
    const cwd = folderWith(`OPENAI_API_KEY=${OTHER}\nBASE_URL=${file.url}\n`)
    const { code, stderr } = await run(cwd, { OPENAI_API_KEY: KEY })
    expect(code).toBe(0)
    expect(stderr).toContain('with the key of that file: OPENAI_API_KEY of the environment is another')
    expect(file.headers[0]!.authorization).toBe(`Bearer ${OTHER}`)
    const same = await run(cwd, { OPENAI_API_KEY: OTHER })
    expect(same.stderr).not.toContain('is another')
  })

  it.each([
    `BASE_URL=\${HOST}/v1`,
    'OPENAI_API_KEY=$MY_KEY',
    'OPENAI_API_KEY=$(pass show key)',
    `MODEL=\${MODEL:-qwen-turbo}`,
  ])('is not filled in by a shell, and says so: %s', async (line) => {
    const name = line.replace(/=.*/, '')
    refused(await run(folderWith(`${line}\n`)), new RegExp(`${name} of \\.env .*write it out`))
  })
})

describe('two addresses', () => {
  it.each(['environment', '.env'])('that differ in the %s are asked about', async (place) => {
    const [one, two] = await servers()
    const both = { OPENAI_BASE_URL: one.url, BASE_URL: two.url, OPENAI_API_KEY: KEY }
    const lines = Object.entries(both).map(([name, value]) => `${name}=${value}\n`)
    const cwd = folderWith(place === '.env' ? lines.join('') : '')
    const env = place === '.env' ? {} : both
    refused(
      await run(cwd, env),
      new RegExp(`OPENAI_BASE_URL of (the )?${place}.* is ${one.url}, BASE_URL is ${two.url}`),
    )
    expect([one.requests.length, two.requests.length]).toEqual([0, 0])
    expect(await run(cwd, env, ['--base-url', one.url])).toMatchObject({ code: 0 })
    const alike = folderWith(`OPENAI_BASE_URL=${two.url}\nBASE_URL="${two.url}/"\nOPENAI_API_KEY=${KEY}\n`)
    expect(await run(alike)).toMatchObject({ code: 0 })
  })

  it('of which one is empty are one', async () => {
    const [, server] = await servers()
    const env = { OPENAI_BASE_URL: '', BASE_URL: ` ${server.url} `, OPENAI_API_KEY: KEY }
    expect(await run(folderWith(''), env)).toMatchObject({ code: 0 })
    expect(server.requests).toHaveLength(1)
  })

  it.each([{ BASE_URL: '' }, { OPENAI_BASE_URL: ' ' }])(
    'the environment’s, empty, does not send elsewhere what .env has an endpoint for: %j',
    async (env) => {
      const [file] = await servers()
      const cwd = folderWith(`OPENAI_API_KEY=${KEY}\nBASE_URL=${file.url}\n`)
      refused(
        await run(cwd, env),
        /BASE_URL of \.env in this folder is .*, and the environment sets it to nothing/,
      )
      expect(file.requests).toEqual([])
    },
  )
})
