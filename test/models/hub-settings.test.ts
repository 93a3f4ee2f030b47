import { describe, expect, test } from 'vitest'
import { isOffline, readHubSettings } from '#clara/models/hub-settings.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()

test('without variables it is the public hub, without a token', () => {
  expect(readHubSettings({}, {})).toEqual({
    endpoint: new URL('https://huggingface.co'),
    kind: 'huggingface',
  })
})

test('a mirror may lie in a folder, and a token is trimmed', () => {
  const env = { HF_ENDPOINT: 'https://mirror.example/hf', HF_TOKEN: ' mine\n' }
  const { endpoint, token } = readHubSettings({}, env)
  expect(endpoint.href).toBe('https://mirror.example/hf')
  expect(token).toBe('mine')
})

const MS = 'https://modelscope.cn/'
test.each<[string, string | undefined, Record<string, string>, string, string]>([
  ['a name', 'hf-mirror', {}, 'https://hf-mirror.com/', 'huggingface'],
  ['a name of other paths', 'modelscope', {}, MS, 'modelscope'],
  ['its address', 'https://www.modelscope.cn', {}, 'https://www.modelscope.cn/', 'modelscope'],
  ['a host alone', 'hf-mirror.com', {}, 'https://hf-mirror.com/', 'huggingface'],
  [
    'the flag before the variable',
    'hf-mirror',
    { HF_ENDPOINT: 'https://x.example' },
    'https://hf-mirror.com/',
    'huggingface',
  ],
  [
    'the hub itself, in spite of the variable',
    'huggingface',
    { HF_ENDPOINT: 'https://x.example' },
    'https://huggingface.co/',
    'huggingface',
  ],
  [
    'a name in the variable',
    undefined,
    { HF_ENDPOINT: 'hf-mirror' },
    'https://hf-mirror.com/',
    'huggingface',
  ],
  [
    'quotes that Windows keeps',
    undefined,
    { HF_ENDPOINT: '"https://hf-mirror.com" ' },
    'https://hf-mirror.com/',
    'huggingface',
  ],
  [
    'backticks that a web page had',
    undefined,
    { HF_ENDPOINT: '`https://hf-mirror.com`' },
    'https://hf-mirror.com/',
    'huggingface',
  ],
  ['an empty variable', undefined, { HF_ENDPOINT: ' ' }, 'https://huggingface.co/', 'huggingface'],
  ['ModelScope in the variable', undefined, { HF_ENDPOINT: 'https://modelscope.cn' }, MS, 'modelscope'],
  [
    'a ModelScope of its own',
    'modelscope',
    { MODELSCOPE_ENDPOINT: 'http://127.0.0.1:8' },
    'http://127.0.0.1:8/',
    'modelscope',
  ],
  [
    'by its host',
    'modelscope',
    { MODELSCOPE_DOMAIN: 'www.modelscope.ai' },
    'https://www.modelscope.ai/',
    'modelscope',
  ],
])('the hub is found: %s', (_, flag, env, href, kind) => {
  const settings = readHubSettings({ endpoint: flag }, env)
  expect([settings.endpoint.href, settings.kind]).toEqual([href, kind])
})

describe('a token goes to the hub that it is for, and to no other', () => {
  const HF = { HF_TOKEN: 'hf_secret' }
  test.each<[string, string | undefined, Record<string, string>, string | undefined]>([
    ['huggingface.co', undefined, HF, 'hf_secret'],
    ['a host of it', 'https://hub-ci.huggingface.co', HF, 'hf_secret'],
    ['a mirror', 'hf-mirror', HF, undefined],
    ['a mirror of the variable', undefined, { ...HF, HF_ENDPOINT: 'https://hf-mirror.com' }, undefined],
    ['a host that only ends like it', 'https://nothuggingface.co', HF, undefined],
    ['ModelScope', 'modelscope', HF, undefined],
    ['ModelScope, with its own', 'modelscope', { ...HF, MODELSCOPE_API_TOKEN: 'ms' }, 'ms'],
    ['huggingface.co, with that of ModelScope', undefined, { MODELSCOPE_API_TOKEN: 'ms' }, undefined],
    [
      'a server of one’s own, with its token',
      undefined,
      { HF_ENDPOINT: 'https://art.example/hf', HF_TOKEN: 'AKC' },
      'AKC',
    ],
    [
      'another server, with the token of HF_ENDPOINT',
      'https://y.example',
      { HF_ENDPOINT: 'https://art.example', HF_TOKEN: 'AKC' },
      undefined,
    ],
  ])('%s', (_, endpoint, env, token) => {
    const settings = readHubSettings({ endpoint }, env)
    expect(settings.token).toBe(token)
    const withheld = 'HF_TOKEN' in env && token === undefined && settings.kind === 'huggingface'
    expect(settings.remark !== undefined).toBe(withheld)
    expect(settings.remark ?? '').not.toContain('secret')
  })

  test('that of a file goes where the user says', async () => {
    const tokenFile = await directory.write('token', 'hf_file')
    expect(readHubSettings({ endpoint: 'hf-mirror', tokenFile }, HF)).toMatchObject({ token: 'hf_file' })
  })
})

test('a token in a file goes before the one in the environment', async () => {
  const path = await directory.write('token', 'hf_file\n')
  expect(readHubSettings({ tokenFile: path }, { HF_TOKEN: 'hf_env' }).token).toBe('hf_file')
  const empty = await directory.write('empty', '\n')
  expect(() => readHubSettings({ tokenFile: empty }, {})).toThrow(
    expect.objectContaining(claraError('usage', 'is empty')),
  )
  expect(() => readHubSettings({ tokenFile: '/nowhere' }, {})).toThrow(
    expect.objectContaining(claraError('usage', '/nowhere')),
  )
})

test.each([
  ['no URL', { HF_ENDPOINT: 'mirror' }, 'or a URL'],
  ['another scheme', { HF_ENDPOINT: 'ftp://mirror.example' }, 'or a URL'],
  ['a query', { HF_ENDPOINT: 'https://mirror.example?x=1' }, 'or a URL'],
  ['a password in it', { HF_ENDPOINT: 'https://me:hf_secret@mirror.example' }, 'holds a password'],
  [
    'a token over plain http',
    { HF_ENDPOINT: 'http://mirror.example', HF_TOKEN: 'not_hf_secret' },
    'unencrypted',
  ],
  ['a token of two lines', { HF_TOKEN: 'hf_secret\nhf_other' }, 'the token has blanks'],
])('%s is refused', (_, env, message) => {
  const read = () => readHubSettings({}, env)
  expect(read).toThrow(message)
  expect(read).not.toThrow(/hf_secret/)
})

test('plain http to this machine is no danger', () => {
  expect(readHubSettings({}, { HF_ENDPOINT: 'http://127.0.0.1:1', HF_TOKEN: 'hf_x' }).token).toBe('hf_x')
})

test.each([
  [{ CLARA_OFFLINE: '1' }, true],
  [{ HF_HUB_OFFLINE: 'True' }, true],
  [{ TRANSFORMERS_OFFLINE: '1' }, true],
  [{ HF_HUB_OFFLINE: '0' }, false],
  [{}, false],
])('%j means offline: %s', (env, offline) => expect(isOffline(env)).toBe(offline))
