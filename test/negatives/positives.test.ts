import { describe, expect, test } from 'vitest'
import { findPositives } from '#clara/negatives/positives.js'
import type { Question } from '#clara/questions/question.js'
import { corpusOf } from '../support/corpus.js'

function asking(about: Partial<Question>): Question {
  return {
    id: 'q1',
    question: 'Why?',
    answer: '',
    docIds: [],
    passages: [],
    path: 'qa.jsonl',
    line: 1,
    ...about,
  }
}

async function positivesOf(about: Partial<Question>, ranks: [number, number][] = []) {
  const corpus = await corpusOf({
    long: ['Intro text.', 'The  Answer is HERE.', 'Here the answer is here. Again.'],
    short: ['Short text.'],
    twin: ['SHORT text. '],
  })
  const found = await findPositives(asking(about), corpus, (position) => new Map(ranks).get(position))
  if (typeof found === 'string') return found
  return { ids: found.positives.map(({ chunk }) => chunk?.chunkId), ...found }
}

describe('a document of several chunks', () => {
  test('gives the first chunk that contains the answer, however it is spelt', async () => {
    expect(await positivesOf({ docIds: ['long'], answer: 'ａnswer is here' })).toMatchObject({
      ids: ['long#1'],
    })
  })

  test('gives the best ranked of those that contain it', async () => {
    const found = await positivesOf({ docIds: ['long'], answer: 'answer is here' }, [
      [2, 4],
      [0, 1],
      [1, 9],
    ])
    expect(found).toMatchObject({ ids: ['long#2'] })
  })

  test('gives the one with most of the answer’s words where none states it', async () => {
    const about = { docIds: ['long'], answer: 'The intro of a long text' }
    expect(await positivesOf(about, [[2, 1]])).toMatchObject({ ids: ['long#0'] })
  })

  test('gives no chunk for an answer that is a part of another word', async () => {
    expect(await positivesOf({ docIds: ['long'], answer: 'ere' }, [[0, 1]])).toMatchObject({
      ids: ['long#0'],
    })
  })

  test('gives the best ranked chunk where none contains the answer, or there is no answer', async () => {
    expect(await positivesOf({ docIds: ['long'], answer: 'elsewhere' }, [[2, 7]])).toMatchObject({
      ids: ['long#2'],
    })
    expect(await positivesOf({ docIds: ['long'] }, [[1, 3]])).toMatchObject({ ids: ['long#1'] })
    expect(await positivesOf({ docIds: ['long'] })).toMatchObject({ ids: ['long#0'] })
  })

  test('keeps its other chunks from being negatives', async () => {
    expect(await positivesOf({ docIds: ['long'] })).toMatchObject({ related: new Set([0, 1, 2]) })
    expect(await positivesOf({ docIds: ['long#1'] })).toMatchObject({
      related: new Set([1]),
      ids: ['long#1'],
    })
  })
})

test('several documents give one positive each, equal texts one', async () => {
  expect(await positivesOf({ docIds: ['short', 'long', 'twin'] })).toMatchObject({
    ids: ['short#0', 'long#0'],
  })
})

test('a passage given as text is a positive, whether the corpus has it or not', async () => {
  const found = await positivesOf({ passages: [' Of my own. '], docIds: ['short'] })
  expect(found).toMatchObject({ ids: [undefined, 'short#0'], positives: [{ text: 'Of my own.' }, {}] })
})

test('an id that the index does not know is a reason to skip', async () => {
  expect(await positivesOf({ docIds: ['short', 'gone'] })).toBe('doc_id "gone" is not in the index')
})
