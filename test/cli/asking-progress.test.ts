import { expect, it } from 'vitest'
import { askingLine } from '#clara/cli/asking-progress.js'
import type { Generation } from '#clara/questions/generate.js'

const run = (counts: object, usd: number | null) =>
  ({ counts, spending: { usd }, concurrency: () => 17 }) as unknown as Generation

it.each<[string, number, number, object, number | null]>([
  [
    '120 of 500 chunks, 10.0/s, 104 calls (17 at once), $0.0123, 3 failed, 38 s left',
    120,
    10,
    { fromJournal: 20, calls: 104, failed: 3 },
    0.01234,
  ],
  ['20 of 500 chunks, 0.0/s, 0 calls (17 at once)', 20, 1, { fromJournal: 20, calls: 0, failed: 0 }, null],
  [
    '100 of 100000 chunks, 10.0/s, 100 calls (17 at once), $12.35, 2.8 h left',
    100,
    10,
    { fromJournal: 0, calls: 100, failed: 0 },
    12.345,
  ],
])('%s', (line, done, seconds, counts, usd) => {
  const total = line.includes('100000') ? 100_000 : 500
  expect(askingLine(done, total, seconds, run(counts, usd))).toBe(line)
})
