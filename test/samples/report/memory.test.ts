import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { createHistogram } from '#clara/samples/report/histogram.js'
import { reportRun } from '#clara/samples/report/report.js'
import { createReuseCounter } from '#clara/samples/report/reuse.js'
import { useDirectory } from '../../support/directory.js'
import { dataLine, type KnownRow, provenanceLine, ringRow } from '../../support/run-files.js'
import { seeded } from '../../support/seeded.js'

const directory = useDirectory()
const ROWS = 30_000
const MIB = 1 << 20

/** Three documents of 2,000 characters each; chunks of which no two samples have the same. */
function row(i: number): KnownRow {
  const { docs, ...rest } = ringRow(i)
  return {
    ...rest,
    docs: docs.map((doc, n) => ({
      ...doc,
      text: `${doc.text} ${'lorem ipsum '.repeat(165)}`,
      chunk: `c${i}#${n}`,
    })),
    excluded: [{ chunk: `x${i}`, reason: 'score near the positive', score: 0.8 }],
  }
}

function* lines(of: (row: KnownRow, i: number) => object): Generator<string> {
  for (let i = 0; i < ROWS; i++) yield `${JSON.stringify(of(row(i), i))}\n`
}

// 200 MB of rows, read twice.
test('memory does not grow with the run', { timeout: 60_000 }, async () => {
  const path = (name: string) => join(directory.path, name)
  await pipeline(Readable.from(lines(dataLine)), createWriteStream(path('end_to_end_data.jsonl')))
  await pipeline(
    Readable.from(lines(provenanceLine)),
    createWriteStream(path('end_to_end_data.provenance.jsonl')),
  )
  const before = process.memoryUsage().rss
  const numbers = await reportRun(directory.path, {
    outputFile: path('report.html'),
    shown: 50,
    seed: 42,
    countTokens: async (texts) => texts.map((text) => text.length),
    onProblem: () => {},
  })
  const grown = process.memoryUsage().rss - before
  expect(numbers).toMatchObject({ samples: ROWS, docs: { positive: ROWS, hard: ROWS, random: ROWS } })
  expect(numbers.reuse!.chunks).toBe(2 * ROWS)
  expect(grown).toBeLessThan(160 * MIB)
})

test('reuse of very many chunks is counted of a sample of them', () => {
  const counter = createReuseCounter(1000)
  for (let i = 0; i < 50_000; i++) {
    counter.add(`c${i}`)
    if (i % 5 === 0) counter.add(`c${i}`)
  }
  const { chunks, counted, uses } = counter.finish()!
  expect(counted).toBeLessThan(1000 / 50_000 + 0.02)
  expect(chunks / 50_000).toBeGreaterThan(0.85)
  expect(chunks / 50_000).toBeLessThan(1.15)
  expect(uses.mean).toBeGreaterThan(1.14)
  expect(uses.mean).toBeLessThan(1.26)
})

test('bins do not depend on the order of numbers, nor grow with their spread', () => {
  const { next } = seeded(7)
  const numbers = [...Array.from({ length: 5000 }, () => next() * 2 - 1), 1e6, -3]
  const [forth, back] = [createHistogram(2 ** -11), createHistogram(2 ** -11)]
  for (const number of numbers) forth.add(number)
  for (const number of numbers.toReversed()) back.add(number)
  const { width } = forth.range()!
  expect(back.range()).toEqual(forth.range())
  expect(forth.bins(width)).toEqual(back.bins(width))
  expect(forth.bins(width).reduce((sum, { count }) => sum + count, 0)).toBe(numbers.length)
  expect(1e6 / width).toBeLessThan(4096)
})

test.each([0.05, 0.5, 0.95])('the quantile %d is that of the sorted numbers, to a bin', (share) => {
  const { next } = seeded(3)
  const numbers = Array.from({ length: 2001 }, () => next() ** 2)
  const histogram = createHistogram(2 ** -11)
  for (const number of numbers) histogram.add(number)
  const exact = numbers.toSorted((a, b) => a - b)[Math.ceil(share * numbers.length) - 1]!
  expect(Math.abs(histogram.quantile(share) - exact)).toBeLessThan(2 ** -11)
})
