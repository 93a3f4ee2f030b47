import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { rememberFacts } from '#clara/samples/validate/texts.js'
import { validateSamples } from '#clara/samples/validate.js'
import { useDirectory } from '../../support/directory.js'

const directory = useDirectory()
const ROWS = 50_000
const MIB = 1 << 20

/** 5 docs of 1,000 characters a row, no two alike; every 100th row has 4. */
function* lines(): Generator<string> {
  const body = 'lorem ipsum '.repeat(90)
  for (let i = 0; i < ROWS; i++) {
    const docs = Array.from({ length: i % 100 === 99 ? 4 : 5 }, (_, n) => `${i} ${n} ${body}`.slice(0, 1000))
    const answer = `answer ${i}`
    const positive = Math.floor(i / 100) % docs.length
    docs[positive] = `${answer} ${docs[positive]}`
    yield `${JSON.stringify({ question: `question ${i}`, docs, gold_answer: answer, answer, pos_index: [positive] })}\n`
  }
}

// 250 MB of rows: held whole they would show, whatever the garbage collector does. The full pass keeps hashes and facts on
// purpose, up to bounds of their own: bench/validate measures it, the next test and key-table.test.ts look at the bounds.
test('memory does not grow with the file', { timeout: 60_000 }, async () => {
  const path = join(directory.path, 'end_to_end_data.jsonl')
  await pipeline(Readable.from(lines()), createWriteStream(path))
  const before = process.memoryUsage().rss
  const report = await validateSamples(path, {
    schemaOnly: true,
    docMaxTokens: 1100,
    countTokens: async (texts) => texts.map((text) => text.length),
    onProblem: () => {},
  })
  const grown = process.memoryUsage().rss - before
  expect(report.findings).toEqual([
    { kind: 'mixed-top-k', level: 'error', count: 500, lines: [100, 200, 300, 400, 500] },
  ])
  expect(report).toMatchObject({ lines: ROWS, valid: ROWS - 500, mostCommon: 5 })
  expect(grown).toBeLessThan(128 * MIB)
})

test('facts of texts are kept, and forgotten when others have come', () => {
  const factsOf = rememberFacts()
  const other = (n: number) => String(n).padEnd(MIB, 'x')
  const first = factsOf('A text')
  for (let n = 0; n < 10; n++) factsOf(other(n))
  expect(factsOf('A text')).toBe(first)
  for (let n = 10; n < 60; n++) factsOf(other(n))
  const again = factsOf('A text')
  expect(again).toEqual(first)
  expect(again).not.toBe(first)
})
