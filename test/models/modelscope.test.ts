/** A pull from ModelScope: the same bytes as the catalogue pins, or none. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ModelScope, startModelScope } from '../model-scope.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import {
  COMMIT,
  FILES,
  isWhole,
  modelFolder,
  noise,
  pullFrom,
  REPOSITORY,
  TOTAL,
  tinyEntry,
} from '../support/hub-model.js'

const cache = useDirectory()
let repositories: Record<string, Record<string, Buffer>>
let hub: ModelScope

beforeEach(async () => {
  vi.stubEnv('CLARA_CACHE_DIR', cache.path)
  vi.stubEnv('no_proxy', '127.0.0.1')
  repositories = { [REPOSITORY]: { ...FILES } }
  hub = await startModelScope(repositories)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
})
const pull = (...[entry, options]: Parameters<typeof pullFrom> extends [unknown, ...infer R] ? R : never) =>
  pullFrom(hub, entry, { kind: 'modelscope', ...options })

test('what the catalogue pins is pinned, of its own revision', async () => {
  const pulled = await pull(tinyEntry())
  expect(pulled).toMatchObject({ source: `${REPOSITORY}@${COMMIT}`, verified: 'pinned', bytes: TOTAL })
  expect(isWhole(cache.path)).toBe(true)
  const path = `/api/v1/models/${REPOSITORY}/repo`
  expect(hub.requests[0]?.path).toBe(`${path}/files?Revision=master&Recursive=True`)
  expect(hub.requests[1]?.path).toBe(`${path}?Revision=master&FilePath=onnx/model.onnx`)
})

test('what the catalogue does not know is what ModelScope states, and no revision of the catalogue', async () => {
  const pulled = await pull(tinyEntry({ known: false }))
  expect(pulled).toMatchObject({ verified: 'hub' })
  expect(pulled.source).toBe(`${new URL(hub.url).host}/${REPOSITORY}@master`)
  expect(isWhole(cache.path)).toBe(true)
})

test('bytes that are not those of the catalogue are refused before any is fetched', async () => {
  repositories[REPOSITORY]!['onnx/model.onnx_data'] = noise(30_000, 9)
  await expect(pull(tinyEntry())).rejects.toMatchObject(
    claraError('model', 'states sha256', 'onnx/model.onnx_data', 'another revision', '--endpoint'),
  )
  expect(hub.requests).toHaveLength(1)
})

test('a listing that lies, or has no hashes, changes nothing', async () => {
  await hub.close()
  hub = await startModelScope(repositories, { withHashes: false })
  repositories[REPOSITORY]!['onnx/model.onnx_data'] = noise(30_000, 9)
  await expect(pull(tinyEntry())).rejects.toMatchObject(
    claraError('model', 'FilePath=onnx/model.onnx_data', 'sha256'),
  )
  expect(isWhole(cache.path)).toBe(false)
})

test('a copy under AI-ModelScope is found', async () => {
  repositories['AI-ModelScope/tiny-model'] = repositories[REPOSITORY]!
  delete repositories[REPOSITORY]
  expect(await pull(tinyEntry())).toMatchObject({ source: `${REPOSITORY}@${COMMIT}`, verified: 'pinned' })
})

test.each<[string, () => void, string[]]>([
  [
    'a repository',
    () => delete repositories[REPOSITORY],
    [REPOSITORY, 'AI-ModelScope/tiny-model', '--endpoint'],
  ],
  [
    'a file',
    () => delete repositories[REPOSITORY]!['onnx/model.onnx'],
    ['has no onnx/model.onnx', '--endpoint'],
  ],
])('%s that is not there', async (_, remove, parts) => {
  remove()
  const failed = pull(tinyEntry())
  await expect(failed).rejects.toMatchObject(claraError('model', ...parts))
  const { advice } = await failed.catch((error) => error)
  expect(advice.join('\n')).toContain(`https://huggingface.co/${REPOSITORY}/resolve/${COMMIT}/`)
  expect(advice.join('\n')).toContain('clara-models pull tiny-model --from-dir tiny-model')
})

test('what came of it is continued', async () => {
  const path = 'onnx/model.onnx_data'
  await cache.write('models/.tiny-model.partial/pull.json', `${REPOSITORY}@${COMMIT}`)
  await cache.write(
    join('models/.tiny-model.partial', `${encodeURIComponent(path)}.part`),
    FILES[path]!.subarray(0, 9000),
  )
  await pull(tinyEntry())
  expect(isWhole(cache.path)).toBe(true)
  const asked = hub.requests.find((request) => request.path.endsWith(path))
  expect(asked?.headers.range).toBe('bytes=9000-')
})

test('the token goes by header and by cookie', async () => {
  await pull(tinyEntry(), { token: 'ms-secret' })
  for (const { headers } of hub.requests) {
    expect(headers).toMatchObject({ authorization: 'Bearer ms-secret', cookie: 'm_session_id=ms-secret' })
  }
})

test('a pulled model whose card is of an older catalogue is brought up to date', async () => {
  await pull(tinyEntry())
  const entry = { ...tinyEntry(), queryPrefix: 'other: ', lowercase: true }
  const remarks: string[] = []
  const onRemark = (text: string) => remarks.push(text)
  expect(await pull(entry, { onRemark })).toMatchObject({ present: true })
  expect(await pull(entry, { onRemark })).toMatchObject({ present: true })
  expect(remarks).toEqual([expect.stringContaining('its card is set to what is known now')])
  const card = JSON.parse(readFileSync(join(modelFolder(cache.path), 'card.json'), 'utf8'))
  expect(card).toMatchObject({ queryPrefix: 'other: ', lowercase: true })
  await pull(tinyEntry())
  expect(readFileSync(join(modelFolder(cache.path), 'card.json'), 'utf8')).not.toContain('lowercase')
})
