import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { MinedQuestion } from '#clara/negatives/mine.js'
import { assembleSample } from '#clara/samples/assemble.js'
import { DATA_FILE, REPORT_FILE, writeSamples } from '#clara/samples/write.js'
import { chiSquare } from '../support/chance.js'
import { stream } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()
const SCORERS = { embedder: 'a-model', reranker: 'a-judge' }

const chunk = (name: string, position: number) => ({
  position,
  chunkId: `${name}#0`,
  documentId: name,
  text: `Text of ${name}.`,
  folded: `text of ${name}.`,
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
    positives: [
      {
        chunk: gold,
        text: gold.text,
        key: gold.key,
        rank: rank ?? undefined,
        score: 0.81234567,
        judged: 0.9,
      },
    ],
    negatives: [
      { position: 1, rank: 2, score: 0.5, judged: 0.3, tier: 'hard', chunk: chunk('near', 1) },
      { position: 2, rank: undefined, score: undefined, judged: 0.1, tier: 'random', chunk: chunk('any', 2) },
    ],
    excluded: [
      {
        position: 3,
        rank: 3,
        score: 0.4,
        tier: 'hard',
        judged: undefined,
        chunk: chunk('twin', 3),
        reason: 'same text as a positive',
      },
    ],
    limits: {
      positive: 0.9,
      most: 0.855,
      because: 'score near the positive',
      least: Number.NEGATIVE_INFINITY,
    },
  }
}

describe('a sample', () => {
  test('holds every document once, and says where each came from', () => {
    const { sample, provenance } = assembleSample(mined('q1'), 7, SCORERS)
    expect([...sample.docs].sort()).toEqual(['Text of any.', 'Text of gold.', 'Text of near.'])
    expect(sample.pos_index.map((at) => sample.docs[at])).toEqual(['Text of gold.'])
    expect(sample).toMatchObject({
      question: 'Question q1?',
      gold_answer: 'An answer.',
      answer: 'An answer.',
    })
    const byText = Object.fromEntries(sample.docs.map((text, i) => [text, provenance.docs[i]]))
    expect(byText).toEqual({
      'Text of gold.': {
        role: 'positive',
        tier: null,
        chunk_id: 'gold#0',
        rank: 1,
        embedder_score: 0.812346,
        standard_score: null,
        reranker_score: 0.9,
      },
      'Text of near.': {
        role: 'hard negative',
        tier: 'hard',
        chunk_id: 'near#0',
        rank: 2,
        embedder_score: 0.5,
        standard_score: null,
        reranker_score: 0.3,
      },
      'Text of any.': {
        role: 'random negative',
        tier: 'random',
        chunk_id: 'any#0',
        rank: null,
        embedder_score: null,
        standard_score: null,
        reranker_score: 0.1,
      },
    })
    expect(provenance).toMatchObject({
      question_id: 'q1',
      source: 'qa.jsonl:4',
      seed: 7,
      ...SCORERS,
      thresholds: { positive: 0.9, most: 0.855, least: null },
    })
    expect(provenance.excluded).toEqual([
      {
        chunk_id: 'twin#0',
        rank: 3,
        embedder_score: 0.4,
        standard_score: null,
        reranker_score: null,
        reason: 'same text as a positive',
      },
    ])
  })

  test('of an embedder alone has its scores as what judged', () => {
    const { sample, provenance } = assembleSample(mined('q1'), 7, { embedder: 'a-model', reranker: null })
    const any = provenance.docs[sample.docs.indexOf('Text of any.')]
    expect(any).toMatchObject({ embedder_score: null, standard_score: 0.1, reranker_score: null })
  })

  test('has a positive given as text without a chunk, and several positives in ascending places', () => {
    const base = mined('q1')
    const positives = [
      ...base.positives,
      { ...base.positives[0]!, chunk: undefined, text: 'Given.', key: 'given' },
    ]
    for (let seed = 0; seed < 20; seed++) {
      const { sample, provenance } = assembleSample({ ...base, positives }, seed, SCORERS)
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
    for (let i = 0; i < 6000; i++) counts[assembleSample(mined(`q${i}`), 1, SCORERS).sample.pos_index[0]!]!++
    expect(chiSquare(counts)).toBeLessThan(13.82) // p = 0.001 at 2 degrees of freedom
  })
})

describe('an output directory', () => {
  const options = { topK: 3, seed: 7, ...SCORERS }

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
    const expected = questions.map((question) => assembleSample(question, 7, SCORERS))
    expect(await lines(DATA_FILE)).toEqual(expected.map(({ sample }) => sample))
    expect(await lines('end_to_end_data.provenance.jsonl')).toEqual(
      expected.map(({ provenance }) => provenance),
    )
    expect(report).toEqual({
      top_k: 3,
      seed: 7,
      ...SCORERS,
      samples: 3,
      without_answer: 1,
      hard_negatives: 3,
      random_negatives: 3,
      positive_first: 1,
      positive_in_top_k: 1,
      tiers: { hard: 3, top: 0, easy: 0, random: 3, suspect: 0 },
      excluded: { 'same text as a positive': 3 },
      scores: {
        positive: { mean: 0.9, p5: 0.9, p25: 0.9, p50: 0.9, p75: 0.9, p95: 0.9 },
        negative: { mean: 0.2, p5: 0.1, p25: 0.1, p50: 0.1, p75: 0.3, p95: 0.3 },
        difference: { mean: 0.7, p5: 0.6, p25: 0.6, p50: 0.6, p75: 0.8, p95: 0.8 },
      },
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
