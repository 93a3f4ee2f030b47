import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { plant, readLines } from '../../bench/mining/plant.mjs'
import { answerIn, joined, partsOf } from '../../bench/mining/text.mjs'
import { foldText } from '../../dist/text/fold.js'

const corpus = [
  {
    _id: 'a',
    title: 'Tides',
    text: 'In 1920, the old harbour was built by the navy. Many ships used it because the river was deep. The company also moved its office there. Several sailors later died in a storm.',
  },
  {
    _id: 'b',
    title: 'Looms',
    text: 'Looms were often built of oak. Weavers usually received a small wage. However, the main market was in Lyon.',
  },
  {
    _id: 'c',
    title: '',
    text: '海边的灯塔建于1920年，位于小岛上，由海军使用。因为河水很深，许多船只停在这里。公司之后成立了3个部门。',
  },
  { _id: 'd', title: '', text: '茶叶的种植始于唐代。目前主要产区位于南方。许多人认为它非常重要。' },
]
const questions = [
  { question: 'Who built the harbour?', answer: 'the navy', doc_id: 'a' },
  { question: 'Where was the main market?', answer: 'It was in Lyon.', doc_id: 'b' },
  { question: '灯塔建于哪一年？', answer: '1920年', doc_id: 'c' },
  { question: '茶叶的种植始于什么时候？', answer: '唐代', doc_id: 'd' },
]

describe('planted passages', () => {
  const made = plant(corpus, questions, { count: 4, seed: 1 })

  it('are half paraphrases and half re-cut', () => {
    expect(made.planted.map(({ kind }) => kind).sort()).toEqual([
      'paraphrase',
      'paraphrase',
      'recut',
      'recut',
    ])
  })

  it('differ from the positive, and state the answer as it does', () => {
    for (const { id, positive, question, answer } of made.planted) {
      const text = (wanted: string) => made.corpus.find(({ _id }) => _id === wanted)!.text
      expect(foldText(text(id))).not.toBe(foldText(text(positive)))
      expect(answerIn(text(positive), question, answer)!.holds(text(id)), text(id)).toBe(true)
    }
  })

  it('stand behind the corpus, which stays as it is, each for a question of its own', () => {
    expect(made.corpus.slice(0, 4)).toEqual(corpus)
    expect(new Set(made.questions.map(({ doc_id }) => doc_id)).size).toBe(4)
  })

  it('are the same for the same seed, others for another', () => {
    expect(plant(corpus, questions, { count: 4, seed: 1 })).toEqual(made)
    expect(plant(corpus, questions, { count: 4, seed: 2 })).not.toEqual(made)
  })
})

describe('a text', () => {
  it('has a heading where its first line is short', () => {
    expect(partsOf('About tides.\nThe sea rises. It falls.')).toEqual({
      heading: 'About tides.',
      sentences: ['The sea rises.', 'It falls.'],
    })
  })

  it('is joined as its language does', () => {
    expect(joined({ heading: '', sentences: ['海。', '山。'] })).toBe('海。山。')
    expect(joined({ heading: '', sentences: ['Sea.', 'Hill.'] })).toBe('Sea. Hill.')
  })

  it('is not said to answer where the words of the answer are not there', () => {
    expect(answerIn('The sea rises.', 'Who built it?', 'The navy did.')).toBeUndefined()
  })
})

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
describe.skipIf(!existsSync(DATA))('planted in real passages', () => {
  it.each(['clara-pretrain', 'xquad-en', 'xquad-zh', 'cmrc2018-dev'])('%s', (name) => {
    const read = (file: string) => readLines(`${DATA}${name}/${file}.jsonl`)
    const { corpus, planted } = plant(read('corpus'), read('qa'), { count: 100, seed: 7 })
    expect(planted.length).toBe(100)
    const texts = new Map<string, string>(corpus.map(({ _id, text }) => [_id, text]))
    for (const { id, positive, question, answer } of planted) {
      expect(answerIn(texts.get(positive)!, question, answer)!.holds(texts.get(id)!)).toBe(true)
    }
  })
})
