import { expect, test } from 'vitest'
import { KeyTable, keyOfAll, keyOfText, MOST_KEYS } from '#clara/text/key-table.js'

test('holds what was set, however it grows, with keys that are alike', () => {
  const table = new KeyTable()
  const keys = Array.from({ length: 20_000 }, (_, i) => ({ high: i % 7, low: Math.floor(i / 7) * 128 }))
  for (const [i, key] of keys.entries()) table.set(key, i + 1)
  expect(table.size).toBe(keys.length)
  expect(keys.map((key) => table.get(key))).toEqual(keys.map((_, i) => i + 1))
  expect(table.get({ high: 8, low: 0 })).toBe(0)
  table.set(keys[3]!, 99)
  expect([table.get(keys[3]!), table.size]).toEqual([99, keys.length])
  expect([...table.values()].length).toBe(keys.length)
})

test('a full table keeps what it has, and counts the rest', () => {
  const table = new KeyTable()
  const key = (i: number) => ({ high: Math.imul(i, 0x9e3779b1) >>> 0, low: i })
  for (let i = 0; i < MOST_KEYS + 1000; i++) table.set(key(i), i + 1)
  expect([table.size, table.refused]).toEqual([MOST_KEYS, 1000])
  expect(table.get(key(MOST_KEYS - 1))).toBe(MOST_KEYS)
  expect(table.get(key(MOST_KEYS))).toBe(0)
  table.set(key(5), 77) // known keys change all the same
  expect([table.get(key(5)), table.refused]).toEqual([77, 1000])
})

test('keys of several texts, in any order', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(keyOfText)
  const zero = { high: 0, low: 0 }
  expect(keyOfAll(a!, [b!, c!, d!])).toEqual(keyOfAll(a!, [d!, b!, c!]))
  expect(keyOfAll(a!, [b!, c!])).not.toEqual(keyOfAll(b!, [a!, c!]))
  expect(keyOfAll(zero, [b!, b!])).not.toEqual(keyOfAll(zero, [c!, c!]))
  expect(keyOfText('abc')).toEqual({ high: 0xba7816bf, low: 0x8f01cfea }) // FIPS 180-4's example
})
