import { describe, expect, test } from 'vitest'
import { readLine, readWindows } from '#clara/samples/score/read-rows.js'
import { collect } from '../../support/collect.js'
import { jsonl, useDirectory } from '../../support/directory.js'

const directory = useDirectory()
const good = { question: 'Q?', docs: ['a', 'b', 'c'], gold_answer: 'g', answer: 'g', pos_index: [1] }

function read(value: object | string) {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  return readLine({ line: 4, bytes, start: 0, end: bytes.byteLength })
}

describe('a row', () => {
  test('as the trainer reads it', () => {
    expect(read(good).row).toEqual({
      line: 4,
      id: null,
      question: 'Q?',
      answer: 'g',
      docs: ['a', 'b', 'c'],
      positives: [1],
    })
  })

  test.each<[string, object, object]>([
    ['no answer', { answer: undefined, gold_answer: undefined }, { answer: '' }],
    ['gold_answer alone', { answer: undefined }, { answer: 'g' }],
    ['an answer that is null', { answer: null }, { answer: 'g' }],
    ['two answers', { answer: 'x' }, { answer: 'x' }],
    ['positives in any order, one twice', { pos_index: [2, 0, 2] }, { positives: [0, 2] }],
    ['the same doc twice', { docs: ['a', 'b', 'a'] }, { docs: ['a', 'b', 'a'] }],
    ['an id', { _id: 12 }, { id: 12 }],
    ['ids of several names', { id: 'i', question_id: 'q' }, { id: 'q' }],
  ])('with %s can be scored', (_, changes, expected) => {
    const { row, reason } = read({ ...good, ...changes })
    expect(reason).toBeUndefined()
    expect(row).toMatchObject(expected)
  })

  test.each<[string, object | string, string]>([
    ['no JSON', '{', 'not JSON'],
    ['a list', '[]', 'not a JSON object'],
    ['no question', { ...good, question: ' ' }, 'question is blank'],
    ['one doc', { ...good, docs: ['a'], pos_index: [0] }, '1 doc, 2 or more'],
    ['an empty doc', { ...good, docs: ['a', 'b', ''] }, 'docs[2] is empty'],
    ['no positions', { ...good, pos_index: undefined }, 'pos_index is missing'],
    ['no positive', { ...good, pos_index: [] }, 'pos_index is empty'],
    ['a position too high', { ...good, pos_index: [3] }, 'pos_index holds 3, 0 to 2'],
    ['no negative', { ...good, pos_index: [0, 1, 2] }, 'no negative is left'],
    [
      'too many docs',
      { ...good, docs: Array.from({ length: 4097 }, (_, i) => `${i}`) },
      '4097 docs, 4096 at most',
    ],
    [
      'two faults',
      { ...good, question: 1, pos_index: [9] },
      'question is a number, a non-blank string was expected; pos_index holds 9',
    ],
  ])('with %s cannot', (_, value, reason) => {
    const line = read(value)
    expect(line.row).toBeUndefined()
    expect(line.reason).toContain(reason)
  })

  test('is not a blank line', () => {
    expect(read(' \r')).toMatchObject({ row: undefined, reason: undefined })
  })
})

describe('windows', () => {
  const sizes = async (content: string) => {
    const windows = await collect(readWindows(await directory.write('f.jsonl', content)))
    expect(windows.flat().map(({ raw }) => raw.line)).toEqual(windows.flat().map((_, i) => i + 1))
    return windows.map((window) => window.length)
  }

  test('end after so many lines, good or bad', async () => {
    expect(await sizes(jsonl(...Array.from({ length: 600 }, (_, i) => (i % 3 ? good : ''))))).toEqual([
      256, 256, 88,
    ])
  })

  test('end after so many docs', async () => {
    const wide = { ...good, docs: Array.from({ length: 1500 }, (_, i) => `${i}`) }
    expect(await sizes(jsonl(wide, wide, wide, wide, wide))).toEqual([3, 2])
  })

  test('end after so many bytes', async () => {
    const heavy = { ...good, docs: ['a', 'b', 'x'.repeat(6 << 20)] }
    expect(await sizes(jsonl(heavy, heavy, heavy, heavy, heavy))).toEqual([3, 2])
  })
})
