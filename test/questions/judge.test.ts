import { describe, expect, it } from 'vitest'
import { createDuplicates } from '#clara/questions/checks/duplicates.js'
import { judgeOne } from '#clara/questions/judge.js'
import { createJudgeCounts } from '#clara/questions/judge-counts.js'
import { allot, type PairType, parseShares } from '#clara/questions/pair-types.js'
import { taskOf } from '#clara/questions/prompt.js'
import { claraError } from '../support/collect.js'
import { chunk, FACTS } from './generate-run.js'

const pair = (question: string, type = 'fact') => ({
  type,
  question,
  answer: 'Port 7',
  quotes: ['flows to the town of Port 7'],
})

const nothing = (questions = createDuplicates()) => ({ questions, summarised: createDuplicates() })

function judged(pairs: ReturnType<typeof pair>[], questions = createDuplicates(), count = 2) {
  const one = chunk(7)
  const task = taskOf(one.text, Array(count).fill('fact'), FACTS)
  return judgeOne(
    { chunks: [one], task, summary: 'The river flows to Port 7.', pairs, malformed: [] },
    nothing(questions),
  )
}

describe('judging', () => {
  it('keeps so many of each type as were asked for', () => {
    const { pairs, rejected } = judged([
      pair('Where does the river number 7 flow to?'),
      pair('Why does the river number 7 flow there?', 'reasoning'),
      pair('To which town does the river number 7 flow?'),
      pair('Which town does river number 7 reach?'),
    ])
    expect(pairs.map(({ question }) => question)).toEqual([
      'Where does the river number 7 flow to?',
      'To which town does the river number 7 flow?',
    ])
    expect(rejected.map(({ reasons }) => reasons)).toEqual([
      ['more of its type than were asked for'],
      ['more of its type than were asked for'],
    ])
  })

  it.each([
    ['question', 1, []],
    ['passage', 0, ['an answer that the passage does not support', 'the wrong language']],
  ] as const)(
    'counts answers that are translations, wanted in the language of the %s',
    (whose, kept, reasons) => {
      const one = chunk(7)
      const task = taskOf(one.text, ['cross-lingual'], { ...FACTS, crossLingualAnswers: whose })
      const pairs = [{ ...pair('第七号河流向哪座城市？', 'cross-lingual'), answer: '第7号港口城' }]
      const { counts, add } = createJudgeCounts()
      const result = judgeOne({ chunks: [one], task, summary: '', pairs, malformed: [] }, nothing())
      add(result)
      expect([counts.kept, counts.translated_answers ?? 0]).toEqual([kept, kept])
      expect(result.rejected.flatMap((each) => (each.pair ? each.reasons : []))).toEqual(reasons)
    },
  )

  it('gives a pair without a name of a type the one that was asked for at its place', () => {
    const one = chunk(7)
    const task = taskOf(one.text, ['fact', 'fact', 'reasoning'], FACTS)
    const pairs = [
      pair('Where does the river number 7 flow to?', ''),
      pair('To which town does the river number 7 flow?', 'Factual question'),
      pair('Which town does river number 7 reach?', 'FACT'),
      pair('At which town does river number 7 end?', ''),
    ]
    const written = { chunks: [one], task, summary: '', pairs, malformed: [] }
    const { pairs: kept, rejected } = judgeOne(written, nothing())
    expect(kept.map(({ type }) => type)).toEqual(['fact', 'reasoning', 'fact'])
    expect(rejected[0]!.reasons).toEqual(['more of its type than were asked for'])
  })

  it('takes a question once, whatever its case, blanks and punctuation, also of another chunk', () => {
    const duplicates = createDuplicates()
    judged([pair('Where does the river number 7 flow to?')], duplicates)
    const { pairs, rejected } = judged([pair('where does the river  number 7 flow to')], duplicates)
    expect(pairs).toEqual([])
    expect(rejected[0]!.reasons).toEqual(['the same question as one before'])
  })

  it('does not remember a question that it rejected', () => {
    const duplicates = createDuplicates()
    judged([{ ...pair('Where does the river number 7 flow to?'), answer: 'nowhere' }], duplicates)
    expect(judged([pair('Where does the river number 7 flow to?')], duplicates).pairs).toHaveLength(1)
  })

  it('forgets the oldest questions, so that memory is bounded', () => {
    const duplicates = createDuplicates(2)
    expect(['a', 'b', 'c', 'b', 'a'].map((text) => duplicates.add(text))).toEqual([
      true,
      true,
      true,
      false,
      true,
    ])
  })

  it('counts pairs, summaries and each reason', () => {
    const { counts, add } = createJudgeCounts()
    add(judged([pair('Where does the river number 7 flow to?'), pair('When was it?')]))
    expect(counts).toMatchObject({
      written: 2,
      kept: 1,
      kept_by_type: { fact: 1, reasoning: 0 },
      summaries_kept: 1,
      summaries_rejected: 0,
      rejected: { 'a question that begins with a pronoun': 1 },
    })
  })
})

describe('types', () => {
  it.each([
    ['fact', { fact: 1 }],
    ['fact,reasoning', { fact: 0.5, reasoning: 0.5 }],
    ['cross-lingual:0.1,fact:0.6,reasoning:0.3', { fact: 0.6, reasoning: 0.3, 'cross-lingual': 0.1 }],
    ['fact:0.2,reasoning:0.2', { fact: 0.5, reasoning: 0.5 }],
  ])('%s are shares', (text, shares) => {
    const parsed = parseShares(text)
    for (const [type, share] of Object.entries(shares))
      expect(parsed[type as PairType]).toBeCloseTo(share, 12)
    expect(Object.keys(parsed)).toHaveLength(Object.keys(shares).length)
  })

  it.each(['', 'facts', 'fact:0', 'fact:2', 'fact:x', 'fact:', 'fact:0.5:0.5', 'fact,fact'])(
    '%j are none',
    (text) => {
      expect(() => parseShares(text)).toThrow(expect.objectContaining(claraError('usage', '--types')))
    },
  )

  it('are allotted by the passage alone, to the number asked for and to the shares on average', () => {
    const shares = { fact: 0.6, reasoning: 0.3, 'cross-lingual': 0.1 }
    for (const count of [1, 3, 10]) {
      const counts: Record<string, number> = {}
      for (let i = 0; i < 2000; i++) {
        const types = allot(`passage ${i}`, count, shares)
        expect(types).toHaveLength(count)
        expect(allot(`passage ${i}`, count, shares)).toEqual(types)
        for (const type of types) counts[type] = (counts[type] ?? 0) + 1
      }
      for (const [type, share] of Object.entries(shares)) {
        expect(Math.abs(counts[type]! / (2000 * count) - share)).toBeLessThan(0.03)
      }
    }
    expect(allot('x', 10, shares)).toEqual([
      ...Array(6).fill('fact'),
      ...Array(3).fill('reasoning'),
      'cross-lingual',
    ])
  })

  it('need a language that is known to ask in another', () => {
    const asked = (text: string) => taskOf(text, ['cross-lingual'], FACTS).types
    expect(asked('The river flows to the sea.')).toEqual(['cross-lingual'])
    expect(asked('Река течёт в море, мимо города.')).toEqual(['fact'])
  })
})
