/** The example is what people try first, and what many tests mine: two languages, each question with one passage that answers it. */
import { expect, test } from 'vitest'
import { example, readRows } from './cli/clara.js'

const passages = readRows<{ filename: string; content: string }>(example('raw_knowledge.jsonl'))
const questions = readRows<{ question: string; answer: string; doc_id: string }>(example('qa.jsonl'))
const isChinese = (text: string) => /\p{Script=Han}/u.test(text)

test('has 40 English passages, 24 in simplified and 8 in traditional script, each named so', () => {
  const counts = { md: 0, 'zh.md': 0, 'zh-hant.md': 0, misnamed: 0 }
  for (const { filename, content } of passages) {
    const [traditional, simplified] = [/[個這為與]/u.test(content), /[个这为与]/u.test(content)]
    const ending = traditional ? 'zh-hant.md' : simplified ? 'zh.md' : 'md'
    const right = filename.endsWith(ending) && filename.includes('-zh') === isChinese(content)
    counts[right && !(traditional && simplified) ? ending : 'misnamed']++
  }
  expect(counts).toEqual({ md: 40, 'zh.md': 24, 'zh-hant.md': 8, misnamed: 0 })
})

test('asks about every passage in its language, and about eight in the other one', () => {
  const own = questions.filter(({ question, doc_id: id }) => isChinese(question) === id.includes('-zh'))
  expect(own.map(({ doc_id: id }) => id)).toEqual(passages.map(({ filename }) => filename))
  const across = questions.filter((row) => !own.includes(row))
  expect(across.map(({ question }) => isChinese(question))).toEqual([...Array(4).fill(true), ...Array(4).fill(false)]) // biome-ignore format: short
  const texts = new Map(passages.map(({ filename, content }) => [filename, content]))
  for (const { answer, doc_id: id } of own) expect(texts.get(id), id).toContain(answer)
  for (const { answer, doc_id: id } of across) {
    const [number] = /[\d,.]*\d/.exec(answer) ?? []
    if (number)
      expect(texts.get(id), id).toMatch(new RegExp(number.replaceAll(',', ',?').replaceAll('.', '\\.')))
  }
})
