import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { renderReport } from '#clara/samples/validate/report.js'
import { validateSamples } from '#clara/samples/validate.js'
import { useDirectory } from '../../support/directory.js'

const MILL =
  'The mill at Port Ellen was built in 1863 by the brothers Ross, who sold 3.5 million sacks of rye.'
const LIBRARY = '圖書館於民國一百零九年擴建，如今藏書三萬五千冊，由建築師王大明設計。'
const OTHERS = ['Bread rises because yeast turns sugar into gas.', '体育馆在车站的北边，周一不开放。']

const row = (question: string, answer: string, positive: string) => ({
  question,
  answer,
  gold_answer: answer,
  docs: [positive, ...OTHERS],
  pos_index: [0],
})

const directory = useDirectory()

async function validated(rows: object[]) {
  const path = join(directory.path, 'end_to_end_data.jsonl')
  writeFileSync(path, rows.map((each) => `${JSON.stringify(each)}\n`).join(''))
  return validateSamples(path, { onProblem: () => {} })
}

it('answers in the question’s language are no fault where the positive is in the other, and are counted', async () => {
  const report = await validated([
    row('Who built the mill at Port Ellen?', 'the brothers Ross', MILL),
    row('艾伦港的磨坊是谁建造的？', '罗斯兄弟', MILL),
    row('艾伦港的磨坊卖了多少袋黑麦？', '1863', MILL),
    row('Which architect designed the library?', 'the well-known architect Wang Daming', LIBRARY),
    row('图书馆是哪一年扩建的？', '2020年', LIBRARY),
  ])
  expect(report.findings.filter(({ kind }) => kind === 'unsupported-answer')).toEqual([])
  expect(report.languages).toEqual({
    questions: { en: 2, zh: 3, other: 0 },
    answers: { en: 2, zh: 2, other: 1 },
    positives: { en: 3, zh: 2, other: 0 },
    crossLingual: 3,
    translatedAnswers: 2,
  })
  expect(renderReport(report)).toContain(
    'answers in another language than their positives  2: nothing can look',
  )
})

it('an answer in another language than its question and positive is still looked for', async () => {
  const { findings } = await validated([
    row('Who built the mill, also known as 磨坊?', '罗斯兄弟', `${MILL} 磨坊`),
  ])
  expect(findings.map(({ kind }) => kind)).toContain('unsupported-answer')
})

it('nothing is said of languages where there is one', async () => {
  const { languages } = await validated([row('Who built the mill at Port Ellen?', 'the brothers Ross', MILL)])
  expect(languages).toBeNull()
})
