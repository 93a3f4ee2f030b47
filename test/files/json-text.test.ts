import { describe, expect, test } from 'vitest'
import { replaceStrings } from '#clara/files/json-text.js'
import { seeded } from '../support/seeded.js'

const replace = (text: string, ...pairs: [number, string][]) => replaceStrings(text, 'docs', new Map(pairs))

test.each<[string, string, string]>([
  ['in the middle', '{"docs":["a","b","c"]}', '{"docs":["a","NEW","c"]}'],
  [
    'with blanks',
    '\ufeff { "docs" : [ "a" , "b" ,\t"c" ] }\r',
    '\ufeff { "docs" : [ "a" , "NEW" ,\t"c" ] }\r',
  ],
  ['after quotes and backslashes', '{"docs":["\\"\\\\","\\\\\\"]","c"]}', '{"docs":["\\"\\\\","NEW","c"]}'],
  [
    'not in a list inside',
    '{"x":{"docs":["a","b"]},"docs":["a","b"]}',
    '{"x":{"docs":["a","b"]},"docs":["a","NEW"]}',
  ],
  [
    'not in a key that begins so',
    '{"docs2":["a","b"],"docs":["a","b"]}',
    '{"docs2":["a","b"],"docs":["a","NEW"]}',
  ],
  [
    'not in a text that looks so',
    '{"q":"\\"docs\\":[\\"a\\"]","docs":["a","b"]}',
    '{"q":"\\"docs\\":[\\"a\\"]","docs":["a","NEW"]}',
  ],
  ['in the last of two', '{"docs":["a","b"],"docs":["c","d"]}', '{"docs":["a","b"],"docs":["c","NEW"]}'],
  ['under an escaped key', '{"\\u0064ocs":["a","b"]}', '{"\\u0064ocs":["a","NEW"]}'],
  [
    'beside numbers',
    '{"n":1.50,"m":-1e+3,"t":[true,null],"docs":["a","b"],"z":12345678901234567890}',
    '{"n":1.50,"m":-1e+3,"t":[true,null],"docs":["a","NEW"],"z":12345678901234567890}',
  ],
])('%s', (_, text, expected) => {
  expect(replace(text, [1, 'NEW'])).toBe(expected)
})

describe('several', () => {
  test('in whatever order they are given', () => {
    expect(replace('{"docs":["a","b","c"]}', [2, 'z'], [0, 'x'])).toBe('{"docs":["x","b","z"]}')
  })

  test('none: the text as it was', () => {
    expect(replace(' {"docs": ["a"] }')).toBe(' {"docs": ["a"] }')
  })

  test('new texts are escaped', () => {
    expect(replace('{"docs":["a"]}', [0, '"\\\n$&\u2028'])).toBe(
      `{"docs":[${JSON.stringify('"\\\n$&\u2028')}]}`,
    )
  })
})

test('a list or a position that is not there is misuse', () => {
  expect(() => replace('{"x":1}', [0, 'a'])).toThrow('no "docs"')
  expect(() => replace('{"docs":["a"]}', [1, 'a'])).toThrow('position 1 of 1')
})

test('any object: parsed, it is the same with those strings in place', () => {
  const { below: random, pick } = seeded(11)
  const text = () =>
    Array.from({ length: random(6) }, () => pick(['"', '\\', '[', '}', ',', 'é', '🦆', '\n', 'a'])).join('')
  const value = (depth: number): unknown => {
    if (depth === 0) return pick([text(), random(9) - 4.5, true, null])
    const items = Array.from({ length: random(4) }, () => value(depth - 1))
    return random(2) ? items : Object.fromEntries(items.map((item) => [text(), item]))
  }
  for (let round = 0; round < 300; round++) {
    const docs = Array.from({ length: 1 + random(4) }, text)
    const fields = [
      [`a${text()}`, value(2)],
      ['docs', docs],
      [`z${text()}`, value(2)],
    ]
    const row = Object.fromEntries(random(2) ? fields.reverse() : fields)
    const at = random(docs.length)
    const json = JSON.stringify(row, null, pick([0, 1, '\t']))
    const expected = { ...row, docs: docs.with(at, 'NEW') }
    expect(JSON.parse(replace(json, [at, 'NEW']))).toEqual(expected)
  }
})
