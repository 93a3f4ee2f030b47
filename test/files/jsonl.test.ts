import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MAX_LINE_BYTES, readLineBatches, readLines } from '#clara/files/jsonl.js'
import { readJsonl, readJsonObjects } from '#clara/files/records.js'
import { claraError, collect, collectWithProblems } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()
const READ_BLOCK = 1 << 18

test.each<[string, string | Uint8Array, [number, unknown][]]>([
  ['an empty file', '', []],
  ['a last line with its newline', '{"a":1}\n{"a":2}\n', [[1, { a: 1 }], [2, { a: 2 }]]], // biome-ignore format: a table
  ['a last line without one', '{"a":1}\n{"a":2}', [[1, { a: 1 }], [2, { a: 2 }]]], // biome-ignore format: a table
  ['a byte order mark', '\ufeff{"a":1}\n', [[1, { a: 1 }]]],
  ['CRLF', '{"a":1}\r\n"b"\r\n', [[1, { a: 1 }], [2, 'b']]], // biome-ignore format: a table
  ['blank lines, which count', '\n  \n1\n\r\n\t\n2\n\n', [[3, 1], [6, 2]]], // biome-ignore format: a table
  ['U+2028 inside a string', '"a\u2028b"\n3', [[1, 'a\u2028b'], [2, 3]]], // biome-ignore format: a table
])('readJsonl reads %s', async (_, content, expected) => {
  const path = await directory.write('f.jsonl', content)
  const { items, problems } = await collectWithProblems((onProblem) => readJsonl(path, onProblem))
  expect(items.map(({ line, value }) => [line, value])).toEqual(expected)
  expect(problems).toEqual([])
})

test('bad lines are reported with their numbers, the others come', async () => {
  const path = await directory.write(
    'f.jsonl',
    Buffer.concat([
      Buffer.from('1\n{"a":\n\n'),
      Buffer.from([0x22, 0xc3, 0x28, 0x22, 0x0a]), // an invalid sequence of two
      Buffer.from('4\n'),
      Buffer.from([0x22, 0xe4, 0xbd]), // the file ends in the middle of a character
    ]),
  )
  const { items, problems } = await collectWithProblems((onProblem) => readJsonl(path, onProblem))
  expect(items).toEqual([
    { line: 1, value: 1 },
    { line: 5, value: 4 },
  ])
  expect(problems).toEqual([
    { path, line: 2, reason: expect.stringMatching(/^not JSON: /) },
    { path, line: 4, reason: expect.stringMatching(/^not UTF-8: /) },
    { path, line: 6, reason: expect.stringMatching(/^not UTF-8: /) },
  ])
})

test.each([-5, -4, -3, -2, -1, 0, 1])(
  'a line split over two reads is whole (character at %i)',
  async (shift) => {
    const text = `${'x'.repeat(READ_BLOCK - 1 + shift)}𠀀é你end` // the quote is the first byte
    const path = await directory.write('f.jsonl', `${JSON.stringify(text)}\n"next"\n`)
    const { items, problems } = await collectWithProblems((onProblem) => readJsonl(path, onProblem))
    expect(problems).toEqual([])
    expect(items.map(({ value }) => value)).toEqual([text, 'next'])
  },
)

test.each([-1, 0, 1])('a newline at the end of a read (%i) ends one line', async (shift) => {
  const text = 'x'.repeat(READ_BLOCK - 3 + shift)
  const path = await directory.write('f.jsonl', `"${text}"\n"next"`)
  expect(await collect(readJsonl(path, () => expect.unreachable()))).toEqual([
    { line: 1, value: text },
    { line: 2, value: 'next' },
  ])
})

test('a line that is too long is passed over, not kept', async () => {
  const path = join(directory.path, 'long.jsonl')
  const file = await open(path, 'wx')
  await file.truncate(MAX_LINE_BYTES + 1) // a hole: no disk, no time
  await file.write('\n"next"\n', MAX_LINE_BYTES + 1)
  await file.close()
  const { items, problems } = await collectWithProblems((onProblem) => readJsonl(path, onProblem))
  expect(problems).toEqual([{ path, line: 1, reason: 'line is longer than 64 MiB' }])
  expect(items).toEqual([{ line: 2, value: 'next' }])
})

test('readJsonObjects takes objects only', async () => {
  const path = await directory.write('f.jsonl', '{"a":1}\n[1]\nnull\n"s"\n{}\n')
  const { items, problems } = await collectWithProblems((onProblem) => readJsonObjects(path, onProblem))
  expect(items).toEqual([
    { line: 1, value: { a: 1 } },
    { line: 5, value: {} },
  ])
  expect(problems.map(({ line, reason }) => [line, reason])).toEqual(
    [2, 3, 4].map((line) => [line, 'not a JSON object']),
  )
})

test.each([
  ['missing', 'no such file'],
  ['', 'is a directory'],
])('a path that cannot be read (%o) is the user’s to mend', async (name, message) => {
  const path = join(directory.path, name)
  await expect(collect(readJsonl(path, () => {}))).rejects.toMatchObject(claraError('input', path, message))
})

test.each([
  '',
  '1',
  '1\n',
  'a\r\n\n"b"\n \nlast',
  '\n\n',
  `${'x'.repeat(READ_BLOCK)}\n${'y'.repeat(READ_BLOCK + 5)}\nz`,
])('readLines gives the file back, byte for byte (%#)', async (content) => {
  const path = await directory.write('f.jsonl', content)
  const lines = await collect(readLines(path))
  expect(lines.map(({ line }) => line)).toEqual(lines.map((_, i) => i + 1))
  const whole = lines.map(({ bytes, start, end }) => {
    expect(content.slice(start, end).replace(/\n$/, '')).toBe(bytes!.toString())
    return content.slice(start, end)
  })
  expect(whole.join('')).toBe(content)
})

test('a line that is nested too deep is not parsed', async () => {
  const deep = '['.repeat(2 << 20)
  const brackets = JSON.stringify(['[{'.repeat(1 << 20), '\\"['])
  const path = await directory.write('f.jsonl', `${deep}\n${deep}${deep.replaceAll('[', ']')}\n${brackets}\n`)
  const { items, problems } = await collectWithProblems((onProblem) => readJsonl(path, onProblem))
  expect(items).toEqual([{ line: 3, value: JSON.parse(brackets) }])
  expect(problems.map(({ reason }) => reason)).toEqual(
    Array(2).fill('not read: nested over 1000 levels deep'),
  )
})

test('batches hold the lines that readLines gives', async () => {
  const text = Array.from({ length: 3000 }, (_, i) => 'é'.repeat((i * 7919) % 900)).join('\n')
  const path = await directory.write('f.jsonl', text)
  const lines = await collect(readLines(path))
  const batches = await collect(readLineBatches(path))
  expect(batches.length).toBeLessThan(lines.length / 50)
  expect(batches.flat().map(({ line, start, end }) => [line, start, end])).toEqual(
    lines.map(({ line, start, end }) => [line, start, end]),
  )
  expect(lines.map(({ bytes }) => bytes?.toString()).join('\n')).toBe(text)
})
