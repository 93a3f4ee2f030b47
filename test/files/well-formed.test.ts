import { expect, test } from 'vitest'
import { cutText, repairBytes, repairEscapes, toJson } from '#clara/files/well-formed.js'
import { seeded } from '../support/seeded.js'

const PIECES = [
  ...['\\ud83d', '\\udc4d', '\\uD800', '\\uDFFF', '\\udbff', '\\uDC00', '\\u4e2d', '\\\\', '\\"', '\\n'],
  ...['a', 'ud83d', 'udc4d', '😀', '中'],
]

test('of any text of JSON the halves are U+FFFD, as in what it says, and their number is right', () => {
  const random = seeded(7)
  for (let i = 0; i < 50_000; i++) {
    const pieces = Array.from({ length: 1 + random.below(7) }, () => random.pick(PIECES))
    const json = `"${pieces.join('')}"`
    const value: string = JSON.parse(json)
    const { text, repaired } = repairEscapes(json)
    expect({ json, value: JSON.parse(text), repaired }).toEqual({
      json,
      value: value.toWellFormed(),
      repaired: value.match(/\p{Surrogate}/gu)?.length ?? 0,
    })
    if (repaired === 0) expect(text).toBe(json)
    expect(JSON.parse(toJson({ [value]: value }))).toEqual({ [value.toWellFormed()]: value.toWellFormed() })
  }
})

test('no cut goes through a pair', () => {
  const text = 'a😀😀b'
  expect([0, 1, 2, 3, 4, 5, 6, 7].map((units) => cutText(text, units))).toEqual(
    ['', 'a', 'a', 'a😀', 'a😀', 'a😀😀', text, text], // biome-ignore format: a table
  )
})

test('of bytes only halves are changed', () => {
  const text = Buffer.from('\ud7ff\ue000é中😀')
  expect(repairBytes(text)).toEqual({ bytes: text, repaired: 0 })
  const halves = Buffer.from([0xed, 0xa0, 0x80, 0x41, 0xed, 0xbf, 0xbf])
  expect(repairBytes(halves)).toEqual({ bytes: Buffer.from('\ufffdA\ufffd'), repaired: 2 })
})
