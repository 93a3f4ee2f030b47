/** Mined questions made by hand, as clara-mine would hand them over. */
import type { Tier } from '#clara/negatives/hunt.js'
import type { MinedQuestion } from '#clara/negatives/mine.js'

export interface HandMade {
  id?: string
  question?: string
  answer?: string
  line?: number
  /** Chunk ids; text after a bar is a passage given as text. */
  positives: string[]
  /** Chunk id and tier; the rank is the place in the list, but for random ones. */
  negatives: [string, Tier][]
  /** What judged each document; `undefined` for a run without a model. */
  scores?: Record<string, number> | undefined
  /** Text of a chunk; `Text of <id>.` where nothing is said. */
  texts?: Record<string, string>
}

export function handMade({
  id = 'q1',
  question = `Question ${id}?`,
  answer = 'An answer.',
  line = 1,
  positives,
  negatives,
  scores,
  texts = {},
}: HandMade): MinedQuestion {
  const chunk = (name: string) => {
    const text = texts[name] ?? `Text of ${name}.`
    return { position: 0, chunkId: name, documentId: name, text, folded: text, key: name }
  }
  return {
    question: { id, question, answer, docIds: [], passages: [], path: '/data/qa.jsonl', line },
    positives: positives.map((name, i) => {
      const given = name.startsWith('|')
      return {
        chunk: given ? undefined : chunk(name),
        text: given ? name.slice(1) : chunk(name).text,
        key: name,
        rank: given || !scores ? undefined : i + 1,
        score: undefined,
        judged: scores?.[name],
      }
    }),
    negatives: negatives.map(([name, tier], i) => ({
      chunk: chunk(name),
      position: 0,
      rank: tier === 'random' ? undefined : positives.length + i + 1,
      score: undefined,
      judged: scores?.[name],
      tier,
    })),
    excluded: [],
    limits: undefined,
  }
}

export const SCORERS = { embedder: 'a-model', reranker: 'a-judge' }
export const NO_SCORERS = { embedder: null, reranker: null }

/** One positive; several; one given as text, in Chinese, with quotes and line breaks. */
export const QUESTIONS: MinedQuestion[] = [
  handMade({
    id: 'one',
    line: 1,
    positives: ['gold#0'],
    negatives: [
      ['near#0', 'hard'],
      ['far#1', 'hard'],
      ['any#0', 'random'],
    ],
    scores: { 'gold#0': 0.9, 'near#0': 0.4, 'far#1': 0.3, 'any#0': 0.01 },
  }),
  handMade({
    id: 'several',
    line: 2,
    positives: ['gold#1', 'gold#2'],
    negatives: [
      ['near#0', 'hard'],
      ['top#0', 'top'],
    ],
    scores: { 'gold#1': 1, 'gold#2': 0.8, 'near#0': 0.25, 'top#0': 0.5 },
  }),
  handMade({
    id: 'given',
    line: 3,
    question: '什么是"检索"？\u2028😀',
    answer: '',
    positives: ['|答案在这里。\n"第二行"\t尾'],
    negatives: [
      ['怪 "名#0', 'hard'],
      ['suspect#0', 'suspect'],
      ['easy#0', 'easy'],
    ],
    scores: { '|答案在这里。\n"第二行"\t尾': 0.7, '怪 "名#0': 0.5, 'suspect#0': 0.9, 'easy#0': 0.1 },
    texts: { '怪 "名#0': 'a "quoted" line\r\nand 另一行\u2029' },
  }),
]

/** Drawn at random: nothing ranked, nothing scored. */
export const UNSCORED: MinedQuestion[] = [
  handMade({
    id: 'plain',
    positives: ['gold#0'],
    negatives: [
      ['b#0', 'random'],
      ['a#0', 'random'],
    ],
  }),
]
