import { describe, expect, test } from 'vitest'
import { statesAnswer } from '#clara/text/find-answer.js'
import { foldText } from '#clara/text/fold.js'
import { numbersOf, plainNumbers } from '#clara/text/numbers.js'

const states = (answer: string, text: string) => statesAnswer(answer)(foldText(text))
const plain = (text: string) => plainNumbers(foldText(text))

describe('an answer with a number', () => {
  test.each([
    ['40', 'It had 40 rooms.'],
    ['40', 'Aged 20-40 years.'],
    ['40', 'Aged 20–40 years.'],
    ['40', 'About 40% came.'],
    ['40', '共有40人'],
    ['40', '共有４０人'],
    ['40', 'كان ٤٠ بيتا'],
    ['40', '(40)'],
    ['40', '40, then 50'],
    ['40', 'In the end 40.'],
    ['-40', 'It was −40 outside.'],
    ['-40', 'It was minus 40 outside.'],
    ['-40 °C', 'It was –40 °C outside.'],
    ['负40度', '气温为-40度'],
    ['40%', '40 percent of it'],
    ['40 %', 'rose 40% then'],
    ['40 per cent', 'rose 40 % then'],
    ['百分之40', '约40%的人'],
    ['1,000', 'It had 1000 rooms.'],
    ['1000', 'It had 1,000 rooms.'],
    ['1 000', 'It had 1000 rooms.'],
    ['1000', 'It had 1\u202f000 rooms.'],
    ['1000', "It had 1'000 rooms."],
    ['1000', 'It had 1’000 rooms.'],
    ['1,200,000', 'It had 1200000 rooms.'],
    ['1.200.000', 'It had 1,200,000 rooms.'],
    ['12,34,567', 'It had 1234567 rooms.'],
    ['1.000 €', 'It cost 1000 €.'],
    ['2.50', 'It costs $2.5 now.'],
    ['$2.50', 'It costs $2.5 now.'],
    ['2.5', 'It costs 2.50 dollars now.'],
    ['2.50 kg', 'It weighs 2.5 kg.'],
    ['2.50元', '价格为2.5元'],
    ['3.10', 'since Python 3.10 it is'],
    ['Python 3.10', 'since Python 3.10 it is'],
    ['v3.10', 'since v3.10 it is'],
    ['1.2.3', 'released as 1.2.3 in May'],
    ['first', 'the 1st time'],
    ['1st', 'the first time'],
    ['3 May 1904', 'It was May 3, 1904, a Tuesday.'],
    ['May 3, 1904', 'It was on 3 May 1904.'],
    ['May 3rd, 1904', 'It was on the 3rd of May 1904.'],
    ['3 May 1904', 'Born 1904-05-03 in Ulm.'],
    ['1904-05-03', 'Born 3 May, 1904 in Ulm.'],
    ['1904/5/3', 'Born 3 May 1904 in Ulm.'],
    ['3 May 1904', '生于1904年5月3日。'],
    ['1904年5月3日', 'Born on May 3, 1904.'],
    ['1904年5月3日', '生于一九〇四年五月三日。'],
    ['二〇二一年十二月二十五日', '2021年12月25日下雪'],
    ['1904년 5월 3일', '1904년 5월 3일에 태어났다'],
    ['1904년 5월 3일', 'Born on May 3, 1904.'],
    ['Sept. 3, 1904', 'on 3 September 1904'],
    ['3. Mai 1904', 'am 3 May 1904'],
    ['1er mai 1904', 'le 1 mai 1904'],
    ['3 de mayo de 1904', 'on 3 May 1904'],
    ['May 1904', 'Born on May 3, 1904.'],
    ['1904年5月', '生于1904年5月3日。'],
    ['May 3', 'Born on 3 May 1904.'],
    ['5月3日', '生于1904年5月3日。'],
    ['3 May', 'It was on May 3 that'],
    ['1904', 'Born on May 3, 1904.'],
    ['1904', 'Born 03/05/1904.'],
    ['May', 'Born on May 3, 1904.'],
    ['03/05/1904', 'Born 03/05/1904.'],
    ['1914-1918', 'The war of 1914–1918 was'],
    ['covid-19', 'The COVID 19 virus'],
    ['10^5', 'about 10⁵ cells'],
    ['C++', 'It is written in C++.'],
    ['C', 'It is written in C, too.'],
  ])('%j is stated by %j', (answer, text) => {
    expect(states(answer, text)).toBe(true)
  })

  test.each([
    ['40', 'It was -40 outside.'],
    ['40', 'It was −40 outside.'],
    ['40', 'It was −$40 then.'],
    ['40', 'Born in 1940.'],
    ['40', 'It was 40.5 then.'],
    ['40', 'It was 1.40 then.'],
    ['40', 'It had 40,000 rooms.'],
    ['40', 'It had 40 000 rooms.'],
    ['40', 'It had 1,040 rooms.'],
    ['40', 'the 40th time'],
    ['40', 'in the 1940s'],
    ['40', 'at 12:40'],
    ['-40', 'It had 40 rooms.'],
    ['-40', 'Aged 20-40 years.'],
    ['40%', 'It had 40 rooms.'],
    ['000', 'It had 40,000 rooms.'],
    ['3.10', 'since Python 3.1 it is'],
    ['3.1', 'since Python 3.10 it is'],
    ['Python 3.10', 'since Python 3.1 it is'],
    ['v3.1', 'since v3.10 it is'],
    ['3.1', 'see section 3.10 of it'],
    ['3.10', '见第3.1节'],
    ['1.2', 'released as 1.2.3 in May'],
    ['1.2.30', 'released as 1.2.3 in May'],
    ['1.000', 'It had 1 room.'],
    ['3 May 1904', 'Born 03/05/1904.'],
    ['3 May 1904', 'It was May 3, 1905.'],
    ['3 May 1904', 'It was May 30, 1904.'],
    ['3 May 1904', 'It was 13 May 1904.'],
    ['3 May 1904', 'It was 3 March 1904.'],
    ['5月3日', '1904年5月13日'],
    ['1904年5月3日', '1904年5月30日'],
    ['May 1904', 'the season 1904-05'],
    ['1st', 'the second time'],
    ['10', 'about 10⁵ cells'],
    ['105', 'about 10⁵ cells'],
    ['2', 'one half is 1/2'],
    ['C', 'It is written in C++.'],
    ['C', 'It is written in C#.'],
    ['C++', 'It is written in C.'],
    ['+5', 'It was -5.'],
    ['15', 'It was 1.5 then.'],
  ])('%j is not stated by %j', (answer, text) => {
    expect(states(answer, text)).toBe(false)
  })
})

test.each([
  ['In 1990 100 people came', 'in 1990 100 people came'],
  ['3 out of 1904', '3 out of 1904'],
  ['It may 20 times', 'it may 20 times'],
  ['March 2020', '2020·03'],
  ['Version 2.50 is out', 'version 2.50\u{E000} is out'],
  ['32 May 1904', '32 1904·05'],
  ['1904-13-03', '1904-13-03'],
  ['call 555-1234', 'call 555-1234'],
  ['192.168.0.10', '192.168.0.10\u{E000}'],
])('%j is %j', (text, expected) => {
  expect(plain(text)).toBe(expected)
})

test('numbers are those of a text', () => {
  expect(numbersOf(foldText('Of 1,000 in 2021, 3.10 kg and −40: Python 3.10, 007.'))).toEqual([
    '1000',
    '2021',
    '3.1',
    '-40',
    '3.10',
    '7',
  ])
})

test.each([
  '1 ',
  '1,',
  '1.',
  '1 000 ',
  '3 may ',
  'may 3, ',
  '年',
  '一九〇四年',
  '1904-05-',
  '-1',
  '5月',
  "1'",
])('%j, 50,000 times, is read in time', (part) => {
  const started = performance.now()
  plain(part.repeat(50_000))
  expect(performance.now() - started).toBeLessThan(5_000)
})
