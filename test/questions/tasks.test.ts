import { describe, expect, it } from 'vitest'
import { pairFaults } from '#clara/questions/checks/check-pair.js'
import { leakFinder } from '#clara/questions/checks/leak.js'
import { readPassage } from '#clara/questions/checks/passage.js'
import { promptFor } from '#clara/questions/prompt.js'
import { tasksFor } from '#clara/questions/tasks.js'
import { collect, stream } from '../support/collect.js'
import { chunk, chunks, FACTS } from './generate-run.js'

const MULTI = { ...FACTS, pairsPerChunk: 2, shares: { fact: 0.5, 'multi-hop': 0.5 } }

describe('what is asked about chunks', () => {
  it('is one task for each by itself, and one for it with those related', async () => {
    const others = chunks(5).slice(1)
    const works = await collect(tasksFor(stream([chunk(0)]), MULTI, async () => others))
    expect(works.map(({ chunks: asked, task }) => [asked.map(({ id }) => id), task.types])).toEqual([
      [['doc0#0'], ['fact']],
      [['doc0#0', 'doc1#0', 'doc2#0'], ['multi-hop']],
    ])
    const { user, system } = promptFor(works[1]!.task, 'abc')
    expect(user.match(/^<passage-abc>$/gm)).toHaveLength(3)
    expect(system).toContain('Write 1 question-answer pairs of type multi-hop')
    expect(system).not.toMatch(/\{[a-z]+\}/)
  })

  it('asks for reasoning where nothing is related', async () => {
    const works = await collect(tasksFor(stream([chunk(0)]), MULTI, async () => []))
    expect(works.map(({ task }) => task.types)).toEqual([['fact', 'reasoning']])
    expect(await collect(tasksFor(stream([chunk(0)]), MULTI, undefined))).toHaveLength(1)
  })
})

describe('a pair of several passages', () => {
  const passages = [
    'The mill at Port Ellen was built in 1863 by two brothers.',
    'The bakery at Port Ellen was opened in 1871, and sells rye bread.',
  ].map(readPassage)
  const pair = {
    type: 'multi-hop' as const,
    question: 'Was the mill or the bakery of Port Ellen there first?',
    answer: 'The mill: it was built in 1863, the bakery opened in 1871',
    quotes: ['built in 1863 by two brothers', 'was opened in 1871'],
  }
  const check = (change: object) => pairFaults({ ...pair, ...change }, { passages, leak: leakFinder('x') })

  it('needs a quote from each of them', () => {
    expect(check({})).toEqual([])
    expect(check({ quotes: pair.quotes.slice(0, 1) })).toEqual(['a quote that is not in the passage'])
    expect(check({ quotes: [...pair.quotes, 'built by three sisters'] })).toEqual([
      'a quote that is not in the passage',
    ])
  })

  it('may have numbers and words of any', () => {
    expect(check({ answer: 'The mill, 1864' })).toContain('a number that the passage does not have')
    expect(check({ answer: 'The mill and its bread, 1871' })).toEqual([])
  })
})
