import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
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

// 250 MB of rows: held whole they would show, whatever the garbage collector does. A part of that is kept on purpose:
// what was worked out of passages, and hashes.
test('memory does not grow with the file', { timeout: 60_000 }, async () => {
  const path = join(directory.path, 'end_to_end_data.jsonl')
  await pipeline(Readable.from(lines()), createWriteStream(path))
  const before = process.memoryUsage().rss
  const report = await validateSamples(path, {
    docMaxTokens: 1100,
    countTokens: async (texts) => texts.map((text) => text.length),
    onProblem: () => {},
  })
  const grown = process.memoryUsage().rss - before
  expect(report.findings).toEqual([
    { kind: 'mixed-top-k', level: 'error', count: 500, lines: [100, 200, 300, 400, 500] },
  ])
  expect(report).toMatchObject({ lines: ROWS, valid: ROWS - 500, mostCommon: 5 })
  expect(report.reuse).toMatchObject({ negatives: 199_500, passages: 249_500, most: 1 })
  expect(grown).toBeLessThan(192 * MIB)
})
