import { expect, test } from 'vitest'
import { textKey } from '#clara/chunks/same-text.js'
import type { Candidate } from '#clara/negatives/candidates.js'
import { selectNegatives } from '#clara/negatives/select.js'
import { stream } from '../support/collect.js'
import { corpusOf } from '../support/corpus.js'

async function select(count: number) {
  const corpus = await corpusOf({
    gold: ['Gold one.', 'Gold two.'],
    copy: ['gold  ONE.'],
    a: ['A text.'],
    twin: ['A  TEXT.'],
    b: ['B text.'],
    given: ['Given as text.'],
  })
  const positives = {
    positives: [
      { chunk: await corpus.read(0), text: 'Gold one.', key: textKey('Gold one.') },
      { chunk: undefined, text: 'Given as text.', key: textKey('Given as text.') },
    ],
    related: new Set([0, 1]),
  }
  let taken = 0
  const candidates = Array.from(
    { length: corpus.count },
    (_, position): Candidate => ({ position, rank: position + 1, score: 1 - position / 10 }),
  )
  async function* watched() {
    for await (const candidate of stream(candidates)) {
      taken++
      yield candidate
    }
  }
  const { negatives, excluded } = await selectNegatives(watched(), corpus, positives, count)
  return {
    negatives: negatives.map(({ chunk, rank, score }) => [chunk.chunkId, rank, score]),
    excluded: excluded.map(({ chunkId, reason }) => [chunkId, reason]),
    taken,
  }
}

const passedOver = [
  ['gold#0', 'is a positive'],
  ['gold#1', 'same document as a positive'],
  ['copy#0', 'same text as a positive'],
]

test('the first candidates that no rule forbids, in their order, and no more', async () => {
  expect(await select(1)).toEqual({ negatives: [['a#0', 4, 0.7]], excluded: passedOver, taken: 4 })
  expect(await select(2)).toEqual({
    negatives: [
      ['a#0', 4, 0.7],
      ['b#0', 6, 0.5],
    ],
    excluded: [...passedOver, ['twin#0', 'same text as a negative before it']],
    taken: 6,
  })
})

test('fewer where the candidates end', async () => {
  const { negatives, excluded, taken } = await select(3)
  expect(negatives).toHaveLength(2)
  expect(excluded.at(-1)).toEqual(['given#0', 'same text as a positive'])
  expect(taken).toBe(7)
})

test('none asked, none looked at', async () => {
  expect(await select(0)).toEqual({ negatives: [], excluded: [], taken: 0 })
})
