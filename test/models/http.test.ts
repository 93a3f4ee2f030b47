import { expect, test } from 'vitest'
import { redirectTarget } from '#clara/models/http.js'

const hub = new URL('https://hub.example/a/b?x=1')

test.each([
  ['https://cdn.example/file?signature=1', 'https://cdn.example/file?signature=1'],
  ['/other', 'https://hub.example/other'],
  ['../c', 'https://hub.example/c'],
  ['//cdn.example/x', 'https://cdn.example/x'],
])('a redirect to %s is followed', (location, target) => {
  expect(redirectTarget(hub, location).href).toBe(target)
})

test.each([
  ['out of https', 'http://hub.example/a', 'http://hub.example, which is not followed'],
  ['to a file', 'file:///etc/passwd', 'not followed'],
  ['to data', 'data:text/plain,x', 'not followed'],
  ['with a password', 'https://me:secret@cdn.example/', 'not followed'],
  ['to nothing', undefined, 'to nowhere'],
  ['to nonsense', 'http://', 'to nowhere'],
])('a redirect %s is not', (_, location, message) => {
  const follow = () => redirectTarget(hub, location)
  expect(follow).toThrow(message)
  expect(follow).not.toThrow(/secret|x=1/)
})

test('plain http may lead to https, and to itself', () => {
  const plain = new URL('http://127.0.0.1:1/a')
  expect(redirectTarget(plain, 'https://cdn.example/').href).toBe('https://cdn.example/')
  expect(redirectTarget(plain, 'http://127.0.0.1:2/').href).toBe('http://127.0.0.1:2/')
})
