import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { MinedQuestion } from '#clara/negatives/mine.js'
import { assembleSample } from '#clara/samples/assemble.js'
import { DATA_FILE, PROVENANCE_FILE, REPORT_FILE, writeSamples } from '#clara/samples/write.js'
import { chiSquare } from '../support/chance.js'
import { stream } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()

const chunk = (name: string, position: number) => ({
  position,
  chunkId: `${name}#0`,
  documentId: name,
  text: `Text of ${name}.`,
  key: name,
})

function mined(id: string, { answer = 'An answer.', rank = 1 as number | null } = {}): MinedQuestion {
  const gold = chunk('gold', 0)
  return {
    question: {
      id,
      question: `Question ${id}?`,
      answer,
      docIds: ['gold'],
      passages: [],
      path: '/data/qa.jsonl',
      line: 4,
    },
    positives: [{ chunk: gold, text: gold.text, key: gold.key }],
    positiveHits: new Map(rank === null ? [] : [[0, { rank, score: 0.81234567 }]]),
    negatives: [
      { position: 1, rank: 2, score: 0.5, chunk: chunk('near', 1) },
      { position: 2, rank: undefined, score: undefined, chunk: chunk('any', 2) },
    ],
    excluded: [{ chunkId: 'twin#0', rank: 3, score: 0.4, reason: 'same text as a positive' }],
  }
}

describe('a sample', () => {
  test('holds every document once, and says where each came from', () => {
    const { sample, provenance } = assembleSample(mined('q1'), 7, 'a-model')
    expect([...sample.docs].sort()).toEqual(['Text of any.', 'Text of gold.', 'Text of near.'])
    expect(sample.pos_index.map((at) => sample.docs[at])).toEqual(['Text of gold.'])
    expect(sample).toMatchObject({
      question: 'Question q1?',
      gold_answer: 'An answer.',
      answer: 'An answer.',
    })
    const byText = Object.fromEntries(sample.docs.map((text, i) => [text, provenance.docs[i]]))
    expect(byText).toEqual({
      'Text of gold.': { role: 'positive', chunk_id: 'gold#0', rank: 1, embedder_score: 0.812346 },
      'Text of near.': { role: 'hard negative', chunk_id: 'near#0', rank: 2, embedder_score: 0.5 },
      'Text of any.': { role: 'random negative', chunk_id: 'any#0', rank: null, embedder_score: null },
    })
    expect(provenance).toMatchObject({
      question_id: 'q1',
      source: 'qa.jsonl:4',
      seed: 7,
      embedder: 'a-model',
    })
    expect(provenance.excluded).toEqual([
      { chunk_id: 'twin#0', rank: 3, embedder_score: 0.4, reason: 'same text as a positive' },
    ])
  })

  test('has a positive given as text without a chunk, and several positives in ascending places', () => {
    const base = mined('q1')
    const positives = [...base.positives, { chunk: undefined, text: 'Given.', key: 'given' }]
    for (let seed = 0; seed < 20; seed++) {
      const { sample, provenance } = assembleSample({ ...base, positives }, seed, null)
      expect(sample.pos_index.map((at) => sample.docs[at]).sort()).toEqual(['Given.', 'Text of gold.'])
      expect([...sample.pos_index].sort()).toEqual(sample.pos_index)
      expect(provenance.docs[sample.docs.indexOf('Given.')]).toMatchObject({
        role: 'positive',
        chunk_id: null,
      })
    }
  })

  test('has its positive at every place equally often', () => {
    const counts = [0, 0, 0]
    for (let i = 0; i < 6000; i++) counts[assembleSample(mined(`q${i}`), 1, null).sample.pos_index[0]!]!++
    expect(chiSquare(counts)).toBeLessThan(13.82) // p = 0.001 at 2 degrees of freedom
  })
})

describe('an output directory', () => {
  const options = { topK: 3, seed: 7, embedder: 'a-model' }

  test('gets a line of data and of provenance for each question, and the counts', async () => {
    const progress: number[] = []
    const questions = [mined('q1'), mined('q2', { answer: '', rank: 4 }), mined('q3', { rank: null })]
    const report = await writeSamples(directory.path, stream(questions), {
      ...options,
      onProgress: (samples) => progress.push(samples),
    })
    const lines = async (name: string) =>
      (await readFile(join(directory.path, name), 'utf8'))
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    const expected = questions.map((question) => assembleSample(question, 7, 'a-model'))
    expect(await lines(DATA_FILE)).toEqual(expected.map(({ sample }) => sample))
    expect(await lines(PROVENANCE_FILE)).toEqual(expected.map(({ provenance }) => provenance))
    expect(report).toEqual({
      top_k: 3,
      seed: 7,
      embedder: 'a-model',
      samples: 3,
      without_answer: 1,
      hard_negatives: 3,
      random_negatives: 3,
      positive_first: 1,
      positive_in_top_k: 1,
      excluded: { 'same text as a positive': 3 },
      mean_positive_score: 0.812346,
      mean_negative_score: 0.5,
    })
    expect(JSON.parse(await readFile(join(directory.path, REPORT_FILE), 'utf8'))).toEqual(report)
    expect(progress).toEqual([1, 2, 3])
  })

  test('gets no report where the questions end in an error', async () => {
    async function* failing() {
      yield mined('q1')
      throw new Error('the model is gone')
    }
    await expect(writeSamples(directory.path, failing(), options)).rejects.toThrow('the model is gone')
    expect(await readdir(directory.path)).not.toContain(REPORT_FILE)
  })
})
