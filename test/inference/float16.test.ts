import { expect, test } from 'vitest'
import { fromFloat16 } from '#clara/inference/float16.js'

/** By moving bits: the fields of a half into those of a single; a subnormal is shifted until it is none. */
function bitsOfSingle(half: number): number {
  const sign = (half & 0x8000) * 0x10000
  let exponent = (half >> 10) & 0x1f
  let fraction = half & 0x3ff
  if (exponent === 0x1f) return sign + 0x7f800000 + fraction * 0x2000
  if (exponent === 0) {
    if (fraction === 0) return sign
    exponent = 1
    while ((fraction & 0x400) === 0) {
      fraction *= 2
      exponent--
    }
    fraction &= 0x3ff
  }
  return sign + (exponent + 112) * 0x800000 + fraction * 0x2000
}

test('all 65,536 halves are the singles of the same value', () => {
  const halves = Uint16Array.from({ length: 1 << 16 }, (_, i) => i)
  const expected = new Float32Array(Uint32Array.from(halves, bitsOfSingle).buffer)
  const found = fromFloat16(halves)
  const wrong = [...halves].filter((i) => !Object.is(found[i], expected[i]))
  expect(wrong).toEqual([])
})

test.each([
  ['one', 0x3c00, 1],
  ['minus two', 0xc000, -2],
  ['the largest', 0x7bff, 65504],
  ['the smallest normal', 0x0400, 2 ** -14],
  ['the smallest', 0x0001, 2 ** -24],
  ['minus zero', 0x8000, -0],
  ['infinity', 0x7c00, Number.POSITIVE_INFINITY],
  ['minus infinity', 0xfc00, Number.NEGATIVE_INFINITY],
  ['no number', 0x7e00, Number.NaN],
  ['no number, signalling', 0xfc01, Number.NaN],
])('%s', (_, half, value) => {
  expect(fromFloat16(Uint16Array.of(half))[0]).toBe(value)
})
