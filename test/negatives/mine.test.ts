import { beforeAll, describe, expect, test } from 'vitest'
import type { Problem } from '#clara/errors.js'
import { drawNegatives, type MinedQuestion, mineNegatives } from '#clara/negatives/mine.js'
import type { Question } from '#clara/questions/question.js'
import { collect, stream } from '../support/collect.js'
import { exampleQuestions, useExampleIndex } from '../support/example-index.js'

const example = useExampleIndex()
let questions: Question[]
beforeAll(async () => {
  questions = await exampleQuestions()
})

const strategies = {
  retrieved: (asked: Question[], topK: number, problems: Problem[]) =>
    mineNegatives(stream(asked), example.index, example.corpus, example.embedder, {
      topK,
      seed: 7,
      onProblem: (problem) => problems.push(problem),
    }),
  drawn: (asked: Question[], topK: number, problems: Problem[], seed = 7) =>
    drawNegatives(stream(asked), example.corpus, {
      topK,
      seed,
      onProblem: (problem) => problems.push(problem),
    }),
}

const idsOf = ({ negatives }: MinedQuestion) => negatives.map(({ chunk }) => chunk.chunkId)

describe.each(['retrieved', 'drawn'] as const)('negatives that are %s', (strategy) => {
  test.each([2, 5, 10])('come with the positive to exactly %i distinct documents', async (topK) => {
    const problems: Problem[] = []
    const mined = await collect(strategies[strategy](questions, topK, problems))
    expect(problems).toEqual([])
    expect(mined.map(({ question }) => question.id)).toEqual(questions.map(({ id }) => id))
    for (const { question, positives, negatives } of mined) {
      const keys = [...positives.map(({ key }) => key), ...negatives.map(({ chunk }) => chunk.key)]
      expect(new Set(keys).size).toBe(topK)
      expect(positives.map(({ chunk }) => chunk?.documentId)).toEqual(question.docIds)
      for (const { chunk } of negatives) expect(question.docIds).not.toContain(chunk.documentId)
    }
  })

  test('of a question without a known positive are not looked for', async () => {
    const problems: Problem[] = []
    const odd = [{ ...questions[0]!, docIds: ['gone'], line: 3 }, questions[1]!]
    const mined = await collect(strategies[strategy](odd, 5, problems))
    expect(mined.map(({ question }) => question.id)).toEqual([questions[1]!.id])
    expect(problems).toEqual([{ path: odd[0]!.path, line: 3, reason: 'doc_id "gone" is not in the index' }])
  })

  test('that the whole index cannot give are a problem of that question', async () => {
    const problems: Problem[] = []
    const documents = await example.corpus.distinct()
    const mined = await collect(strategies[strategy](questions.slice(0, 2), documents + 1, problems))
    expect(mined).toEqual([])
    expect(problems).toHaveLength(2)
    expect(problems[0]!.reason).toContain(`holds ${documents - 1} negatives for it, ${documents} are needed`)
  })

  test('leave room for one at least, where there are many positives', async () => {
    const passages = ['one', 'two', 'three', 'four', 'five', 'six'].map((word) => `Passage ${word}.`)
    const asked = { ...questions[0]!, passages, docIds: [] }
    const [mined] = await collect(strategies[strategy]([asked], 4, []))
    expect(mined!.positives.map(({ text }) => text)).toEqual(passages.slice(0, 3))
    expect(mined!.negatives).toHaveLength(1)
  })
})

test('a retrieved negative is nearer to the question than all that were neither taken nor excluded', async () => {
  const asked = questions.slice(0, 10)
  const vectors = await example.embedder.embed(
    asked.map(({ question }) => question),
    'query',
  )
  const whole = await example.index.search(vectors, example.index.chunks.count, { method: 'exact' })
  const mined = await collect(strategies.retrieved(asked, 5, []))
  for (const [row, { negatives, excluded, positives, positiveHits }] of mined.entries()) {
    const ranking = [...whole.ids.subarray(row * whole.k, (row + 1) * whole.k)]
    const used = [...negatives.map(({ chunk }) => chunk.chunkId), ...excluded.map(({ chunkId }) => chunkId)]
    const deepest = negatives.at(-1)!.rank!
    const above = await Promise.all(ranking.slice(0, deepest).map((id) => example.corpus.read(id)))
    expect(above.map(({ chunkId }) => chunkId).sort()).toEqual(used.sort())
    const position = positives[0]!.chunk!.position
    const hit = positiveHits.get(position)
    if (hit) expect(ranking[hit.rank - 1]).toBe(position)
  }
})

test('what is drawn depends on the seed, and on no other question', async () => {
  const all = await collect(strategies.drawn(questions, 5, []))
  const alone = await collect(strategies.drawn([questions[9]!], 5, []))
  const other = await collect(strategies.drawn(questions, 5, [], 8))
  expect(idsOf(alone[0]!)).toEqual(idsOf(all[9]!))
  expect(all.filter((mined, i) => `${idsOf(mined)}` !== `${idsOf(other[i]!)}`).length).toBeGreaterThan(60)
})
