import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openJudgedFiles, QA_FILE, REJECTED_FILE } from '#clara/questions/write-judged.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()

it('writes what is believed and what is not, whatever the model wrote', async () => {
  const files = await openJudgedFiles(directory.path)
  const pair = { type: 'fact' as const, question: 'Who?', answer: 'She.', quotes: ['She did.'] }
  const hostile = { ...pair, type: 'x'.repeat(1e6), answer: '\ud83d\u0000\n', quotes: ['"}]'.repeat(1e5)] }
  await files.write({
    chunkIds: ['a#0', 'b#1'],
    documentIds: ['a', 'b'],
    passages: ['A.', 'B.'],
    pairs: [{ ...pair, chunkIds: ['a#0', 'b#1'] }],
    summary: undefined,
    rejected: [
      { chunkIds: ['a#0'], reasons: ['an absurd length'], pair: hostile },
      { chunkIds: ['a#0'], reasons: ['no summary'], summary: 's'.repeat(5000) },
    ],
  })
  await files.close()
  const read = async (name: string) =>
    (await readFile(join(directory.path, name), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  expect(await read(QA_FILE)).toEqual([
    { question: 'Who?', answer: 'She.', doc_id: ['a#0', 'b#1'], type: 'fact', quotes: ['She did.'] },
  ])
  const [first, second] = await read(REJECTED_FILE)
  expect(first).toMatchObject({
    chunk_id: 'a#0',
    reasons: ['an absurd length'],
    pair: { answer: hostile.answer.toWellFormed() },
  })
  expect(first.pair.type).toHaveLength(2001)
  expect(first.pair.quotes[0]).toHaveLength(2001)
  expect(second.summary).toHaveLength(2001)
})
