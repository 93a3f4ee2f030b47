import { expect, test } from 'vitest'
import { isOffline, readHubSettings } from '#clara/models/hub-settings.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()

test('without variables it is the public hub, without a token', () => {
  expect(readHubSettings(undefined, {})).toEqual({ endpoint: new URL('https://huggingface.co') })
})

test('a mirror may lie in a folder, and a token is trimmed', () => {
  const env = { HF_ENDPOINT: 'https://mirror.example/hf', HF_TOKEN: ' hf_x\n' }
  const { endpoint, token } = readHubSettings(undefined, env)
  expect(endpoint.href).toBe('https://mirror.example/hf')
  expect(token).toBe('hf_x')
})

test('a token in a file goes before the one in the environment', async () => {
  const path = await directory.write('token', 'hf_file\n')
  expect(readHubSettings(path, { HF_TOKEN: 'hf_env' }).token).toBe('hf_file')
  const empty = await directory.write('empty', '\n')
  expect(() => readHubSettings(empty, {})).toThrow(expect.objectContaining(claraError('usage', 'is empty')))
  expect(() => readHubSettings('/nowhere', {})).toThrow(
    expect.objectContaining(claraError('usage', '/nowhere')),
  )
})

test.each([
  ['no URL', { HF_ENDPOINT: 'mirror' }, 'expected a URL'],
  ['another scheme', { HF_ENDPOINT: 'ftp://mirror.example' }, 'expected a URL'],
  ['a query', { HF_ENDPOINT: 'https://mirror.example?x=1' }, 'expected a URL'],
  ['a password in it', { HF_ENDPOINT: 'https://me:hf_secret@mirror.example' }, 'holds a password'],
  ['a token over plain http', { HF_ENDPOINT: 'http://mirror.example', HF_TOKEN: 'hf_secret' }, 'unencrypted'],
  ['a token of two lines', { HF_TOKEN: 'hf_secret\nhf_other' }, 'the token has blanks'],
])('%s is refused', (_, env, message) => {
  const read = () => readHubSettings(undefined, env)
  expect(read).toThrow(message)
  expect(read).not.toThrow(/hf_secret/)
})

test('plain http to this machine is no danger', () => {
  expect(readHubSettings(undefined, { HF_ENDPOINT: 'http://127.0.0.1:1', HF_TOKEN: 'hf_x' }).token).toBe(
    'hf_x',
  )
})

test.each([
  [{ CLARA_OFFLINE: '1' }, true],
  [{ HF_HUB_OFFLINE: 'True' }, true],
  [{ HF_HUB_OFFLINE: '0' }, false],
  [{}, false],
])('%j means offline: %s', (env, offline) => expect(isOffline(env)).toBe(offline))
