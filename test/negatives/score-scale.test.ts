import { describe, expect, test } from 'vitest'
import { dot } from '#clara/index/rank.js'
import { backgroundFrom, backgroundOf, groupOfChunk } from '#clara/negatives/background.js'
import { randomFor } from '#clara/negatives/random.js'
import { measureScale, type ScoreScale, standardScore } from '#clara/negatives/score-scale.js'
import { DEFAULT_THRESHOLDS, limitsFor, refuse } from '#clara/negatives/thresholds.js'
import { useExampleIndex } from '../support/example-index.js'

const example = useExampleIndex()
const DIMS = 16
const ENGLISH = 'The passage of a document that is written in English.'
const CHINESE = '这是一段用中文写成的文字，讲的是另外一件事情。'

function normal(random: (limit: number) => number): number {
  const unit = () => (random(1 << 20) + 1) / ((1 << 20) + 1)
  return Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit())
}

/** Chunk i is what question i asks for; both lie about where all texts do. */
function corpusOf(count: number, seed: number, languages = 1) {
  const random = randomFor(seed, 'corpus')
  const values = () => Float32Array.from({ length: DIMS }, () => normal(random) / 4)
  const subjects = Array.from({ length: count }, values)
  const inLanguage = (subject: Float32Array, language: number) =>
    subject.map((value, i) => value + (i < 2 ? (i === language ? 2 : -2) * (languages - 1) : 0))
  const chunks = subjects.map((subject, i) => ({
    text: i % languages === 0 ? ENGLISH : CHINESE,
    position: i,
    vector: inLanguage(subject, i % languages),
  }))
  const questions = subjects.map((subject, i) =>
    inLanguage(
      subject.map((value) => value + normal(random) / 8),
      i % languages,
    ),
  )
  return { chunks, questions }
}

/** Another model's scores: of an added number that all vectors have, and of another length of them. */
function moved<T extends ReturnType<typeof corpusOf>>({ chunks, questions }: T, by: number, times: number) {
  const wider = (vector: Float32Array, last: number) =>
    Float32Array.from({ length: DIMS + 8 }, (_, i) => (i < DIMS ? vector[i]! : i === DIMS ? last : 0))
  return {
    chunks: chunks.map((chunk) => ({
      ...chunk,
      vector: wider(
        chunk.vector.map((value) => value * times),
        1,
      ),
    })),
    questions: questions.map((question) => wider(question, by)),
  }
}

function measured({ chunks, questions }: ReturnType<typeof corpusOf>) {
  const background = backgroundFrom(chunks)
  const all = questions.map((query, i) => ({
    key: `${i}`,
    query,
    positives: [{ score: dot(query, chunks[i]!.vector, 0), group: background.groupOf(chunks[i]!.text) }],
    answers: (position: number) => position === i,
  }))
  const scale = measureScale(all, background, 7)
  const standard = (question: number, chunk: number) => {
    const query = questions[question]!
    const { text, vector } = chunks[chunk]!
    return standardScore(dot(query, vector, 0), background.zero(query, background.groupOf(text)), scale)
  }
  return { background, scale, standard }
}

describe('a standard score', () => {
  const corpus = corpusOf(200, 1)
  const plain = measured(corpus)

  test('is about 0 for chunks at random, and 1 for the typical positive', () => {
    const positives = corpus.questions.map((_, i) => plain.standard(i, i)).sort((a, b) => a - b)
    expect(Math.abs(positives[100]! - 1)).toBeLessThan(0.1)
    const others = corpus.questions.map((_, i) => plain.standard(i, (i + 77) % 200)).sort((a, b) => a - b)
    expect(Math.abs(others[100]!)).toBeLessThan(0.1)
    expect(plain.scale.auc).toBeGreaterThan(0.95)
    expect(plain.scale.unrelated).toBeGreaterThan(0.1)
    expect(plain.scale.unrelated).toBeLessThanOrEqual(0.5)
  })

  test.each([
    [0, 0.25],
    [0.8, 0.1],
    [-3, 8],
    [11, 1],
  ])('and every threshold is the same where all scores are %d more, at %d times the width', (by, times) => {
    const other = measured(moved(corpus, by, times))
    expect(other.scale.unit).toBeCloseTo(plain.scale.unit * times, 4)
    expect(other.scale.random).toBeCloseTo(plain.scale.random * times + by, 4)
    const settings = { ...DEFAULT_THRESHOLDS, margin: 0.1, minScore: 0.05 }
    const limits = (one: typeof plain, question: number) =>
      limitsFor(one.standard(question, question), settings, one.scale.unrelated)
    for (let question = 0; question < 200; question++) {
      const [a, b] = [limits(plain, question), limits(other, question)]
      expect(b.most).toBeCloseTo(a.most, 3)
      for (const chunk of [question + 1, question + 50, question + 99].map((at) => at % 200)) {
        const [x, y] = [plain.standard(question, chunk), other.standard(question, chunk)]
        expect(y).toBeCloseTo(x, 3)
        const isClear = Math.min(Math.abs(x - a.most), Math.abs(x - a.least)) > 1e-3
        if (isClear) expect(refuse(y, b)).toBe(refuse(x, a))
      }
    }
  })

  test('is defined for one question and a handful of chunks, and where all are the same', () => {
    const few = corpusOf(5, 2)
    const { scale, standard } = measured({ ...few, questions: few.questions.slice(0, 1) })
    expect(scale).toMatchObject({ questions: 1, auc: expect.any(Number) })
    expect(standard(0, 0)).toBeCloseTo(1, 5)
    const same = { text: ENGLISH, vector: Float32Array.from({ length: DIMS }, () => 0.25) }
    const chunks = [0, 1, 2].map((position) => ({ ...same, position }))
    const all: ScoreScale = measured({ chunks, questions: chunks.map(({ vector }) => vector) }).scale
    expect(all).toMatchObject({ auc: 0.5, unit: 1, unrelated: 0 })
    expect(measured({ chunks: chunks.slice(0, 1), questions: [same.vector] }).scale.auc).toBeNull()
  })
})

describe('a corpus in two languages', () => {
  const corpus = corpusOf(200, 3, 2)
  const { background, standard } = measured(corpus)

  test('is told by its chunks', () => {
    expect(background.groups).toEqual(['en', 'zh'])
    expect(background.groupOf(CHINESE)).toBe('zh')
    expect(measured(corpusOf(200, 3)).background.groups).toEqual(['all'])
  })

  test('is ranked by meaning, not by language first, and no language scores higher', () => {
    const shares = { raw: 0, neutral: 0, standard: 0 }
    for (const [i, question] of corpus.questions.slice(0, 40).entries()) {
      const ranked = (score: (chunk: number) => number) =>
        corpus.chunks
          .map((_, chunk) => ({ chunk, score: score(chunk) }))
          .sort((a, b) => b.score - a.score)
          .slice(0, 10)
          .filter(({ chunk }) => chunk % 2 === i % 2).length / 400
      shares.raw += ranked((chunk) => dot(question, corpus.chunks[chunk]!.vector, 0))
      shares.neutral += ranked((chunk) => dot(background.neutral(question), corpus.chunks[chunk]!.vector, 0))
      shares.standard += ranked((chunk) => standard(i, chunk))
    }
    expect(shares.raw).toBeCloseTo(1, 6)
    for (const share of [shares.neutral, shares.standard]) {
      expect(share).toBeGreaterThan(0.45)
      expect(share).toBeLessThan(0.65)
    }
  })

  test('has a cosine of chunks that is 1 where they are equal and about 0 where they were drawn, across languages too', () => {
    expect(background.scaled(1, 'en', 'zh')).toBe(1)
    const { sample } = background
    const one = sample.filter(({ group }) => group === 'en')
    const cosines = (other: string) => {
      const others = sample.filter(({ group }) => group === other)
      return one.map(({ vector, group }, i) => {
        const b = others[(i + 1) % others.length]!
        const raw = dot(vector, b.vector, 0) / Math.sqrt(dot(vector, vector, 0) * dot(b.vector, b.vector, 0))
        return background.scaled(raw, group, b.group)
      })
    }
    for (const group of ['en', 'zh']) {
      const sorted = cosines(group).sort((a, b) => a - b)
      expect(Math.abs(sorted[sorted.length >> 1]!)).toBeLessThan(0.15)
    }
  })
})

test('a translation is the nearest chunk of the other language, of an index in several', async () => {
  const background = await backgroundOf(example.index, example.corpus)
  const [position] = example.corpus.find('cross-encoder-reranking.md')
  const vector = await example.index.vectors([position!])
  const group = groupOfChunk(await example.corpus.read(position!), background)
  for (const found of await background.translations(vector, group)) {
    const other = groupOfChunk(await example.corpus.read(found), background)
    expect(other).not.toBe(group)
    const near = background.scaled(dot(vector, await example.index.vectors([found]), 0), group, other)
    expect(near).toBeGreaterThan(0.2)
  }
  // Equal vectors are the same chunk in another language.
  const [chinese] = [...background.sample].filter(({ group }) => group === 'zh')
  expect(await background.translations(chinese!.vector, 'en')).toContain(chinese!.position)
})
