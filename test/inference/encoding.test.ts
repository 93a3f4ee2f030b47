import { expect, test } from 'vitest'
import { allRows, type Encodings, joinEncodings } from '#clara/inference/encoding.js'

const part = (rows: number[][], typeIds?: number[]): Encodings => {
  const starts = [0]
  for (const row of rows) starts.push(starts.at(-1)! + row.length)
  const ids = Int32Array.from(rows.flat())
  return {
    ids,
    starts: Int32Array.from(starts),
    ...(typeIds && { typeIds: Uint8Array.from(typeIds) }),
    truncated: 1,
    tokens: ids.length,
    unknown: 2,
  }
}

test('joined encodings are the rows of each, one after the other', () => {
  const joined = joinEncodings([part([[1, 2], [3]]), part([]), part([[], [4, 5, 6]], [0, 1, 1])])
  expect(joined).toEqual({
    ids: Int32Array.from([1, 2, 3, 4, 5, 6]),
    starts: Int32Array.from([0, 2, 3, 3, 6]),
    typeIds: Uint8Array.from([0, 0, 0, 0, 1, 1]),
    truncated: 3,
    tokens: 6,
    unknown: 6,
  })
  expect(allRows(joined)).toEqual([0, 1, 2, 3])
})

test('without segments there are none, and of nothing comes nothing', () => {
  expect(joinEncodings([part([[1]])])).not.toHaveProperty('typeIds')
  expect(allRows(joinEncodings([]))).toEqual([])
})
