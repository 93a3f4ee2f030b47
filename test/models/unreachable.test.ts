/** What stands between here and a hub is told at once and by its name, with the way by hand. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ModelHub, startModelHub } from '../model-hub.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { COMMIT, isWhole, pullFrom, REPOSITORY, tinyEntry, tinyRepository } from '../support/hub-model.js'

const cache = useDirectory()
const PEM = readFileSync(new URL('../fixtures/tls/self-signed.pem', import.meta.url))
const servers: Server[] = []
let hub: ModelHub

beforeEach(async () => {
  vi.stubEnv('CLARA_CACHE_DIR', cache.path)
  for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) vi.stubEnv(name, '')
  vi.stubEnv('no_proxy', '127.0.0.1,localhost')
  hub = await startModelHub(tinyRepository())
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
  for (const server of servers.splice(0)) server.close()
})

async function portOf(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
const silent = () => createTcpServer((socket) => socket.on('error', () => {}))
const cutting = () =>
  createTcpServer((socket) => socket.on('error', () => {}).once('data', () => socket.resetAndDestroy()))
const page: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Log in</title>')
}

/** A proxy that answers to CONNECT with a status. */
async function proxy(status: number): Promise<void> {
  const server = createServer()
  server.on('connect', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`))
  vi.stubEnv('https_proxy', `http://127.0.0.1:${await portOf(server)}`)
}

test.each<[string, () => Promise<string>, string[]]>([
  ['a name that is none', async () => 'https://hub.invalid', ['hub.invalid', 'name', 'HTTPS_PROXY']],
  ['nobody at the port', async () => 'http://127.0.0.1:9', ['connection is refused', 'ECONNREFUSED']],
  [
    'no answer to a handshake',
    async () => `https://127.0.0.1:${await portOf(silent())}`,
    ['no connection within'],
  ],
  [
    'a connection that is cut',
    async () => `https://127.0.0.1:${await portOf(cutting())}`,
    ['cut before an answer', '3 attempts'],
  ],
  [
    'a certificate of nobody',
    async () => `https://localhost:${await portOf(createTlsServer({ key: PEM, cert: PEM }, page))}`,
    ['signed by nobody', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'NODE_EXTRA_CA_CERTS'],
  ],
  ['no TLS', async () => `https://127.0.0.1:${await portOf(createServer(page))}`, ['does not speak TLS']],
  [
    'a login page',
    async () => `http://127.0.0.1:${await portOf(createServer(page))}`,
    ['HTML page', 'login page'],
  ],
  [
    'a proxy that forbids',
    () => proxy(403).then(() => 'https://hub.invalid'),
    ['proxy says no (403)', 'allowed'],
  ],
  [
    'a proxy that asks who',
    () => proxy(407).then(() => 'https://hub.invalid'),
    ['name and a password', '407'],
  ],
  [
    'a proxy that cannot',
    () => proxy(503).then(() => 'https://hub.invalid'),
    ['proxy says no (503)', '3 attempts'],
  ],
  [
    'a proxy that is silent',
    async () => {
      vi.stubEnv('https_proxy', `http://127.0.0.1:${await portOf(silent())}`)
      return 'https://hub.invalid'
    },
    ['the proxy 127.0.0.1:', 'on the way to hub.invalid', 'says nothing'],
  ],
  [
    'a proxy that is not there',
    async () => {
      vi.stubEnv('https_proxy', 'http://127.0.0.1:9')
      return 'https://hub.invalid'
    },
    ['the proxy 127.0.0.1:9', 'connection is refused'],
  ],
])('%s', async (_, address, parts) => {
  const url = await address()
  const start = performance.now()
  const error = await pullFrom({ url }, tinyEntry(), { timeoutMs: 1500 }).catch((reason) => reason)
  expect(performance.now() - start).toBeLessThan(8000) // of a machine that is busy; in fact up to 2 s
  expect(error).toMatchObject(claraError('network', ...parts))
  const advice = error.advice.join('\n')
  for (const place of ['huggingface.co', 'hf-mirror.com']) {
    expect(advice).toContain(`https://${place}/${REPOSITORY}/resolve/${COMMIT}/\n`)
  }
  expect(advice).toContain(`https://modelscope.cn/models/${REPOSITORY}/resolve/master/\n`)
  expect(advice).toContain('onnx/model.onnx        12000 bytes')
  expect(advice).toContain('clara-models pull tiny-model --from-dir')
  expect(isWhole(cache.path)).toBe(false)
})

test('a listing that is a login page', async () => {
  const url = `http://127.0.0.1:${await portOf(createServer(page))}`
  await expect(pullFrom({ url }, tinyEntry({ known: false }))).rejects.toMatchObject(
    claraError('network', 'expected JSON', 'login page'),
  )
})

test('a server that the hub sends to is told from the hub', async () => {
  hub.behave = ({ what }) => (what === 'resolve' ? { redirectTo: 'https://cdn.invalid/x' } : {})
  const host = new URL(hub.url).host
  await expect(pullFrom(hub, tinyEntry())).rejects.toMatchObject(
    claraError('network', 'https://cdn.invalid', `to which ${host} redirects`),
  )
})

test('a hub that has answered is waited for when it is gone for a while', async () => {
  let files = 0
  hub.behave = ({ what }) => (what === 'file' && ++files === 2 ? { cut: true } : {})
  await pullFrom(hub, tinyEntry())
  expect(isWhole(cache.path)).toBe(true)
})
