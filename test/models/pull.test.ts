import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parseCard } from '#clara/models/card.js'
import { resolveEmbedder } from '#clara/models/resolve.js'
import { type HubReply, type HubRequest, type ModelHub, startModelHub } from '../model-hub.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import {
  COMMIT,
  FILES,
  isWhole,
  modelFolder,
  partFile,
  pullFrom,
  REPOSITORY,
  TOTAL,
  tinyEntry,
  tinyRepository,
} from '../support/hub-model.js'

const cache = useDirectory()
let hub: ModelHub
let repositories: ReturnType<typeof tinyRepository>

beforeEach(async () => {
  vi.stubEnv('CLARA_CACHE_DIR', cache.path)
  vi.stubEnv('no_proxy', '127.0.0.1')
  repositories = tinyRepository()
  hub = await startModelHub(repositories)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
})

/** Errs at the first requests of a kind, so many times. */
function err(
  reply: HubReply,
  { what = 'file' as HubRequest['what'], file = 'model.onnx_data', times = 1 } = {},
) {
  let left = times
  hub.behave = (request) => {
    const hit =
      request.what === what && (what === 'tree' || what === 'revision' || request.path.includes(file))
    if (!hit || left === 0) return {}
    left--
    return reply
  }
}
const ofFile = (path: string) => hub.requests.filter((r) => r.what === 'file' && r.path.includes(path))

describe('a pull', () => {
  test('of a pinned model asks for nothing but its files', async () => {
    const pulled = await pullFrom(hub, tinyEntry())
    expect(pulled).toMatchObject({ name: 'tiny-model', verified: 'pinned', bytes: TOTAL, present: false })
    expect(isWhole(cache.path)).toBe(true)
    expect(new Set(hub.requests.map(({ what }) => what))).toEqual(new Set(['resolve', 'file']))
    expect(readdirSync(join(cache.path, 'models'))).toEqual(['tiny-model'])
  })

  test('writes a card by which the model resolves', async () => {
    await pullFrom(hub, tinyEntry())
    const card = JSON.parse(readFileSync(join(modelFolder(cache.path), 'card.json'), 'utf8'))
    expect(parseCard(card)).toEqual(card)
    expect(card.source).toBe(`${REPOSITORY}@${COMMIT}`)
    const model = await resolveEmbedder('tiny-model')
    expect(model.model.path).toBe(join(modelFolder(cache.path), 'onnx/model.onnx'))
    expect(model.externalData).toHaveLength(1)
    expect(model.card.queryPrefix).toBe('query: ')
  })

  test('of a model without hashes takes those that the hub states', async () => {
    const pulled = await pullFrom(hub, tinyEntry({ known: false }))
    expect(isWhole(cache.path)).toBe(true)
    expect(pulled.verified).toBe('unverified') // the two small files have no sha256 on the hub
    const card = JSON.parse(readFileSync(join(modelFolder(cache.path), 'card.json'), 'utf8'))
    expect(card.files.map(({ verified }: { verified: string }) => verified)).toEqual([
      'hub',
      'hub',
      'unverified',
      'unverified',
    ])
  })

  test('without a commit takes the one that main has, and says which', async () => {
    const pulled = await pullFrom(hub, tinyEntry({ known: false, revision: null }))
    expect(pulled.source).toBe(`${REPOSITORY}@${COMMIT}`)
    expect(hub.requests[0]?.path).toBe(`/api/models/${REPOSITORY}/revision/main`)
  })

  test('of what is here makes no request; with --force it does', async () => {
    await pullFrom(hub, tinyEntry())
    const before = hub.requests.length
    expect(await pullFrom(hub, tinyEntry())).toMatchObject({ present: true })
    expect(hub.requests).toHaveLength(before)
    expect(await pullFrom(hub, tinyEntry(), { force: true })).toMatchObject({ present: false })
    expect(hub.requests.length).toBeGreaterThan(before)
    expect(isWhole(cache.path)).toBe(true)
  })

  test('of another revision replaces the model', async () => {
    await pullFrom(hub, tinyEntry())
    const other = 'b'.repeat(40)
    repositories[REPOSITORY] = { commit: other, files: { ...FILES, 'tokenizer.json': Buffer.from('{}') } }
    const pulled = await pullFrom(hub, tinyEntry(), { revision: 'next' })
    expect(pulled).toMatchObject({ source: `${REPOSITORY}@${other}`, present: false })
    expect(readFileSync(join(modelFolder(cache.path), 'tokenizer.json'), 'utf8')).toBe('{}')
    expect(await pullFrom(hub, tinyEntry(), { revision: 'next' })).toMatchObject({ present: true })
  })

  test('repairs a model that lost a file', async () => {
    await pullFrom(hub, tinyEntry())
    await writeFile(join(modelFolder(cache.path), 'tokenizer.json'), 'short')
    expect(await pullFrom(hub, tinyEntry())).toMatchObject({ present: false })
    expect(isWhole(cache.path)).toBe(true)
  })

  test('tells of its progress', async () => {
    const seen = new Map<string, number>()
    await pullFrom(hub, tinyEntry(), { onProgress: (path, done) => seen.set(path, done) })
    expect([...seen]).toEqual(Object.entries(FILES).map(([path, data]) => [path, data.length]))
  })
})

describe('passing troubles are overcome', () => {
  test.each<[string, HubReply]>([
    ['a connection that breaks before the answer', { cut: true }],
    ['one that breaks in the body', { cutAfter: 10_000 }],
    ['a silent server', { hang: 'before-headers' }],
    ['a body that stalls', { hang: 'in-body' }],
    ['429', { status: 429, headers: { 'retry-after': '0' } }],
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['other bytes', { body: Buffer.alloc(30_000, 1) }],
    ['too few bytes, honestly announced', { body: Buffer.alloc(10, 1) }],
    [
      'too few bytes, without a length',
      { body: FILES['onnx/model.onnx_data']!.subarray(0, 99), length: null },
    ],
    ['too many bytes', { body: Buffer.alloc(30_001, 1) }],
    ['too many announced', { length: 1 << 30, cutAfter: 5 }],
    ['a body without end', { endless: true, length: null }],
    ['a part that nobody asked for', { status: 206, headers: { 'content-range': 'bytes 5-9/30000' } }],
  ])('%s', async (_, reply) => {
    err(reply)
    await pullFrom(hub, tinyEntry(), { timeoutMs: 300 })
    expect(isWhole(cache.path)).toBe(true)
    expect(ofFile('onnx_data').length).toBeGreaterThan(1)
  })

  test('a Retry-After is waited for', async () => {
    err({ status: 503, headers: { 'retry-after': '1' } })
    const start = performance.now()
    await pullFrom(hub, tinyEntry())
    expect(performance.now() - start).toBeGreaterThan(950)
  })

  test('a chain of redirects', async () => {
    err(
      { redirectTo: `${hub.cdn}/${REPOSITORY}/resolve/${COMMIT}/onnx/model.onnx_data?hop` },
      { what: 'resolve' },
    )
    await pullFrom(hub, tinyEntry())
    expect(isWhole(cache.path)).toBe(true)
  })

  test.each([
    ['an error', { status: 502 }],
    ['a cut', { cutAfter: 20 }],
  ])('in the listing: %s', async (_, reply) => {
    err(reply, { what: 'tree' })
    await pullFrom(hub, tinyEntry({ known: false }))
    expect(isWhole(cache.path)).toBe(true)
  })
})

describe('what does not pass ends the pull, and nothing is visible', () => {
  const always = { times: Number.POSITIVE_INFINITY }
  const cases: [string, HubReply, string[]][] = [
    ['cuts', { cut: true }, ['gave up after 6 attempts']],
    ['500s', { status: 500 }, ['status 500', 'gave up']],
    ['a long Retry-After', { status: 429, headers: { 'retry-after': '86400' } }, ['429', 'gave up']],
    ['404', { status: 404 }, ['not there (404)', 'revision']],
    ['403', { status: 403 }, ['refused (403)', 'HF_TOKEN']],
    ['418', { status: 418 }, ['status 418']],
    ['other bytes', { body: Buffer.alloc(30_000, 1) }, ['sha256', 'expected', 'twice']],
    ['too many bytes', { body: Buffer.alloc(30_001, 1) }, ['announces 30001 bytes, expected 30000']],
    ['no end', { endless: true, length: null }, ['sends more than the 30000 bytes']],
    ['gzip', { gzip: true }, ['sent as gzip']],
    [
      'a Git LFS pointer',
      { body: Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 30000\n') },
      ['Git LFS pointer', 'git lfs pull'],
    ],
    [
      'a page',
      { body: Buffer.from('<!DOCTYPE html><p>Log in'), headers: { 'content-type': 'text/html' } },
      ['HTML page'],
    ],
    ['a page that says it is none', { body: Buffer.from('\n<html><p>Log in') }, ['HTML page']],
    ['a redirect to nowhere', { status: 302, headers: { location: 'http://' } }, ['redirects to nowhere']],
    ['a redirect to a file', { redirectTo: 'file:///etc/passwd' }, ['not followed']],
    ['a redirect to ftp', { redirectTo: 'ftp://127.0.0.1/x' }, ['not followed']],
  ]
  test.each(cases)('%s', async (_, reply, parts) => {
    err(reply, always)
    const failed = pullFrom(hub, tinyEntry(), { timeoutMs: 300 })
    await expect(failed).rejects.toThrow(expect.objectContaining({ name: 'ClaraError' }))
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining(parts[0]!) })
    for (const part of parts) await failed.catch((error) => expect(error.message).toContain(part))
    await failed.catch((error) => expect(error.message).not.toContain('secret')) // of a signed URL
    expect(isWhole(cache.path)).toBe(false)
    hub.behave = () => ({})
    await pullFrom(hub, tinyEntry())
    expect(isWhole(cache.path)).toBe(true)
  })

  test('a loop of redirects', async () => {
    hub.behave = ({ what, path }) => (what === 'resolve' ? { redirectTo: `${hub.url}${path}` } : {})
    await expect(pullFrom(hub, tinyEntry())).rejects.toMatchObject(
      claraError('network', 'more than 10 redirects'),
    )
    expect(hub.requests.length).toBeLessThan(15)
  })

  test('a hub that is not there', async () => {
    const failed = pullFrom({ url: 'http://127.0.0.1:9' }, tinyEntry())
    await expect(failed).rejects.toMatchObject(claraError('network', '127.0.0.1:9', 'ECONNREFUSED'))
    expect(isWhole(cache.path)).toBe(false)
  })

  test.each<[string, unknown, string]>([
    ['no JSON', '<html>', 'expected JSON'],
    ['no list', '{}', 'expected a list of files'],
    ['no path', '[{}]', '"path"'],
    ['a path that leads out', '[{"type":"file","path":"../../evil","size":1}]', 'inside of the repository'],
    ['an absolute path', '[{"type":"file","path":"/etc/passwd","size":1}]', 'inside of the repository'],
    ['a drive', '[{"type":"file","path":"C:\\\\x","size":1}]', 'inside of the repository'],
    ['no size', '[{"type":"file","path":"tokenizer.json"}]', 'a size'],
    ['a bad hash', '[{"type":"file","path":"a","size":1,"lfs":{"oid":"x","size":1}}]', 'a size and an id'],
    ['none of the files', '[]', 'has no onnx/model.onnx'],
  ])('a listing with %s', async (_, text, message) => {
    err({ body: Buffer.from(text as string) }, { what: 'tree', ...always })
    await expect(pullFrom(hub, tinyEntry({ known: false }))).rejects.toThrow(message)
    expect(isWhole(cache.path)).toBe(false)
  })

  test('a commit that is none', async () => {
    err({ body: Buffer.from('{"sha":"../../x"}') }, { what: 'revision', ...always })
    const failed = pullFrom(hub, tinyEntry({ known: false, revision: null }))
    await expect(failed).rejects.toMatchObject(claraError('network', 'a commit as "sha"'))
  })

  test('a listing that contradicts the catalogue', async () => {
    const entry = tinyEntry()
    repositories[REPOSITORY]!.files['onnx/model.onnx'] = Buffer.alloc(12_000, 1)
    delete entry.tokenizer.bytes // so that the hub is asked at all
    await expect(pullFrom(hub, entry)).rejects.toMatchObject(
      claraError('model', 'the hub states sha256', 'onnx/model.onnx', 'the catalogue'),
    )
  })

  test('a size that nobody states has a cap', async () => {
    const { download } = await import('#clara/models/download.js')
    const { openHttp } = await import('#clara/models/http.js')
    const endpoint = new URL(hub.url)
    const http = openHttp({ endpoint, timeoutMs: 1000 })
    const url = new URL(`${hub.cdn}/${REPOSITORY}/resolve/${COMMIT}/onnx/model.onnx_data`)
    const target = {
      endpoint,
      kind: 'huggingface' as const,
      http,
      patience: { backoffMs: 1, onRetry: () => {} },
    }
    const options = { onBytes: () => {}, maxUnknownBytes: 1000 }
    const part = join(cache.path, 'x.part')
    await expect(download(target, url, { path: 'x' }, part, options)).rejects.toThrow('expected 1000')
    err({ length: null }, always)
    await expect(download(target, url, { path: 'x' }, part, options)).rejects.toThrow('more than the 1000')
    await http.close()
  })
})

describe('a partial file', () => {
  const path = 'onnx/model.onnx_data'
  const half = FILES[path]!.subarray(0, 15_000)

  async function leavePartial() {
    hub.behave = ({ what, path: file }) => {
      if (what !== 'file' || !file.includes(path)) return {}
      return ofFile(path).length === 1 ? { cutAfter: 15_000, dripMs: 200 } : { status: 404 }
    }
    await pullFrom(hub, tinyEntry()).catch(() => {})
    hub.behave = () => ({})
    expect(readFileSync(partFile(cache.path, path)).equals(half)).toBe(true)
    hub.requests.length = 0
  }

  test('is continued by the next pull', async () => {
    await leavePartial()
    const before = hub.sent
    await pullFrom(hub, tinyEntry())
    expect(isWhole(cache.path)).toBe(true)
    const [request] = ofFile(path)
    expect(request?.headers).toMatchObject({ range: 'bytes=15000-', 'if-range': expect.stringMatching(/^"/) })
    expect(hub.sent - before).toBeLessThan(TOTAL - 12_000)
  })

  test.each<[string, HubReply]>([
    ['ignores the range', { ignoreRange: true }],
    ['has changed the file, by its ETag', { etag: '"other"' }],
    ['answers with another place', { shiftRange: 7 }],
    ['states another size', { headers: { 'content-range': 'bytes 15000-29998/29999' } }],
    ['says there is nothing more', { status: 416 }],
    ['says no ETag at all', { etag: null }],
  ])('is safe from a server that %s', async (_, reply) => {
    await leavePartial()
    err(reply)
    await pullFrom(hub, tinyEntry())
    expect(isWhole(cache.path)).toBe(true)
  })

  test('of other content is found out by the hash, and fetched anew', async () => {
    await leavePartial()
    await writeFile(partFile(cache.path, path), Buffer.alloc(15_000, 9))
    await pullFrom(hub, tinyEntry())
    expect(isWhole(cache.path)).toBe(true)
    expect(ofFile(path).map(({ headers }) => headers.range)).toEqual(['bytes=15000-', undefined])
  })

  test.each([
    ['as long as the file', 30_000],
    ['longer than the file', 40_000],
  ])('%s but wrong is fetched anew', async (_, bytes) => {
    await leavePartial()
    await writeFile(partFile(cache.path, path), Buffer.alloc(bytes, 9))
    await pullFrom(hub, tinyEntry())
    expect(isWhole(cache.path)).toBe(true)
  })

  test('of another revision is thrown away', async () => {
    await leavePartial()
    repositories[REPOSITORY]!.commit = 'c'.repeat(40)
    await pullFrom(hub, tinyEntry(), { revision: 'main' })
    expect(ofFile(path)[0]?.headers.range).toBeUndefined()
    expect(isWhole(cache.path)).toBe(true)
  })

  test('that is a link is not followed', async () => {
    await leavePartial()
    const precious = await cache.write('precious', 'mine')
    const part = partFile(cache.path, 'tokenizer.json')
    await symlink(precious, part)
    await expect(pullFrom(hub, tinyEntry())).rejects.toMatchObject(claraError('io', 'not a plain file'))
    expect(readFileSync(precious, 'utf8')).toBe('mine')
  })

  test('folder that is a link is not followed', async () => {
    await mkdir(join(cache.path, 'models'))
    await mkdir(join(cache.path, 'elsewhere'))
    await symlink(join(cache.path, 'elsewhere'), join(cache.path, 'models/.tiny-model.partial'))
    await expect(pullFrom(hub, tinyEntry())).rejects.toMatchObject(
      claraError('io', 'not a folder of its own'),
    )
    expect(readdirSync(join(cache.path, 'elsewhere'))).toEqual([])
  })
})

describe('the token', () => {
  test('goes to the hub, not to where it redirects', async () => {
    await pullFrom(hub, tinyEntry({ known: false }), { token: 'hf_secret' })
    const sent = (server: string) =>
      hub.requests.filter((r) => r.server === server).map((r) => r.headers.authorization)
    expect(new Set(sent('hub'))).toEqual(new Set(['Bearer hf_secret']))
    expect(new Set(sent('cdn'))).toEqual(new Set([undefined]))
  })

  test('is in no message', async () => {
    const remarks: string[] = []
    err({ status: 401 }, { times: Number.POSITIVE_INFINITY })
    const failed = pullFrom(hub, tinyEntry(), { token: 'hf_secret', onRemark: (text) => remarks.push(text) })
    await failed.catch((error) => remarks.push(String(error), JSON.stringify(error), error.stack))
    expect(remarks.join()).toContain('401')
    expect(remarks.join()).not.toContain('hf_secret')
  })
})

describe('offline', () => {
  test('makes no request and names what is missing', async () => {
    await expect(pullFrom(hub, tinyEntry(), { offline: true })).rejects.toMatchObject(
      claraError('network', 'tiny-model', 'offline', 'onnx/model.onnx_data', `${TOTAL} bytes`, '--from-dir'),
    )
    expect(hub.requests).toEqual([])
  })

  test('is content with what is here', async () => {
    await pullFrom(hub, tinyEntry())
    expect(await pullFrom(hub, tinyEntry(), { offline: true })).toMatchObject({ present: true })
  })
})

describe('from a folder', () => {
  async function folder(files: Record<string, Buffer | string> = FILES): Promise<string> {
    for (const [path, data] of Object.entries(files)) await cache.write(join('stick', path), data)
    return join(cache.path, 'stick')
  }

  test('the files are copied and checked, without a request', async () => {
    const fromDir = await folder()
    expect(await pullFrom(hub, tinyEntry(), { fromDir, offline: true })).toMatchObject({ verified: 'pinned' })
    expect(isWhole(cache.path)).toBe(true)
    expect(hub.requests).toEqual([])
    expect(existsSync(join(fromDir, 'onnx/model.onnx'))).toBe(true)
  })

  test('links in it are followed, as a hub cache needs', async () => {
    const fromDir = await folder({ ...FILES, 'tokenizer.json': '' })
    await cache.write('blob', FILES['tokenizer.json']!)
    const { rm } = await import('node:fs/promises')
    await rm(join(fromDir, 'tokenizer.json'))
    await symlink(join(cache.path, 'blob'), join(fromDir, 'tokenizer.json'))
    await pullFrom(hub, tinyEntry(), { fromDir })
    expect(isWhole(cache.path)).toBe(true)
    expect(statSync(join(modelFolder(cache.path), 'tokenizer.json')).isFile()).toBe(true)
  })

  test('what no catalogue knows is marked', async () => {
    const fromDir = await folder()
    expect(await pullFrom(hub, tinyEntry({ known: false }), { fromDir })).toMatchObject({
      verified: 'unverified',
    })
  })

  test.each<[string, Record<string, Buffer | string>, 'input' | 'model', string]>([
    [
      'a missing file',
      { 'tokenizer.json': FILES['tokenizer.json']! },
      'input',
      'lacks onnx/model.onnx, onnx/model.onnx_data',
    ],
    ['a damaged file', { ...FILES, 'onnx/model.onnx': Buffer.alloc(12_000) }, 'model', 'sha256'],
    ['a short file', { ...FILES, 'onnx/model.onnx': 'x' }, 'model', '1 bytes, expected 12000'],
    [
      'a Git LFS pointer',
      { ...FILES, 'onnx/model.onnx': 'version https://git-lfs.github.com/spec/v1\n' },
      'model',
      'git lfs pull',
    ],
  ])('%s is refused', async (_, files, code, message) => {
    const fromDir = await folder(files)
    await expect(pullFrom(hub, tinyEntry(), { fromDir })).rejects.toMatchObject(claraError(code, message))
    expect(isWhole(cache.path)).toBe(false)
  })
})
