import { expect, it } from 'vitest'
import { MissingAnswers } from '#clara/negatives/missing-answers.js'
import { findPositives } from '#clara/negatives/positives.js'
import type { Question } from '#clara/questions/question.js'
import { corpusOf } from '../support/corpus.js'

const TRADES = [
  'glass beads',
  'salted herring',
  'copper kettles',
  'wool blankets',
  'church bells',
  'clay pipes',
].concat(['beeswax candles', 'oak barrels', 'silk ribbons', 'brass clocks', 'leather saddles', 'paper kites'])
const IN_CHINESE = ['玻璃珠子', '腌制鲱鱼', '铜制水壶', '羊毛毯子', '教堂大钟', '陶土烟斗'].concat([
  '蜂蜡蜡烛',
  '橡木酒桶',
  '丝绸缎带',
  '黄铜时钟',
  '皮革马鞍',
  '纸做风筝',
])

async function look(rows: { question: string; answer: string; doc: number }[]) {
  const corpus = await corpusOf(
    Object.fromEntries([
      ...TRADES.map((trade, i) => [
        `en${i}`,
        [`Its people live by making ${trade}, which merchants carry to the coast.`],
      ]),
      ...IN_CHINESE.map((trade, i) => [
        `zh${i}`,
        [`当地人以生产${trade}为业，商人把它们运到 Brenfield 海岸。`],
      ]),
    ]),
  )
  const answers = new MissingAnswers()
  for (const [i, { question, answer, doc }] of rows.entries()) {
    const asked: Question = {
      id: `q${i}`,
      question,
      answer,
      docIds: [],
      passages: [],
      path: 'qa.jsonl',
      line: i + 1,
    }
    const docIds = [doc < TRADES.length ? `en${doc}` : `zh${doc - TRADES.length}`]
    const found = await findPositives({ ...asked, docIds }, corpus, () => undefined)
    if (typeof found === 'string') throw new Error(found)
    await answers.add(asked, found, corpus)
  }
  return answers
}

const COUNT = TRADES.length

it('answers in the question’s language are not missed in documents of the other, and are counted', async () => {
  const answers = await look([
    ...IN_CHINESE.map((answer, i) => ({ question: `当地人以生产什么为业（${i}）？`, answer, doc: i })),
    ...TRADES.map((answer, i) => ({
      question: `What do its people live by, in ${i}?`,
      answer,
      doc: COUNT + i,
    })),
  ])
  expect(() => answers.requireMost()).not.toThrow()
  expect(answers.warning()).toBeUndefined()
  expect([answers.missing, answers.translated, answers.answers]).toEqual([0, 24, 24])
  expect(answers.remark()).toContain('qa.jsonl: 24 of 24 answers are in another language than the documents')
})

it('the others are looked for all the same', async () => {
  const answers = await look([
    ...IN_CHINESE.map((answer, i) => ({ question: `当地人以生产什么为业（${i}）？`, answer, doc: i })),
    ...TRADES.map((answer, i) => ({
      question: `What do its people live by, in ${i}?`,
      answer,
      doc: (i + 1) % COUNT,
    })),
  ])
  expect(answers.missing).toBe(12)
  expect(() => answers.requireMost()).toThrow('12 of the first 12 different answers are not in the documents')
})

it('a question in one language about a document in the other may have an answer in the document’s', async () => {
  const answers = await look(
    TRADES.map((answer, i) => ({ question: `当地人以生产什么为业（${i}）？`, answer, doc: (i + 1) % COUNT })),
  )
  expect([answers.missing, answers.translated]).toEqual([12, 0])
})
