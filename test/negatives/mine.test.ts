import { beforeAll, describe, expect, test } from 'vitest'
import type { Problem } from '#clara/errors.js'
import { dot } from '#clara/index/rank.js'
import { backgroundOf } from '#clara/negatives/background.js'
import type { CachedEmbedder } from '#clara/negatives/embed-cached.js'
import { openKeywords } from '#clara/negatives/keywords.js'
import { drawNegatives, type MinedQuestion, mineNegatives } from '#clara/negatives/mine.js'
import type { MineOptions } from '#clara/negatives/run.js'
import type { PairScorer } from '#clara/negatives/scorer.js'
import type { Question } from '#clara/questions/question.js'
import { claraError, collect, stream } from '../support/collect.js'
import { exampleQuestions, failOnProblem, useExampleIndex } from '../support/example-index.js'

const example = useExampleIndex()
let questions: Question[]
beforeAll(async () => {
  questions = await exampleQuestions()
})

const cached = (): CachedEmbedder => ({
  name: 'example',
  dims: example.embedder.dims,
  counts: { embedded: 0, reused: 0 },
  embed: example.embedder.embed,
})

function mining(asked: Question[], options: Partial<MineOptions> & { topK: number }, scorer?: PairScorer) {
  const engines = { index: example.index, embedder: cached(), scorer }
  const all = { seed: 7, onProblem: failOnProblem, ...options }
  return mineNegatives(stream(asked), example.corpus, engines, all)
}

const strategies = {
  retrieved: (asked: Question[], topK: number, problems: Problem[], seed = 7) =>
    mining(asked, { topK, seed, onProblem: (problem) => problems.push(problem) }).mined,
  drawn: (asked: Question[], topK: number, problems: Problem[], seed = 7) =>
    drawNegatives(stream(asked), example.corpus, {
      topK,
      seed,
      onProblem: (problem) => problems.push(problem),
    }).mined,
}

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
  // The example is in two languages: the ranking knows neither, the scores are the embedder's own.
  const background = await backgroundOf(example.index, example.corpus)
  expect([...background.groups].sort()).toEqual(['en', 'zh'])
  const { dims } = example.embedder
  const queries = asked.map((_, row) => vectors.subarray(row * dims, (row + 1) * dims))
  const neutral = Float32Array.from(queries.flatMap((query) => Array.from(background.neutral(query))))
  const whole = await example.index.search(neutral, example.index.chunks.count, { method: 'exact' })
  const mined = await collect(strategies.retrieved(asked, 5, []))
  for (const [row, { negatives, excluded, positives }] of mined.entries()) {
    const ranking = [...whole.ids.subarray(row * whole.k, (row + 1) * whole.k)]
    const used = [...negatives, ...excluded].map(({ chunk }) => chunk.chunkId)
    const deepest = negatives.at(-1)!.rank!
    const above = await Promise.all(ranking.slice(0, deepest).map((id) => example.corpus.read(id)))
    expect(above.map(({ chunkId }) => chunkId).sort()).toEqual(used.sort())
    const [{ chunk, rank, score }] = positives as [MinedQuestion['positives'][0]]
    const at = ranking.indexOf(chunk!.position)
    expect(score).toBe(dot(queries[row]!, await example.index.vectors([chunk!.position]), 0))
    if (rank) expect(rank).toBe(at + 1)
  }
})

const idsOf = ({ negatives }: MinedQuestion) => negatives.map(({ chunk }) => chunk.chunkId)

/** A reranker that knows what answers, and likes what shares many words with the question as much. */
function wordScorer(): PairScorer & { pairs: number[] } {
  const words = (text: string) => new Set(text.toLowerCase().match(/\p{L}{4,}/gu) ?? [])
  const documents = new Map(questions.map(({ question, docIds }) => [question, docIds]))
  const pairs: number[] = []
  return {
    name: 'words',
    pairs,
    counts: { scored: 0, reused: 0 },
    async score(asked) {
      pairs.push(asked.length)
      const scores = asked.map(async ({ question, passage }) => {
        const own = words(passage)
        const shared = [...words(question)].filter((word) => own.has(word)).length
        const gold = documents.get(question)!.flatMap((id) => example.corpus.find(id))
        const texts = await Promise.all(gold.map((position) => example.corpus.read(position)))
        return texts.some(({ text }) => text === passage) ? 5 : shared > 2 ? 5.5 : 2 * shared - 6
      })
      return Float32Array.from(await Promise.all(scores))
    },
  }
}

describe('with a reranker', () => {
  test('no negative scores near the positive, and what does is passed over for that', async () => {
    const { mined, counts } = mining(questions, { topK: 5 }, wordScorer())
    let refused = 0
    for (const { negatives, excluded, limits, positives } of await collect(mined)) {
      expect(limits!.positive).toBe(Math.min(...positives.map(({ judged }) => judged!)))
      for (const { tier, judged } of negatives) {
        if (tier !== 'suspect') expect(judged).toBeLessThanOrEqual(0.95 * limits!.positive)
      }
      for (const { reason, judged } of excluded) {
        if (reason !== 'score near the positive') continue
        refused++
        expect(judged).toBeGreaterThan(0.95 * limits!.positive)
      }
    }
    expect(refused).toBeGreaterThan(5)
    expect(counts.calibration!.auc).toBeGreaterThan(0.9)
  })

  test('little more is scored than is wanted, in few calls', async () => {
    const scorer = wordScorer()
    const { mined } = mining(questions, { topK: 5 }, scorer)
    const all = await collect(mined)
    const judged = all
      .flatMap(({ negatives, excluded }) => [...negatives, ...excluded])
      .filter((each) => each.judged !== undefined)
    const total = scorer.pairs.reduce((sum, count) => sum + count, 0)
    const calibration = Math.min(128, all.length)
    expect(total).toBe(judged.length + all.length + calibration)
    expect(total / all.length).toBeLessThan(9)
    expect(scorer.pairs.length).toBeLessThan(20)
  })

  test('that sees no difference is refused', async () => {
    const blind: PairScorer = { ...wordScorer(), score: async (pairs) => new Float32Array(pairs.length) }
    await expect(collect(mining(questions, { topK: 5 }, blind).mined)).rejects.toMatchObject(
      claraError('model', '--reranker none'),
    )
  })
})

describe('settings', () => {
  const ranksOf = ({ negatives }: MinedQuestion) => negatives.map(({ rank }) => rank)

  test('the first ranks are passed over, and none is taken after the last', async () => {
    const all = await collect(mining(questions, { topK: 4, ranks: { skipTop: 5, maxRank: 30 } }).mined)
    const ranks = all
      .flatMap(({ negatives }) => negatives.filter(({ tier }) => tier === 'hard'))
      .map(({ rank }) => rank!)
    expect(Math.min(...ranks)).toBe(6)
    expect(Math.max(...ranks)).toBeLessThanOrEqual(30)
  })

  test('ranks are drawn from the window', async () => {
    const options = { topK: 4, select: 'random' as const, ranks: { maxRank: 30 } }
    const all = await collect(mining(questions, options).mined)
    const ranks = all.flatMap(ranksOf).map((rank) => rank!)
    expect(ranks.filter((rank) => rank > 10).length).toBeGreaterThan(ranks.length / 3)
    const again = await collect(mining(questions, options).mined)
    expect(again.map(ranksOf)).toEqual(all.map(ranksOf))
    const other = await collect(mining(questions, { ...options, seed: 8 }).mined)
    expect(other.map(ranksOf)).not.toEqual(all.map(ranksOf))
  })

  test('a share is drawn from the whole corpus', async () => {
    const all = await collect(mining(questions, { topK: 5, randomShare: 0.3 }).mined)
    const random = all.flatMap(({ negatives }) => negatives).filter(({ tier }) => tier === 'random')
    expect(random.length / (all.length * 4)).toBeGreaterThan(0.25)
    expect(random.length / (all.length * 4)).toBeLessThan(0.35)
    for (const { rank, judged } of random) {
      expect(rank).toBeUndefined()
      expect(judged).toEqual(expect.any(Number))
    }
  })

  test('a chunk is used no more often than it may', async () => {
    const all = await collect(mining(questions, { topK: 3, maxUses: 3 }).mined)
    const uses = new Map<number, number>()
    for (const { position } of all.flatMap(({ negatives }) =>
      negatives.filter(({ tier }) => tier === 'hard'),
    ))
      uses.set(position, (uses.get(position) ?? 0) + 1)
    expect(Math.max(...uses.values())).toBe(3)
  })

  test('strict drops what hard ones do not fill', async () => {
    const options = { topK: 5, thresholds: { minScore: 0.3 } }
    const lax = await collect(mining(questions, options).mined)
    const whole = lax.filter(({ negatives }) => negatives.every(({ tier }) => tier === 'hard'))
    expect(whole.length).toBeGreaterThan(0)
    expect(whole.length).toBeLessThan(lax.length)
    const { mined, counts } = mining(questions, { ...options, strict: true })
    expect((await collect(mined)).map(({ question }) => question.id)).toEqual(
      whole.map(({ question }) => question.id),
    )
    expect(counts.dropped).toBe(lax.length - whole.length)
  })

  test('what a question has already is not taken once more', async () => {
    const before = await collect(mining(questions, { topK: 4 }).mined)
    const keys = new Map(
      before.map(({ question, negatives }) => [question.id, negatives.map(({ chunk }) => chunk.key)]),
    )
    const taken = ({ id }: Question) => keys.get(id)!
    const after = await collect(mining(questions, { topK: 4, taken }).mined)
    for (const { question, negatives, limits } of after) {
      for (const { chunk, tier, judged } of negatives) {
        expect(keys.get(question.id)).not.toContain(chunk.key)
        if (tier !== 'suspect') expect(judged).toBeLessThanOrEqual(limits!.most)
      }
    }
    const nothing = await collect(mining(questions, { topK: 4, taken: () => [] }).mined)
    expect(nothing.map(idsOf)).toEqual(before.map(idsOf))
  })

  test('a scale that is known is not measured', async () => {
    const measured = mining(questions, { topK: 4 }, wordScorer())
    const known = await collect(measured.mined).then(() => measured.counts.calibration!)
    const scale = known.centre
    const scorer = wordScorer()
    const { mined, counts } = mining(
      questions,
      { topK: 4, calibration: { ...known, centre: scale + 1 } },
      scorer,
    )
    const all = await collect(mined)
    expect(counts.calibration!.centre).toBe(scale + 1)
    expect(scorer.pairs[0]).toBe(questions.length)
    for (const { positives } of all)
      expect(positives[0]!.judged).toBeCloseTo(1 / (1 + Math.exp(scale + 1 - 5)))
    for (const { judged } of all.flatMap(({ negatives }) => negatives)) {
      const logit = Math.log(judged! / (1 - judged!)) + scale + 1
      expect([-6, -4, -2, 5.5].some((known) => Math.abs(known - logit) < 1e-6)).toBe(true)
    }
  })

  test('an aborted run stops', async () => {
    const reason = new Error('enough')
    const run = mining(questions, { topK: 5, signal: AbortSignal.abort(reason) })
    await expect(collect(run.mined)).rejects.toBe(reason)
  })
})

test('what is drawn depends on the seed, and on no other question', async () => {
  const all = await collect(strategies.drawn(questions, 5, []))
  const alone = await collect(strategies.drawn([questions[9]!], 5, []))
  const other = await collect(strategies.drawn(questions, 5, [], 8))
  expect(idsOf(alone[0]!)).toEqual(idsOf(all[9]!))
  expect(all.filter((mined, i) => `${idsOf(mined)}` !== `${idsOf(other[i]!)}`).length).toBeGreaterThan(60)
})

test('with words, too, candidates come from both, with the embedder’s score', async () => {
  const keywords = await openKeywords(example.index.chunks)
  try {
    const asked = questions.slice(0, 20)
    const options = { topK: 8, seed: 7, onProblem: failOnProblem }
    const engines = { index: example.index, embedder: cached(), scorer: undefined }
    const near = await collect(mineNegatives(stream(asked), example.corpus, engines, options).mined)
    const both = await collect(
      mineNegatives(stream(asked), example.corpus, { ...engines, keywords }, options).mined,
    )
    expect(both.map(idsOf)).not.toEqual(near.map(idsOf))
    const vectors = await example.embedder.embed(
      asked.map(({ question }) => question),
      'query',
    )
    const whole = await example.index.search(vectors, example.index.chunks.count, { method: 'exact' })
    for (const [row, { negatives }] of both.entries()) {
      const scores = new Map(
        Array.from({ length: whole.k }, (_, i) => [
          whole.ids[row * whole.k + i]!,
          whole.scores[row * whole.k + i]!,
        ]),
      )
      for (const { position, score } of negatives) expect(score).toBe(scores.get(position))
    }
  } finally {
    await keywords.close()
  }
})
