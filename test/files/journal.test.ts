import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Journal } from '#clara/files/journal.js'
import { claraError } from '../support/collect.js'
import { jsonl, useDirectory } from '../support/directory.js'

const directory = useDirectory()

async function openAll(path: string) {
  const records: object[] = []
  return { journal: await Journal.open(path, (record) => records.push(record)), records }
}

async function recordsIn(path: string) {
  const { journal, records } = await openAll(path)
  await journal.close()
  return records
}

test('records come back in order, however many append at once', async () => {
  const path = join(directory.path, 'journal')
  const records = Array.from({ length: 50 }, (_, i) => ({ i, text: 'ä'.repeat((i * 37) % 200) }))
  const { journal: first, records: none } = await openAll(path)
  expect(none).toEqual([])
  await Promise.all(records.slice(0, 40).map((record) => first.append(record)))
  await first.close()

  const { journal: second, records: kept } = await openAll(path)
  expect(kept).toEqual(records.slice(0, 40))
  for (const record of records.slice(40)) await second.append(record)
  await second.close()
  expect(await recordsIn(path)).toEqual(records)
})

test('close waits for appends that are under way', async () => {
  const path = join(directory.path, 'journal')
  const journal = await Journal.open(path)
  const appended = [journal.append({ a: 1 }), journal.append({ a: 2 })]
  await journal.close()
  await Promise.all(appended)
  expect(await recordsIn(path)).toEqual([{ a: 1 }, { a: 2 }])
})

test('cut at every byte of the last three records, all whole ones remain and it goes on', async () => {
  const records = [
    { n: 1 },
    { n: 2, text: '你好 𠀀' },
    { n: 3, text: 'two\nlines' },
    { n: 4, deep: { a: [1] } },
  ]
  const whole = Buffer.from(jsonl(...records))
  const ends = records.map((_, i) => Buffer.byteLength(jsonl(...records.slice(0, i + 1))))
  for (let cut = ends[0]!; cut <= whole.byteLength; cut++) {
    const path = await directory.write(`cut-${cut}`, whole.subarray(0, cut))
    const kept = ends.filter((end) => end <= cut).length
    const { journal, records: found } = await openAll(path)
    expect(found, `cut at byte ${cut}`).toEqual(records.slice(0, kept))
    await journal.append({ more: cut })
    await journal.close()
    expect(await readFile(path, 'utf8'), `cut at byte ${cut}`).toBe(
      jsonl(...records.slice(0, kept), { more: cut }),
    )
  }
})

test.each([
  ['no JSON', '{"n":2', 2],
  ['no object', '[2]', 2],
  ['a blank line', '', 2],
])('a damaged record (%s) before the last is refused and the file kept', async (_, line, at) => {
  const content = `{"n":1}\n${line}\n{"n":3}\n`
  const path = await directory.write('journal', content)
  await expect(Journal.open(path)).rejects.toMatchObject(claraError('input', `${path}:${at}`))
  expect(await readFile(path, 'utf8')).toBe(content)
})

test('a last line that is damaged and ended is cut', async () => {
  const path = await directory.write('journal', '{"n":1}\n{"n":\0\0\n')
  expect(await recordsIn(path)).toEqual([{ n: 1 }])
  expect(await readFile(path, 'utf8')).toBe('{"n":1}\n')
})
