import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Columns, ParquetFile } from '#clara/files/parquet-file.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { withFault } from '../support/disk-faults.js'
import { readParquet } from '../support/parquet.js'

const directory = useDirectory()
const at = (name: string) => join(directory.path, name)

const COLUMNS: Columns = {
  text: 'string',
  texts: 'strings',
  count: 'int',
  counts: 'ints',
  score: 'double',
  scores: 'doubles',
}

const ROWS = [
  { text: 'plain', texts: ['a', 'b'], count: 1, counts: [0, 4], score: 0.25, scores: [0.5, -1e-9] },
  {
    text: '问题 😀 "q"\n\u2028',
    texts: ['', '中文'],
    count: -(2 ** 40),
    counts: [],
    score: 1,
    scores: [null, 2],
  },
  { text: null, texts: null, count: null, counts: null, score: null, scores: null },
  { text: '', texts: [], count: 0, counts: [null, 7], score: 0, scores: [] },
]

async function write(name: string, rows: object[], size = 1, columns = COLUMNS): Promise<string> {
  const file = await ParquetFile.create(at(name), columns)
  for (const row of rows) await file.write(row, size)
  await file.close()
  return at(name)
}

test('rows come back as they were, nulls and empty lists included', async () => {
  const { rows } = await readParquet(await write('rows.parquet', ROWS))
  expect(rows).toEqual(ROWS)
})

test('no rows are a file with none', async () => {
  expect(await readParquet(await write('none.parquet', []))).toEqual({ rows: [], rowGroups: 0 })
})

test('what a row lacks is null', async () => {
  const { rows } = await readParquet(await write('some.parquet', [{ text: 'only' }]))
  expect(rows).toEqual([{ text: 'only', texts: null, count: null, counts: null, score: null, scores: null }])
})

test('a row group ends at 20,000 rows, and at 8 MiB of text', async () => {
  const rows = Array.from({ length: 20_001 }, (_, i) => ({ text: `row ${i}`, count: i }))
  const columns: Columns = { text: 'string', count: 'int' }
  expect(await readParquet(await write('rows.parquet', rows, 1, columns))).toEqual({ rows, rowGroups: 2 })
  const large = await readParquet(await write('large.parquet', rows.slice(0, 5), 4 << 20, columns))
  expect(large).toEqual({ rows: rows.slice(0, 5), rowGroups: 3 })
})

test('the same rows are the same bytes', async () => {
  const [one, two] = [await write('one.parquet', ROWS), await write('two.parquet', ROWS)]
  expect((await readFile(one)).equals(await readFile(two))).toBe(true)
})

test('a file that is there is not touched', async () => {
  await writeFile(at('there.parquet'), 'mine')
  await expect(ParquetFile.create(at('there.parquet'), COLUMNS)).rejects.toThrow('EEXIST')
  expect(await readFile(at('there.parquet'), 'utf8')).toBe('mine')
})

test('a full disk is told with the name of the file', async () => {
  let error: unknown
  await withFault(1, 'ENOSPC', () => write('full.parquet', ROWS).catch((e) => (error = e)))
  expect(error).toMatchObject(claraError('io', 'full.parquet', 'ENOSPC'))
})
