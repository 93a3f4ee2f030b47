import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { disk } from '#clara/files/disk.js'
import { Journal, type Span } from '#clara/files/journal.js'
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

test('a garbage tail is cut, whatever is in it', async () => {
  const whole = jsonl({ n: 1 }, { n: 2 })
  const tails = [
    '\0'.repeat(5000),
    '\n\n\n',
    '{"n":\n[3]\n"x"\n',
    Buffer.from([0xff, 0x0a, 0xfe, 0x0a]),
    '{"n":3}',
  ]
  for (const [i, tail] of tails.entries()) {
    const path = await directory.write(`tail-${i}`, Buffer.concat([Buffer.from(whole), Buffer.from(tail)]))
    const { journal, records } = await openAll(path)
    expect(records).toEqual([{ n: 1 }, { n: 2 }])
    await journal.append({ n: 4 })
    await journal.close()
    expect(await readFile(path, 'utf8')).toBe(`${whole}{"n":4}\n`)
  }
})

test('a record is read again from where it is', async () => {
  const path = join(directory.path, 'journal')
  const records = Array.from({ length: 20 }, (_, i) => ({ i, text: '你好 𠀀\n'.repeat(i) }))
  const spans: Span[] = []
  const first = await Journal.open(path)
  const written = await Promise.all(records.map((record) => first.append(record)))
  expect(await Promise.all(written.map((span) => first.read(span)))).toEqual(records)
  await first.close()
  const second = await Journal.open(path, (_, span) => spans.push(span))
  expect(spans).toEqual(written)
  expect(await second.read(spans[7]!)).toEqual(records[7])
  await second.close()
})

test('many lines share a sync, and each is on disk before its append returns', async () => {
  const path = join(directory.path, 'journal')
  const { open } = disk
  let syncs = 0
  disk.open = async (...args) => {
    const handle = await open(...args)
    const datasync = handle.datasync.bind(handle)
    handle.datasync = async () => {
      syncs++
      await datasync()
    }
    return handle
  }
  const journal = await Journal.open(path).finally(() => Object.assign(disk, { open }))
  await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      const { start, length } = await journal.append({ i })
      if (i % 100 > 0) return
      expect((await readFile(path)).toString('utf8', start, start + length)).toBe(JSON.stringify({ i }))
      expect(syncs).toBeGreaterThan(0)
    }),
  )
  await journal.append({ last: true })
  await journal.close()
  expect(syncs).toBe(3) // the first line alone, all that came meanwhile, and the last
})

test('after a write that failed nothing is appended', async () => {
  const path = join(directory.path, 'journal')
  const { open } = disk
  disk.open = async (...args) => {
    const handle = await open(...args)
    const datasync = handle.datasync.bind(handle)
    let calls = 0
    handle.datasync = async () => {
      if (++calls === 2) throw Object.assign(new Error('EIO: injected'), { code: 'EIO' })
      await datasync()
    }
    return handle
  }
  const journal = await Journal.open(path).finally(() => Object.assign(disk, { open }))
  await journal.append({ n: 1 })
  const failing = [journal.append({ n: 2 }), journal.append({ n: 3 })]
  for (const append of failing) await expect(append).rejects.toMatchObject(claraError('io', path, 'EIO'))
  await expect(journal.append({ n: 4 })).rejects.toMatchObject(claraError('io', path, 'EIO'))
  await journal.close()
})
