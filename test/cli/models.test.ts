import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findEntry } from '#clara/models/catalogue.js'
import { type ModelHub, startModelHub } from '../model-hub.js'
import { startModelScope } from '../model-scope.js'
import { noise } from '../support/hub-model.js'
import { seeded } from '../support/seeded.js'
import { clara, type RunOptions, workFolder } from './clara.js'

/** One of which the catalogue knows no hashes: any bytes will do. */
const NAME = 'bge-reranker-base'
const { repository, revision } = findEntry(NAME)!
const FILES: Record<string, Buffer> = {
  // more than undici buffers, on connections that close: its parser paused there, and ended the process
  'onnx/model.onnx': noise(400_000, 1),
  'tokenizer.json': noise(20_000, 2),
  'tokenizer_config.json': noise(200, 3),
}
const TOTAL = Object.values(FILES).reduce((sum, { length }) => sum + length, 0)

const work = workFolder()
/** For what only a shell can set. */
const cli = join(import.meta.dirname, '../../dist/cli/clara-models.js')
let hub: ModelHub
let cache: string
let env: Record<string, string>

beforeEach(async () => {
  cache = await mkdtemp(join(work, 'cache-'))
  hub = await startModelHub({ [repository]: { commit: revision!, files: FILES } })
  env = { CLARA_CACHE_DIR: cache, HF_ENDPOINT: hub.url, HF_TOKEN: '', CLARA_OFFLINE: '', HF_HUB_OFFLINE: '' }
})
afterEach(() => hub.close())

const models = (args: string[], options: RunOptions = {}) =>
  clara(args, { bin: 'clara-models', ...options, env: { ...env, ...options.env } })
const folder = () => join(cache, 'models', NAME)
const lockFile = () => join(cache, 'models', `.${NAME}.lock`)
const visible = () =>
  existsSync(join(cache, 'models'))
    ? readdirSync(join(cache, 'models')).filter((name) => !name.startsWith('.'))
    : []

function expectWhole() {
  for (const [path, data] of Object.entries(FILES))
    expect(readFileSync(join(folder(), path)).equals(data)).toBe(true)
}

/** So slow that there is a middle to be stopped in. */
function slow(ms = 10) {
  hub.behave = ({ what, path }) =>
    what === 'file' && path.includes('model.onnx') ? { drip: 8000, dripMs: ms } : {}
}

describe('clara-models pull', () => {
  it('fetches, says where it is, and is done the second time', async () => {
    const first = await models(['pull', NAME, '--json'])
    expect(first).toMatchObject({ code: 0 })
    expect(JSON.parse(first.stdout).models).toEqual([
      {
        name: NAME,
        folder: folder(),
        source: `${repository}@${revision}`,
        verified: 'unverified',
        bytes: TOTAL,
        present: false,
      },
    ])
    expect(first.stderr).toContain('not verified by sha256')
    expectWhole()
    const again = await models(['pull', NAME])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(folder()) })
    expect(again.stderr).toContain('was here already')
  })

  it('is quiet when told so', async () => {
    expect(await models(['pull', NAME, '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  it.each([
    ['an unknown name', ['pull', 'bge-reranker'], 'did you mean bge-reranker-base'],
    ['an embedded name', ['pull', 'all-minilm-l6-v2'], 'comes with this package'],
    ['a name that leads out', ['pull', '../../x'], 'no model ../../x'],
    ['a revision of two', ['pull', NAME, 'bge-m3', '--revision', 'main'], 'name one'],
    ['a revision of a folder', ['pull', NAME, '--revision', 'main', '--from-dir', '/'], 'pass one of them'],
    ['no name', ['pull'], 'missing required argument'],
  ])('refuses %s', async (_, args, message) => {
    const run = await models(args)
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain(message)
    expect(hub.requests).toEqual([])
  })

  it.each([
    ['--offline', ['--offline'], {}],
    ['CLARA_OFFLINE', [], { CLARA_OFFLINE: '1' }],
    ['HF_HUB_OFFLINE', [], { HF_HUB_OFFLINE: '1' }],
  ])('makes no request with %s', async (_, flags, variables) => {
    const run = await models(['pull', NAME, ...flags], { env: variables as Record<string, string> })
    expect(run.code).toBe(2)
    expect(run.stderr).toContain('needs onnx/model.onnx, tokenizer.json, tokenizer_config.json')
    expect(hub.requests).toEqual([])
  })

  it('says nothing of the token, nor sends it elsewhere', async () => {
    const file = join(work, 'token')
    writeFileSync(file, 'hf_secret\n')
    hub.behave = ({ what }) => (what === 'resolve' ? { status: 403 } : {})
    const run = await models(['pull', NAME, '--token-file', file])
    expect(run.code).toBe(2)
    expect(hub.requests[0]?.headers.authorization).toBe('Bearer hf_secret')
    expect(run.stdout + run.stderr).not.toContain('hf_secret')
    hub.behave = () => ({})
    await models(['pull', NAME], { env: { HF_TOKEN: 'hf_secret' } })
    const cdn = hub.requests.filter(({ server }) => server === 'cdn')
    expect(cdn.length).toBeGreaterThan(0)
    for (const { headers } of cdn) expect(headers).not.toHaveProperty('authorization')
  })

  it('goes through a proxy, but not to where NO_PROXY says', async () => {
    const asked: string[] = []
    const proxy = createServer(({ url = '', headers }, response) => {
      const { host, port, pathname, search } = new URL(url) // whole: what is asked of a proxy
      asked.push(host)
      get({ host: '127.0.0.1', port, path: pathname + search, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      }).on('error', () => response.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as AddressInfo
    const name = `hub.invalid:${new URL(hub.url).port}` // only the proxy can find it
    const address = `http://127.0.0.1:${port}`
    const proxied = (no: string) => ({
      HF_ENDPOINT: `http://${name}`,
      ...{ HTTP_PROXY: address, http_proxy: address, NO_PROXY: no, no_proxy: no },
    })
    const run = await models(['pull', NAME], { env: proxied('127.0.0.1') })
    expect(run, run.stderr).toMatchObject({ code: 0 })
    expect(new Set(asked)).toEqual(new Set([name]))
    expectWhole()
    await models(['pull', NAME, '--force'], { env: proxied('') })
    expect(new Set(asked)).toEqual(new Set([name, new URL(hub.cdn).host]))
    proxy.closeAllConnections()
    proxy.close()
  })

  it('takes a mirror by name, and keeps a token of another hub to itself', async () => {
    const scope = await startModelScope({ [repository]: FILES })
    const run = await models(['pull', NAME, '--endpoint', 'modelscope', '--json'], {
      env: { MODELSCOPE_ENDPOINT: scope.url, HF_TOKEN: 'hf_secret' },
    })
    expect(run, run.stderr).toMatchObject({ code: 0 })
    expect(JSON.parse(run.stdout).models).toMatchObject([
      { source: `${new URL(scope.url).host}/${repository}@master`, verified: 'hub' },
    ])
    expectWhole()
    expect(hub.requests).toEqual([])
    expect(JSON.stringify(scope.requests)).not.toContain('hf_secret')
    await scope.close()
    const flag = await models(['pull', NAME, '--force', '--endpoint', hub.url], {
      env: { HF_TOKEN: 'hf_secret' },
    })
    expect(flag).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('HF_TOKEN is not sent to 127.0.0.1'),
    })
    expect(JSON.stringify(hub.requests)).not.toContain('hf_secret')
  })

  it('says at once that no hub can be reached, and how to do without', async () => {
    const start = performance.now()
    const run = await models(['pull', 'bge-small-en-v1.5', '--endpoint', 'http://127.0.0.1:9'])
    expect(performance.now() - start).toBeLessThan(8000) // it took 16 s of repetitions
    expect(run).toMatchObject({ code: 2, stdout: '' })
    const lines = run.stderr.trim().split('\n')
    expect(lines[0]).toMatch(/^error: http:\/\/127\.0\.0\.1:9: the connection is refused/)
    expect(lines.map((line) => line.trim())).toEqual(
      expect.arrayContaining([
        'onnx/model.onnx        133093490 bytes',
        expect.stringMatching(
          /^https:\/\/hf-mirror\.com\/BAAI\/bge-small-en-v1\.5\/resolve\/[0-9a-f]{40}\/$/,
        ),
        'https://modelscope.cn/models/BAAI/bge-small-en-v1.5/resolve/master/',
        'clara-models pull bge-small-en-v1.5 --from-dir bge-small-en-v1.5',
      ]),
    )
  })

  it('says what to do when the disk is full, and goes on afterwards', async () => {
    const script = `ulimit -f 200; exec "$0" "$1" pull ${NAME}`
    const run = await models(['pull', NAME], { command: ['bash', '-c', script, process.execPath, cli] })
    expect(run.code).toBe(2)
    expect(run.stderr).toMatch(/cannot be written: .*make room, or set CLARA_CACHE_DIR/)
    expect(visible()).toEqual([])
    const before = hub.sent
    expect(await models(['pull', NAME])).toMatchObject({ code: 0 })
    expect(hub.sent - before).toBeLessThan(TOTAL - 150_000)
    expectWhole()
  })

  it('can be interrupted, and goes on where it was', async () => {
    slow()
    const run = await models(['pull', NAME], {
      onStart: async (child) => {
        while (hub.sent < 100_000) await sleep(5)
        child.kill('SIGINT')
      },
    })
    expect(run.code).toBe(130)
    expect(run.stderr).toContain('what came so far is kept; run the same command again to go on')
    expect(existsSync(lockFile())).toBe(false)
    expect(visible()).toEqual([])
    const before = hub.sent
    expect(await models(['pull', NAME])).toMatchObject({ code: 0 })
    expect(hub.sent - before).toBeLessThan(TOTAL - 50_000)
    expectWhole()
  })

  it('survives kill -9 at any moment', async () => {
    const random = seeded(7)
    slow()
    let kept = 0
    let kills = 0
    for (let round = 0; round < 12; round++) {
      const goal = hub.sent + random.below(20_000)
      const requests = hub.requests.length
      await models(['pull', NAME], {
        onStart: async (child) => {
          while (child.exitCode === null && (hub.sent < goal || hub.requests.length === requests))
            await sleep(1)
          await sleep(random.below(20))
          child.kill('SIGKILL')
        },
      })
      if (visible().length > 0) break // it was faster
      kills++
      const parts = readdirSync(join(cache, 'models', `.${NAME}.partial`)).filter((name) =>
        name.endsWith('.part'),
      )
      kept = parts.reduce(
        (sum, name) => sum + statSync(join(cache, 'models', `.${NAME}.partial`, name)).size,
        0,
      )
    }
    expect(kills).toBeGreaterThan(5)
    expect(kept).toBeGreaterThan(50_000)
    const before = hub.sent
    const run = await models(['pull', NAME])
    expect(run, run.stderr).toMatchObject({ code: 0 })
    expect(hub.sent - before).toBeLessThanOrEqual(TOTAL - kept + 65_536)
    expectWhole()
    expect(readdirSync(join(cache, 'models'))).toEqual([NAME])
  })

  it('lets a second one wait for the first', async () => {
    slow()
    const first = models(['pull', NAME])
    while (hub.sent === 0) await sleep(5)
    const [one, two] = await Promise.all([first, models(['pull', NAME])])
    expect([one.code, two.code]).toEqual([0, 0])
    expect(two.stderr).toMatch(/waiting for process \d+/)
    expect(two.stderr).toContain('was here already')
    expect(
      hub.requests.filter(({ what, path }) => what === 'file' && path.includes('model.onnx')),
    ).toHaveLength(1)
    expectWhole()
  })

  it('does not wait for another machine', async () => {
    await mkdir(join(cache, 'models'))
    writeFileSync(
      lockFile(),
      JSON.stringify({ pid: 4, host: 'elsewhere', started: null, since: 'yesterday' }),
    )
    const run = await models(['pull', NAME])
    expect(run.code).toBe(2)
    expect(run.stderr).toContain(`process 4 on elsewhere has been working on it since yesterday`)
    expect(run.stderr).toContain(lockFile())
  })
})

describe('clara-models list, info, verify, rm', () => {
  it('list says what is here and how it was checked', async () => {
    const before = JSON.parse((await models(['list', '--json'])).stdout).models
    expect(before.find(({ name }: { name: string }) => name === NAME)).toMatchObject({
      state: 'absent',
      verified: 'hub',
    })
    await models(['pull', NAME])
    const after = JSON.parse((await models(['list', '--json'])).stdout).models
    expect(after.find(({ name }: { name: string }) => name === NAME)).toMatchObject({
      state: 'cached',
      verified: 'unverified',
      pinned: true,
      bytes: TOTAL,
    })
    expect(after.find(({ name }: { name: string }) => name === 'all-minilm-l6-v2')).toMatchObject({
      state: 'embedded',
    })
    const { stdout } = await models(['list'])
    expect(stdout).toMatch(/all-minilm-l6-v2 +embedder +embedded +shipped, nothing to fetch/)
    expect(stdout).toMatch(/bge-reranker-base +reranker +cached +not verified by sha256/)
    expect(stdout).toMatch(/bge-small-en-v1.5 +embedder +absent +pinned sha256 +133.8 MB +384 +512 +en +MIT/)
    rmSync(join(folder(), 'tokenizer.json'))
    expect((await models(['list'])).stdout).toMatch(/bge-reranker-base +reranker +damaged/)
  })

  it('names a revision that is not the catalogue’s', async () => {
    await models(['pull', NAME, '--revision', 'b'.repeat(40)])
    expect((await models(['list'])).stdout).toMatch(/bge-reranker-base .*; revision not pinned/)
  })

  it('info knows models that are here, folders, and models that are not', async () => {
    const absent = await models(['info', NAME])
    expect(absent.stdout).toContain('no sha256 known')
    await models(['pull', NAME])
    const named = JSON.parse((await models(['info', NAME, '--json'])).stdout)
    expect(named).toMatchObject({ state: 'cached', card: { kind: 'reranker', labels: 1 } })
    const byFolder = JSON.parse((await models(['info', folder(), '--json'])).stdout)
    expect(byFolder.card).toEqual(named.card)
    expect((await models(['info', 'no-such'])).code).toBe(2)
    const here = `cd "${folder()}" && exec "$0" "$1" info . --json`
    const dot = await models([], { command: ['bash', '-c', here, process.execPath, cli] })
    expect(JSON.parse(dot.stdout).card).toEqual(named.card) // and not the cache itself
  })

  it('verify finds what differs, with exit code 1', async () => {
    await models(['pull', NAME])
    expect(await models(['verify', 'all-minilm-l6-v2'])).toMatchObject({ code: 0 })
    // The hub of the tests serves the right bytes of no model: they match their hashes and cannot run.
    expect(await models(['verify', NAME])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('is no ONNX file'),
    })
    const data = readFileSync(join(folder(), 'onnx/model.onnx'))
    data[9]! ^= 1
    writeFileSync(join(folder(), 'onnx/model.onnx'), data)
    rmSync(join(folder(), 'tokenizer.json'))
    writeFileSync(join(folder(), 'tokenizer_config.json'), 'version https://git-lfs.github.com/spec/v1\n')
    const run = await models(['verify', folder(), '--json'])
    expect(run.code).toBe(1)
    expect(JSON.parse(run.stdout)).toMatchObject({
      ok: false,
      models: [
        {
          findings: [
            { path: 'onnx/model.onnx', reason: expect.stringContaining('sha256') },
            { path: 'tokenizer.json', reason: 'missing' },
            { path: 'tokenizer_config.json', reason: expect.stringContaining('Git LFS pointer') },
          ],
        },
      ],
    })
    const text = await models(['verify', NAME])
    expect(text).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`${folder()}/tokenizer.json: missing`),
    })
    expect((await models(['verify', 'bge-m3'])).stderr).toContain('run clara-models pull bge-m3')
  })

  it('rm removes a model and what an unfinished pull left, and nothing else', async () => {
    await models(['pull', NAME])
    await mkdir(join(cache, 'models', `.${NAME}.partial`))
    writeFileSync(join(cache, 'models', `.${NAME}.partial`, 'x.part'), 'x')
    writeFileSync(join(cache, 'precious'), 'mine')
    const run = await models(['rm', NAME, '--json'])
    expect(JSON.parse(run.stdout).models).toEqual([{ name: NAME, bytes: TOTAL + 1, found: true }])
    expect(readdirSync(join(cache, 'models'))).toEqual([])
    expect(await models(['rm', NAME])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('was not here'),
    })
    for (const name of ['all-minilm-l6-v2', 'no-such', '..', '../precious', '.', 'models']) {
      expect(await models(['rm', name])).toMatchObject({ code: 2 })
    }
    expect(readFileSync(join(cache, 'precious'), 'utf8')).toBe('mine')
  })

  it('rm leaves alone what a pull is at', async () => {
    await models(['pull', NAME])
    writeFileSync(
      lockFile(),
      JSON.stringify({ pid: process.pid, host: hostname(), started: null, since: 'now' }),
    )
    expect(await models(['rm', NAME])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`process ${process.pid}`),
    })
    expectWhole()
  })

  it('a command that needs a model says how to get it', async () => {
    const args = ['index', 'search', work, '--query', 'x', '--embedder', 'bge-small-en-v1.5']
    const run = await clara(args, { env })
    expect(run).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('clara-models pull bge-small-en-v1.5'),
    })
  })
})

describe('clara-models install-cuda', () => {
  // a proxy that is not there: the test must not download, wherever it runs
  const nowhere = {
    HTTPS_PROXY: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
    NO_PROXY: '',
    no_proxy: '',
  }

  it('fails with what is missing, and breaks nothing', async () => {
    const run = await models(['install-cuda', '--force'], {
      env: { ...nowhere, npm_config_onnxruntime_node_install: 'skip' },
    })
    expect(run).toMatchObject({ code: 2, stdout: '' })
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      expect(run.stderr).toContain('has no CUDA build for')
      return
    }
    expect(run.stderr).toContain('Microsoft.ML.OnnxRuntime.Gpu.Linux')
    expect(run.stderr).toContain("onnxruntime-node's install script failed")
    expect(run.stderr).toContain('The CPU works as before')
    const load = spawnSync(process.execPath, ['-e', 'require("onnxruntime-node")'], { encoding: 'utf8' })
    expect(load).toMatchObject({ status: 0, stderr: '' })
  })

  it('does not try when offline', async () => {
    if (process.platform !== 'linux' || process.arch !== 'x64') return
    const run = await models(['install-cuda', '--force'], { env: { ...nowhere, CLARA_OFFLINE: '1' } })
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('offline') })
    expect(run.stderr).not.toContain('install script')
  })
})
