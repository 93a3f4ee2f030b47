/** What commands and programs do to the world: whom they speak to, what they write, what they read about the machine. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { example } from '../cli/clara.js'
import { startLlmServer } from '../llm-server.js'
import { changedOutside, cli, type Traced, traced } from '../support/traced.js'

const work = mkdtempSync(join(tmpdir(), 'clara-network-'))
afterAll(() => rmSync(work, { recursive: true }))
const at = (name: string) => join(work, name)
const root = join(cli, '../../..')

const run = (args: string[], env: Record<string, string> = {}) =>
  traced(args, { cwd: root, env: { CLARA_CACHE_DIR: at('cache'), ...env } })
const clara = (args: string[], env?: Record<string, string>) => run([cli, ...args], env)

/** @param addresses that it may speak to, and does. */
function expectQuiet(done: Traced, { code = 0, addresses = [] as string[] } = {}): void {
  expect(done.code, done.stderr).toBe(code)
  expect(done.leftBehind).toEqual([])
  if (!done.calls) return
  expect(done.calls.addresses).toEqual(addresses)
  expect(changedOutside(done, [work])).toEqual([])
  expect(done.calls.read.filter((path) => /machine-id|\/proc\/self\/cmdline/.test(path))).toEqual([])
}

beforeAll(async () => {
  copyFileSync(example('raw_knowledge.jsonl'), at('corpus.jsonl'))
  copyFileSync(example('qa.jsonl'), at('qa.jsonl'))
})

describe.skipIf(process.platform === 'win32')(
  'nothing leaves the machine, nothing is written elsewhere',
  () => {
    const [corpus, index, mined] = [at('corpus.jsonl'), at('index'), at('mined')]
    const rows = join(mined, 'end_to_end_data.jsonl')
    const search = ['index', 'search', index, '--query', 'What is a hard negative?']

    test.each<[string, string[], number?]>([
      ['extract', ['extract', '--input-dir', join(root, 'docs'), '--output-file', at('extracted.jsonl')]],
      ['index build', ['index', 'build', '--input-file', corpus, '--output-dir', index]],
      ['index search', search],
      ['index search --exact', [...search, '--exact']],
      ['index search --rerank', [...search, '--rerank', '-k', '3']],
      [
        'mine',
        ['mine', '--index', index, '--qa-file', at('qa.jsonl'), '--output-dir', mined, '--target-top-k', '3'],
      ],
      ['score', ['score', '--input-file', rows, '--output-file', at('scored.jsonl')]],
      ['validate', ['validate', '--input-file', rows]],
      ['report', ['report', '--input-dir', mined]],
      ['pack', ['pack', '--input-dir', mined, '--output-file', at('data.tar.gz')]],
      ['bench latency', ['bench', 'latency', '--lengths', '16', '--batches', '1', '--repeat', '3']],
      ['models list', ['models', 'list']],
      ['help', ['--help']],
    ])('%s', async (_, args) => expectQuiet(await clara(args)))

    test('synth speaks to the endpoint that is named, and to nobody else', async () => {
      const server = await startLlmServer()
      onTestFinished(() => server.close())
      const flags = ['--base-url', server.url, '--model', 'm', '--local-embeddings', '--target-top-k', '3']
      const done = await clara(['synth', '--input-file', corpus, '--output-dir', at('synth'), ...flags], {
        OPENAI_API_KEY: 'key',
      })
      const address = `{sa_family=AF_INET, sin_port=htons(${new URL(server.url).port}), sin_addr=inet_addr("127.0.0.1")}`
      expectQuiet({ ...done, code: done.code === 1 ? 0 : done.code }, { addresses: [address] })
      expect(server.requests.length).toBeGreaterThan(0)
    })

    const EMBED = `
    const embedder = await openEmbedder(await resolveEmbedder(DEFAULT_EMBEDDER))
    const { length } = await embedder.embed(['What is a hard negative?'], 'query')
    await embedder.close()
    if (length !== 384) throw new Error(String(length))`
    const IMPORT = `import { DEFAULT_EMBEDDER, openEmbedder, resolveEmbedder } from 'clara-topk'`
    /** A program of a user's. */
    const program = (text: string, env?: Record<string, string>) => {
      const path = join(root, `.network-test-${process.pid}.mjs`) // where 'clara-topk' is this package
      writeFileSync(path, text)
      onTestFinished(() => rmSync(path))
      return run([path], env)
    }

    test('a program that imports the library', async () => {
      expectQuiet(await program(`${IMPORT}\n${EMBED}`))
    })

    test('a program that imports ONNX Runtime before the library', async () => {
      expectQuiet(await program(`import 'onnxruntime-node'\n${IMPORT}\n${EMBED}`))
    })

    test.each([
      ['with an environment as it comes', '{}'],
      ['with an environment of its own', '{ env: {} }'],
      ['that shares the environment', '{ env: SHARE_ENV }'],
    ])('a program that imports the library in a worker thread %s', async (_, options) => {
      const worker = `
      import { isMainThread, SHARE_ENV, Worker } from 'node:worker_threads'
      if (isMainThread) new Worker(new URL(import.meta.url), ${options})
      else {
        const { DEFAULT_EMBEDDER, openEmbedder, resolveEmbedder } = await import('clara-topk')
        ${EMBED}
      }`
      expectQuiet(await program(worker))
    })
  },
)
