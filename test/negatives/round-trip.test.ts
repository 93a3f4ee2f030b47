import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cosine } from '#clara/inference/cosine.js'
import { type OpenEngines, openEngines } from '#clara/negatives/engines.js'
import { LEAST_RELATED, relatedChunks } from '#clara/negatives/related.js'
import { roundTrip } from '#clara/negatives/round-trip.js'
import type { Judged } from '#clara/questions/judge.js'
import { collect, stream } from '../support/collect.js'
import { useExampleIndex } from '../support/example-index.js'

const example = useExampleIndex()
let opened: OpenEngines

beforeAll(async () => {
  const { model, embedder, index } = example
  opened = await openEngines(index, {
    embedder: model,
    opened: embedder,
    reranker: undefined,
    scoreCache: false,
    threads: 2,
  })
})
afterAll(() => opened?.close())

async function about(chunkId: string, ...questions: string[]): Promise<Judged> {
  const [position] = example.corpus.find(chunkId)
  const { text, documentId } = await example.corpus.read(position!)
  const pairs = questions.map((question) => ({
    type: 'fact' as const,
    question,
    answer: 'x',
    quotes: ['x'],
    chunkIds: [chunkId],
  }))
  return {
    chunkIds: [chunkId],
    documentIds: [documentId],
    passages: [text],
    pairs,
    summary: undefined,
    rejected: [],
  }
}

const check = (judged: Judged[], within = 3, scorer = opened.engines.scorer) =>
  collect(roundTrip(stream(judged), example.corpus, { ...opened.engines, scorer }, { within }))

const ATTENTION = 'scaled-dot-product-attention.md#0'
const HEADS = 'multi-head-attention.md#0'
const DOT = 'By what are the inner products of queries and keys divided in scaled dot-product attention?'

describe('related chunks', () => {
  it('are near by their vectors, nearest first, neither the chunk nor far from it', async () => {
    const { index, corpus } = example
    const related = relatedChunks(index, corpus)
    let none = 0
    for await (const [row, chunk] of index.chunks.entries()) {
      const found = await related(chunk)
      const own = await index.vectors([row])
      const cosines = await Promise.all(
        found.map(async ({ id }) => cosine(own, await index.vectors([corpus.find(id)[0]!]))),
      )
      expect(found.map(({ id }) => id)).not.toContain(chunk.id)
      expect(cosines).toEqual([...cosines].sort((a, b) => b - a))
      for (const each of cosines) expect(each).toBeGreaterThanOrEqual(LEAST_RELATED - 1e-6)
      if (found.length < 9) none++
    }
    expect(none).toBeGreaterThan(10)
  })
})

describe('the round trip', () => {
  it('keeps questions that find their chunk, in order, and rejects others', async () => {
    const first = await about(ATTENTION, DOT, 'Which vacuum cleaner lasts longest?')
    const second = await about(HEADS, 'How many attention heads does the base Transformer have?')
    const [one, other] = await check([first, second])
    expect(one!.pairs.map(({ question }) => question)).toEqual([DOT])
    expect(one!.rejected).toEqual([
      {
        chunkIds: [ATTENTION],
        reasons: ['a question that does not find its passage'],
        pair: first.pairs[1],
      },
    ])
    expect(other).toEqual(second)
  })

  it('rejects a question that another chunk answers, unless it need not find its own', async () => {
    const wrong = await about(HEADS, DOT)
    expect((await check([wrong], 1))[0]!.rejected[0]!.reasons).toContain(
      'a question that does not find its passage',
    )
    expect((await check([wrong], 0))[0]!.pairs).toHaveLength(1)
  })

  it('believes the reranker, where it puts the chunk before all that were found', async () => {
    const asked: number[] = []
    const scorer = (best: number) => ({
      name: 'a judge',
      counts: { scored: 0, reused: 0 },
      async score(pairs: { passage: string }[]) {
        asked.push(pairs.length)
        return Float32Array.from(pairs, (_, i) => (i === 0 ? best : 1))
      },
    })
    const odd = await about(ATTENTION, 'Which vacuum cleaner lasts longest?')
    expect((await check([odd], 3, scorer(2)))[0]!.pairs).toHaveLength(1)
    expect((await check([odd], 3, scorer(0)))[0]!.pairs).toHaveLength(0)
    expect(asked).toEqual([6, 6])
  })

  it('takes nearly the same question once, but not for other numbers', async () => {
    const [one, other] = await check(
      [
        await about(
          ATTENTION,
          DOT,
          `${DOT.slice(0, -1)} ?`,
          DOT.replace('inner products', 'inner products of 64'),
        ),
        await about(HEADS, DOT.replace('By what are', 'By what exactly are')),
      ],
      20,
    )
    expect(one!.pairs).toHaveLength(2)
    const numbered = await about(ATTENTION, `${DOT} (12)`, `${DOT} (13)`, `${DOT} (12).`)
    expect((await check([numbered], 20))[0]!.pairs).toEqual(numbered.pairs.slice(0, 2))
    expect(one!.rejected[0]!.reasons).toEqual(['nearly the same question as one before'])
    expect(other!.rejected[0]!.reasons).toEqual(['nearly the same question as one before'])
  })

  it('has the same results in whatever windows', async () => {
    const many = await Promise.all(
      Array.from({ length: 300 }, (_, i) => about(i % 2 ? ATTENTION : HEADS, `${DOT} Number ${i}?`)),
    )
    const all = await check(many, 20)
    expect(all).toHaveLength(300)
    expect(all.map(({ chunkIds }) => chunkIds[0])).toEqual(many.map(({ chunkIds }) => chunkIds[0]))
  })
})
