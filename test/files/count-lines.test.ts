import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countLines } from '#clara/files/count-lines.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()

test.each([
  ['nothing', '', 0],
  ['a line', 'a\n', 1],
  ['a last line without an end', 'a\nb', 2],
  ['blank lines too', 'a\n\nb\n', 3],
  ['more than is read at a time', `${'x'.repeat(700_000)}\n`.repeat(5), 5],
])('%s', async (_, text, lines) => {
  expect(await countLines(await directory.write('lines.jsonl', text))).toBe(lines)
})

test('a pipe is left alone: it could not be read again', async () => {
  const path = join(directory.path, 'pipe.jsonl')
  execFileSync('mkfifo', [path])
  expect(await countLines(path)).toBeUndefined()
})

test('of what is not there, nothing is told: who reads it says why', async () => {
  expect(await countLines(join(directory.path, 'missing.jsonl'))).toBeUndefined()
  expect(await countLines(directory.path)).toBeUndefined()
})
