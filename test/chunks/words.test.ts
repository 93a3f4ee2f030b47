import { expect, test } from 'vitest'
import { wordsOf } from '#clara/chunks/words.js'

// A giant run is segmented in windows, whose ends fall where they may.
test.each([
  ['abcdefgh/', 1, ['abcdefgh', '/']],
  ['北京大学，', 1, ['北京', '大学', '，']],
  ['abcdefgh/', 18, ['abcdefgh/abcdefgh/']],
])('no word of %j repeated is cut, in pieces of %i', (period, length, pieces) => {
  const text = period.repeat(2000)
  const found = Array.from(wordsOf(text, { start: 0, end: text.length }, length), ({ start, end }) =>
    text.slice(start, end),
  )
  expect(found.join('')).toBe(text)
  expect(new Set(found)).toEqual(new Set(pieces))
})
