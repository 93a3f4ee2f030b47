import { describe, expect, test } from 'vitest'
import { overlapOf, wordingOf } from '#clara/negatives/overlap.js'
import { foldText } from '#clara/text/fold.js'

const overlap = (a: string, b: string) => overlapOf(wordingOf(foldText(a)), wordingOf(foldText(b)))

const TEXT =
  'The old bridge over the river was built in 1874. It carried trains until the flood of 1913, when two of its piers were washed away.'
const REORDERED =
  'It carried trains until the flood of 1913, when two of its piers were washed away. The old bridge over the river was built in 1874.'
const OTHER =
  'Bread rises because yeast turns sugar into gas. A dough that is warm rises faster than one that stands in the cold kitchen.'

describe('of two texts', () => {
  test('is whole for the same, whatever the order and case', () => {
    expect(overlap(TEXT, TEXT)).toEqual({ words: 1, runs: 1 })
    expect(overlap(TEXT, TEXT.toUpperCase())).toEqual({ words: 1, runs: 1 })
    expect(overlap(TEXT, REORDERED).words).toBe(1)
  })

  test('is small for unrelated ones', () => {
    const { words, runs } = overlap(TEXT, OTHER)
    expect(words).toBeLessThan(0.35)
    expect(runs).toBe(0)
  })

  test('counts a word as often as both have it', () => {
    expect(overlap('a a a a b b b b', 'a b b b b c c c').words).toBe(5 / 8)
  })

  test('is of the shorter one: a part of a text is all in it', () => {
    const part = TEXT.slice(0, 48)
    expect(overlap(part, TEXT)).toEqual({ words: 1, runs: 1 })
    expect(overlap(TEXT, part)).toEqual({ words: 1, runs: 1 })
  })

  test('shows what two cuts of one source share, in runs', () => {
    const sentences = [TEXT, OTHER].join(' ')
    const early = sentences.slice(0, 150)
    const late = sentences.slice(80, 240)
    const { runs } = overlap(early, late)
    expect(runs).toBeGreaterThan(0.3)
    expect(runs).toBeLessThan(0.7)
  })

  test('is nothing where one is too short to tell', () => {
    expect(overlap('the river', TEXT)).toEqual({ words: 0, runs: 0 })
    expect(overlap('', '')).toEqual({ words: 0, runs: 0 })
  })
})

test('of Chinese goes by two characters', () => {
  const a = '这座旧桥建于一八七四年，直到一九一三年的洪水冲走两座桥墩为止，一直有火车通行。'
  const b = '直到一九一三年的洪水冲走两座桥墩为止，一直有火车通行。这座旧桥建于一八七四年。'
  const c = '面包之所以会膨胀，是因为酵母把糖变成了气体，温暖的面团比放在冷厨房里的膨胀得更快。'
  expect(overlap(a, b).words).toBeGreaterThan(0.9)
  expect(overlap(a, b).runs).toBeGreaterThan(0.6)
  expect(overlap(a, c).words).toBeLessThan(0.15)
})
