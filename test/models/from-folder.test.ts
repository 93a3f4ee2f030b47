/** The folders that people bring: each is read as what it is, and what is missing is named. */
import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { sha256 } from '../model-hub.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { COMMIT, FILES, isWhole, noise, pullFrom, REPOSITORY, tinyEntry } from '../support/hub-model.js'

const cache = useDirectory()
const NOWHERE = { url: 'http://127.0.0.1:9' }
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 30000\n`
const OTHER = 'f'.repeat(40)

beforeEach(() => vi.stubEnv('CLARA_CACHE_DIR', cache.path))

type Files = Record<string, Buffer | string>
/** @param rename of each of the model's files; null leaves it out. */
const files = (rename: (path: string) => string | null = (path) => path): Files =>
  Object.fromEntries(
    Object.entries(FILES).flatMap(([path, data]) => {
      const name = rename(path)
      return name === null ? [] : [[name, data]]
    }),
  )
const flat = (path: string) => path.split('/').at(-1)!

async function bring(contents: Files): Promise<string> {
  for (const [path, data] of Object.entries(contents)) await cache.write(join('stick', path), data)
  return join(cache.path, 'stick')
}
const pull = (fromDir: string, { known = true } = {}) => pullFrom(NOWHERE, tinyEntry({ known }), { fromDir })

/** As huggingface_hub keeps it: links to blobs that are named by their hash. */
async function hubCache(below = ''): Promise<string> {
  const repository = `${below}models--someone--tiny-model`
  await bring({ [`${repository}/refs/main`]: COMMIT, [`${repository}/.no_exist/${COMMIT}/modules.json`]: '' })
  for (const [path, data] of Object.entries(FILES)) {
    await bring({
      [`${repository}/blobs/${sha256(data)}`]: data,
      [`${repository}/snapshots/${COMMIT}/${path}`]: '',
    })
    const link = join(cache.path, 'stick', repository, 'snapshots', COMMIT, path)
    await rm(link)
    await symlink(
      join(
        path.includes('/') ? '../../../..' : '../../..',
        repository.split('/').at(-1)!,
        'blobs',
        sha256(data),
      ),
      link,
    )
  }
  return join(cache.path, 'stick')
}

describe.each([true, false])('with hashes in the catalogue: %s', (known) => {
  test.each<[string, () => Promise<string>]>([
    ['a repository', () => bring(files())],
    ['a heap of downloads', () => bring(files(flat))],
    ['a heap in a folder', () => bring(files((path) => `downloads/${flat(path)}`))],
    ['files in onnx/ that are not there on the hub', () => bring(files((path) => `onnx/${flat(path)}`))],
    [
      'hf download --local-dir',
      () => bring({ ...files(), '.cache/huggingface/download/onnx/model.onnx.metadata': 'x' }),
    ],
    [
      'its unfinished files beside',
      () => bring({ ...files(), '.cache/huggingface/download/onnx/model.onnx.x.incomplete': 'x' }),
    ],
    ['the cache of huggingface_hub', () => hubCache()],
    ['its home', () => hubCache('hub/')],
    ['a model in it', async () => join(await hubCache(), 'models--someone--tiny-model')],
    [
      'a snapshot in it',
      async () => join(await hubCache(), `models--someone--tiny-model/snapshots/${COMMIT}`),
    ],
    [
      'a cache with another model',
      async () => {
        await bring(
          Object.fromEntries(
            Object.keys(FILES).map((path) => [`models--x--y/snapshots/${OTHER}/${path}`, 'x']),
          ),
        )
        return hubCache()
      },
    ],
    [
      'a cache with another snapshot',
      async () => {
        await bring(
          Object.fromEntries(
            Object.keys(FILES).map((path) => [`models--someone--tiny-model/snapshots/${OTHER}/${path}`, 'x']),
          ),
        )
        return hubCache()
      },
    ],
    [
      'ModelScope’s cache',
      () =>
        bring({
          ...files((path) => `hub/models/${REPOSITORY}/${path}`),
          [`hub/models/${REPOSITORY}/.msc`]: 'x',
          [`hub/models/${REPOSITORY}/._____temp/onnx/model.onnx`]: 'x',
        }),
    ],
    ['its newer one', () => bring(files((path) => `models/someone--tiny-model/snapshots/master/${path}`))],
  ])('%s', async (_, make) => {
    expect(await pull(await make(), { known })).toMatchObject({ verified: known ? 'pinned' : 'unverified' })
    expect(isWhole(cache.path)).toBe(true)
  })
})

test('known files are found under any name', async () => {
  await pull(
    await bring({
      ...files((path) => (path === 'onnx/model.onnx' ? 'model (1).onnx' : sha256(FILES[path]!))),
      'notes.txt': noise(12_000, 5),
    }),
  )
  expect(isWhole(cache.path)).toBe(true)
})

test('dots that ModelScope writes as ___ are dots', async () => {
  const entry = { ...tinyEntry({ known: false }), repository: 'someone/tiny-v1.5' }
  const model = files((path) => `someone/tiny-v1___5/${path}`)
  await pullFrom(NOWHERE, entry, { fromDir: await bring({ ...model, 'someone/other/tokenizer.json': '{}' }) })
  expect(isWhole(cache.path)).toBe(true)
})

test.each<[string, Files, string[]]>([
  [
    'a file too few',
    files((path) => (path === 'tokenizer.json' ? null : path)),
    ['lacks tokenizer.json:', 'fetch it'],
  ],
  [
    'an unfinished download',
    { ...files((path) => (path.startsWith('onnx') ? null : path)), '._____temp/onnx/model.onnx': 'x' },
    ['lacks onnx/model.onnx, onnx/model.onnx_data', '._____temp', 'unfinished'],
  ],
  ['nothing', { 'README.md': 'x' }, ['lacks onnx/model.onnx']],
])('%s is told, with where to fetch it', async (_, contents, parts) => {
  const error = await pull(await bring(contents)).catch((reason) => reason)
  expect(error).toMatchObject(claraError('input', ...parts))
  expect(error.advice.join('\n')).toMatch(
    new RegExp(`huggingface.co/${REPOSITORY}/resolve/${COMMIT}/(onnx/model.onnx|tokenizer.json)\n`),
  )
  expect(isWhole(cache.path)).toBe(false)
})

test.each<[string, Files, string]>([
  [
    'a clone without LFS',
    { ...files(), 'onnx/model.onnx_data': POINTER, 'onnx/model.onnx': POINTER },
    'git lfs pull',
  ],
  ['a damaged file', { ...files(), 'onnx/model.onnx': noise(12_000, 7) }, 'onnx/model.onnx: sha256'],
  [
    'half a file',
    { ...files(), 'onnx/model.onnx': FILES['onnx/model.onnx']!.subarray(0, 99) },
    '99 bytes, expected 12000',
  ],
])('%s is refused', async (_, contents, message) => {
  await expect(pull(await bring(contents))).rejects.toMatchObject(claraError('model', message))
})

test('two that may be meant are named', async () => {
  const twice = { ...files((path) => `a/${path}`), ...files((path) => `b/${path}`) }
  await expect(pull(await bring(twice), { known: false })).rejects.toMatchObject(
    claraError('input', 'a/onnx/model.onnx, b/onnx/model.onnx', 'this model alone'),
  )
  expect(await pull(await bring(twice))).toMatchObject({ verified: 'pinned' })
})

test('no folder is told', async () => {
  await expect(pull('/nowhere')).rejects.toMatchObject(claraError('input', '/nowhere', 'ENOENT'))
})
