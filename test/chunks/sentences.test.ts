import { describe, expect, test } from 'vitest'
import { sentencesOf } from '#clara/chunks/sentences.js'
import { randomFrom } from './sample-texts.js'

function sentences(text: string): string[] {
  return [...sentencesOf(text, 0, text.length)].map(({ start, end }) => text.slice(start, end))
}

describe('sentences', () => {
  // Each case is the sentences expected; they are joined to make the text.
  test.each<[string, string[], string]>([
    ['English', ['It rains.', 'Does it?', 'Yes!', 'Fine.'], ' '],
    ['Chinese', ['今天下雨。', '真的吗？', '真的！', '好吧……走。'], ''],
    ['Chinese quotes', ['他说：“你好。”', '然后走了。'], ''],
    ['speech in Chinese', ['「這是對的。」他說。', '我不信。'], ''],
    ['quotes in a row', ['“一。”', '“二。”', '他说：『走。』', '「好。」', '再见。'], ''],
    ['brackets after a sentence', ['今天下雨。', '（见图3。）', '明天晴。', '(见图4。)', '好。'], ''],
    ['brackets in a sentence', ['他（真的吗？）来了。', '她（不！真的？）也来了。'], ''],
    [
      'titles in Chinese',
      ['《你好。再见！》是一部电影。', '他看过《怎么办？》和《谁？》两部。', '《第一》。', '完。'],
      '',
    ],
    ['halfwidth stops', ['第一文｡', '第二文｡'], ''],
    ['articles of a law', ['一、总则。', '二、细则。', '（一）目的。', '（二）范围。'], ''],
    [
      'abbreviations in Chinese',
      ['他在U.S.工作。', '苹果公司（Apple Inc.）在加州。', 'Apple Inc.是公司。'],
      '',
    ],
    ['items in a row', ['1. 概述 2. 方法 3. 结论'], ''],
    ['mixed', ['他在 IBM 工作。', 'He likes it.', '很好。'], ' '],
    ['titles', ['Dr. Smith met Mrs. Jones.', 'Prof. Li was there.'], ' '],
    ['initials', ['J. R. R. Tolkien wrote it.', 'J.R.R. Tolkien did.'], ' '],
    ['a country', ['He lives in the U.S.', 'The house is big.', 'U.S. Navy ships came.'], ' '],
    ['e.g.', ['Towns, e.g. Paris and i.e. this, are big.', 'Cats vs. Dogs is a film.'], ' '],
    ['numbers', ['See No. 5 and Fig. 3 on pp. 12.', 'It is 3.14 on Jan. 5.'], ' '],
    ['no, the word', ['I say no.', 'He says yes.'], ' '],
    ['et al.', ['Found by Smith et al. (2003) and Li et al. Springer printed it.', 'Good.'], ' '],
    ['speech', ['“What?” he asked.', 'Yahoo! is a company.'], ' '],
    ['list markers', ['1. Introduction', '2. Method', 'a) First.', '- next', '* last'], '\n'],
    ['table rows', ['| Name | Town |', '| --- | --- |', '| Ann | Rome |'], '\n'],
    ['CRLF lines', ['- one', '- two'], '\r\n'],
  ])('%s', (_, expected, between) => {
    expect(sentences(expected.join(between))).toEqual(expected)
  })

  test.each([
    ['English', 'This line of prose was broken by a mail program in\nthe middle of its sentence.'],
    ['Chinese', '这一行文字是从一个旧文件里面抽取出来的所以在词语中\n间被换行了。'],
  ])('wrapped %s prose is no list', (_, text) => {
    expect(sentences(text)).toEqual([text])
  })

  test('a long text has the sentences that it has without windows', () => {
    const random = randomFrom(7)
    const parts = [
      'word ',
      'of 3.14 ',
      'etc. and ',
      'Ends here. ',
      '完了。',
      'Why? Because ',
      ' (Yes.) Then ',
      ', ',
    ]
    for (const most of [parts.length, 2]) {
      const text = Array.from({ length: 9000 }, () => parts[Math.floor(random() * most)]).join('')
      const whole = new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)
      expect(sentences(text)).toEqual([...whole].map(({ segment }) => segment.trim()))
    }
  })
})
