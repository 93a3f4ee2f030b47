import { expect, test } from 'vitest'
import { jsonl, useDirectory } from '../../support/directory.js'
import { kindsOf, type Row, soundRows, validateContent } from './rows.js'

const directory = useDirectory()

const originOf = ({ docs, pos_index }: Row) => ({
  docs: docs.map((doc, i) => ({
    role: pos_index.includes(i) ? 'positive' : 'random negative',
    chunk_id: i === 3 ? null : `d${doc.replace(/\D+/g, '')}#0`,
  })),
})

async function validate(rows: Row[], origins: (object | string)[]) {
  await directory.write('end_to_end_data.provenance.jsonl', jsonl(...origins))
  return validateContent(directory, jsonl(...rows))
}

test('rows as the provenance says', async () => {
  const rows = soundRows(24)
  const { report } = await validate(rows, rows.map(originOf))
  expect(report).toMatchObject({ ok: true, provenance: true, findings: [] })
})

test('without one nothing is compared', async () => {
  const { report } = await validateContent(directory, jsonl(...soundRows(24)))
  expect(report).toMatchObject({ ok: true, provenance: false })
})

test.each<[string, (rows: Row[], origins: object[]) => (object | string)[], RegExp]>([
  [
    'another positive',
    (rows, o) => o.with(4, originOf({ ...rows[4]!, pos_index: [1] })),
    /^5: pos_index is \[0\], the provenance names \[1\]/,
  ],
  [
    'fewer docs',
    (rows, o) => o.with(4, originOf({ ...rows[4]!, docs: rows[4]!.docs.slice(0, 3) })),
    /^5: 4 docs, the provenance has 3/,
  ],
  ['no JSON', (_, o) => (o as (object | string)[]).with(4, '{'), /^5: no line of the provenance/],
  ['another shape', (_, o) => o.with(4, { docs: 'x' }), /^5: no line of the provenance/],
  ['a line too few', (_, o) => o.slice(0, -1), /^24: no line of the provenance/],
  ['a line too many', (_, o) => [...o, o[0]!], /^1: the provenance has more lines than the file/],
])('%s', async (_, change, reason) => {
  const rows = soundRows(24)
  const { report, told } = await validate(rows, change(rows, rows.map(originOf)))
  expect(Object.keys(kindsOf(report))).toEqual(['provenance-differs'])
  expect(told).toEqual([expect.stringMatching(reason)])
  expect(report.ok).toBe(false)
})

test('docs that were shuffled afterwards: a chunk has one text', async () => {
  const rows = soundRows(24)
  // Chunk 0 is a negative of row 6, whose docs change places.
  rows[5] = { ...rows[5]!, docs: rows[5]!.docs.with(0, rows[0]!.docs[0]!) }
  const origins = rows.map(originOf)
  const { docs } = rows[5]!
  rows[5] = { ...rows[5]!, docs: [docs[2]!, docs[1]!, docs[0]!, docs[3]!] }
  const { report, told } = await validate(rows, origins)
  expect(kindsOf(report)).toEqual({ 'provenance-differs': [6] })
  expect(told[0]).toMatch(/^6: docs\[0\] is not the text that "d01700.*#0" has on a line before/)
})
