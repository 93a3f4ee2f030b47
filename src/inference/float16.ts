/** IEEE 754 half precision -> single. */

const FLOATS = new Float32Array(1 << 16)
for (let bits = 0; bits < FLOATS.length; bits++) FLOATS[bits] = float16(bits)

export function fromFloat16(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) floats[i] = FLOATS[halves[i]!]!
  return floats
}

function float16(bits: number): number {
  const sign = bits >> 15 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
