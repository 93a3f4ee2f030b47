/** Where passages and key go: base URLs as people paste them, `.env` files as editors write them, proxies. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serve, synthFolder, textsIn } from './synth-run.js'

const KEY = 'sk-canary-7f3e2b9a5d1c'
const { work, path, synth } = synthFolder(6)

function directoryWith(name: string, env: string | Buffer): string {
  const directory = join(work, name)
  mkdirSync(directory)
  writeFileSync(join(directory, '.env'), env)
  return directory
}

/** Hands on what it is given to hand on, and keeps what that was. */
async function startProxy() {
  const seen: string[] = []
  const proxy = createServer((incoming, outgoing) => {
    seen.push(`${incoming.url} ${incoming.headers['proxy-authorization'] ?? ''}`)
    const to = request(incoming.url!.replace('llm.invalid', '127.0.0.1'), {
      method: incoming.method!,
      headers: { ...incoming.headers, host: 'llm.invalid' },
    })
    to.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(to)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return { seen, port: (proxy.address() as AddressInfo).port }
}

describe('a base URL', () => {
  it.each(['/', '//', '/chat/completions', '/chat/completions/', '/embeddings', '#here'])(
    'may end in %s',
    async (end) => {
      const { url, requests } = await serve()
      const out = `end-${end.replaceAll('/', '-')}`
      const { code } = await synth(out, ['--quiet', '--base-url', `${url}${end}`], {
        env: { OPENAI_API_KEY: KEY },
      })
      expect([code, requests.length]).toEqual([0, 6])
    },
  )

  it('keeps its query behind the path, and no message shows what in it may be a key', async () => {
    const { url, requests, headers, paths } = await serve()
    const secret = 'very-secret-value-1'
    const base = `${url}/?api-version=2024-10-21&key=${secret}`
    const { code, stdout, stderr } = await synth('azure', ['--base-url', base], {
      env: { OPENAI_API_KEY: KEY },
    })
    expect([code, requests.length]).toEqual([0, 6])
    expect(paths[0]).toBe(`/v1/chat/completions?api-version=2024-10-21&key=${secret}`)
    expect(headers[0]).toMatchObject({ 'api-key': KEY, authorization: `Bearer ${KEY}` })
    for (const text of [stdout, stderr, ...Object.values(textsIn(path('azure')))])
      expect(text).not.toContain(secret)
  })

  it.each(['ftp://user:very-secret@host/v1', 'http://user:very-secret@127.0.0.1:1/v1'])(
    'with a password is refused without showing it: %s',
    async (base) => {
      const { code, stderr } = await synth('password', ['--base-url', base], { env: { OPENAI_API_KEY: KEY } })
      expect(code).toBe(2)
      expect(stderr).not.toContain('very-secret')
    },
  )
})

describe('.env', () => {
  const lines = (url: string) =>
    `export OPENAI_API_KEY='${KEY}'\r\n# ours\r\n  export BASE_URL="${url}" # the server\r\n`
  it.each<[string, (text: string) => Buffer]>([
    ['with a byte order mark', (text) => Buffer.from(`\ufeff${text}`)],
    ['in UTF-16', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['with export, quotes, comments and CRLF', (text) => Buffer.from(text)],
  ])('is read %s', async (name, encode) => {
    const { url, headers } = await serve()
    const out = name.replaceAll(' ', '-')
    const cwd = directoryWith(`env-${out}`, encode(lines(url)))
    expect((await synth(out, ['--quiet'], { cwd })).code).toBe(0)
    expect(headers[0]?.authorization).toBe(`Bearer ${KEY}`)
  })

  it('that names the endpoint is sent no key from elsewhere', async () => {
    const { url, requests, headers } = await serve()
    const cwd = directoryWith('foreign', `BASE_URL=${url}\n`)
    const file = join(work, 'key')
    writeFileSync(file, KEY)
    const refused = [
      await synth('foreign-1', [], { cwd, env: { OPENAI_API_KEY: KEY } }),
      await synth('foreign-2', ['--api-key-file', file], { cwd }),
    ]
    for (const { code, stderr } of refused) {
      expect(code).toBe(2)
      expect(stderr).toMatch(/\.env in this folder names the endpoint .*To allow it, .*--base-url URL/)
      expect(stderr).not.toContain(KEY)
    }
    expect(requests).toEqual([])
    const named = ['--quiet', '--base-url', url]
    expect((await synth('foreign-3', named, { cwd, env: { OPENAI_API_KEY: KEY } })).code).toBe(0)
    expect(headers[0]?.authorization).toBe(`Bearer ${KEY}`)
    expect((await synth('foreign-4', ['--quiet'], { cwd })).code).toBe(0) // a server that needs none
    const own = directoryWith('own', `BASE_URL=${url}\nOPENAI_API_KEY=sk-of-this-folder\n`)
    expect((await synth('foreign-5', ['--quiet'], { cwd: own, env: { OPENAI_API_KEY: KEY } })).code).toBe(0)
    expect(headers.at(-1)?.authorization).toBe('Bearer sk-of-this-folder')
  })
})

describe('a proxy', () => {
  it.each(['HTTP_PROXY', 'http_proxy'])(
    'that %s names is asked, but for what NO_PROXY names',
    async (name) => {
      const { url, requests } = await serve()
      const { seen, port } = await startProxy()
      const env = { OPENAI_API_KEY: KEY, [name]: `http://user:very-secret@127.0.0.1:${port}` }
      const behind = url.replace('127.0.0.1', 'llm.invalid')
      const { code, stderr } = await synth(name, ['--base-url', behind], { env })
      expect([code, requests.length, seen.length]).toEqual([0, 6, 6])
      expect(seen[0]).toBe(`${behind}/chat/completions Basic ${btoa('user:very-secret')}`)
      expect(stderr).not.toContain('very-secret')
      const direct = await synth(`${name}-no`, ['--quiet', '--base-url', url], {
        env: { ...env, NO_PROXY: '127.0.0.1' },
      })
      expect([direct.code, requests.length, seen.length]).toEqual([0, 12, 6])
    },
  )

  it('that is not there is said, without its password', async () => {
    const env = { OPENAI_API_KEY: KEY, HTTPS_PROXY: 'http://user:very-secret@127.0.0.1:1' }
    const { code, stderr } = await synth('no-proxy', ['--base-url', 'https://llm.invalid/v1'], { env })
    expect(code).toBe(2)
    expect(stderr).toMatch(/ECONNREFUSED/)
    expect(stderr).not.toContain('very-secret')
  })
})

it('no host but OpenAI’s is told of the organisation and the project', async () => {
  const { url, headers } = await serve()
  const env = { OPENAI_API_KEY: KEY, OPENAI_ORG_ID: 'org-canary', OPENAI_PROJECT_ID: 'proj-canary' }
  const flags = ['--quiet', '--base-url', url, '--use-embeddings', '--embedding-model', 'e']
  const { code } = await synth('organisation', flags, { env })
  expect([code, headers.length > 6]).toEqual([0, true])
  expect(JSON.stringify(headers)).not.toMatch(/canary(?!-7f3e)/)
})
