import { describe, expect, test } from 'vitest'
import { answerFinder, statesAnswer } from '#clara/text/find-answer.js'
import { foldText } from '#clara/text/fold.js'

const states = (answer: string, text: string) => answerFinder(answer)?.(foldText(text))

describe('an answer', () => {
  test.each([
    ['Thrasher magazine', 'He wrote for THRASHER  Magazine, then left.', true],
    ['Thrasher magazine', 'He wrote for Thrasher magazines.', false],
    ['Thrasher magazine', 'He wrote for the magazine Thrasher.', false],
    ['"Thrasher magazine."', '(Thrasher magazine)', true],
    ['magazines', 'All supermagazines, and at last magazines.', true],
    ['magazines', 'All supermagazines', false],
    ['Ｔｈｒａｓｈｅｒ magazine', 'of Thrasher magazine', true],
    ['café société', 'the café société of Paris', true],
    ['量子力学', '他研究量子力学的基础。', true],
    ['量子力学', '他研究量子化学。', false],
    ['\ud842\udfb7\ud842\udfb7量子力学', '在\ud842\udfb7\ud842\udfb7量子力学中', true],
  ])('%j in %j: %j', (answer, text, expected) => {
    expect(states(answer, text)).toBe(expected)
  })

  test.each(['', ' . ', '1963', 'the king', 'yes', '北京', '三年', '...!!!...!!!'])(
    '%j is too short to mean anything',
    (answer) => {
      expect(answerFinder(answer)).toBeUndefined()
    },
  )
})

describe('an answer in any script', () => {
  test.each([
    ['クリスタルパレスホテル', '賞の贈呈は十月、クリスタルパレスホテルにて行われた。'],
    ['クリスタルパレスホテル', 'クリスタル\nパレスホテルで開かれた。'],
    ['ｸﾘｽﾀﾙﾊﾟﾚｽﾎﾃﾙ', 'クリスタルパレスホテルで開かれた。'],
    ['東京', '昨日東京に着いた。'],
    ['パリ', '昨日パリに着いた。'],
    ['หอประชุมมหาวิทยาลัย', 'มีการมอบรางวัลที่หอประชุมมหาวิทยาลัยและนายกเทศมนตรี'],
    ['กรุงเทพ', 'เขาอยู่ที่กรุงเทพมานาน'],
    ['Python', 'เขาเขียนPythonทุกวัน'],
    ['Python', '他用Python编程。'],
    ['Python', 'Python은 언어이다.'],
    ['대한민국역사박물관', '상은 대한민국역사박물관의 강당에서 주어졌다.'],
    ['부산', '시상식은 부산에서 열렸다.'],
    ['부산', '그곳은 부산이다.'],
    ['부산', '부산은 크다.'],
    ['水晶宫大酒店', '颁奖典礼在水晶宫 大酒店举行。'],
    ['ໂຮງແຮມ', 'ຂ້ອຍຢູ່ທີ່ໂຮງແຮມໃຫຍ່'],
    ['សណ្ឋាគារ', 'ខ្ញុំនៅសណ្ឋាគារធំ'],
    ['ဟိုတယ်', 'သူသည်ဟိုတယ်တွင်နေသည်'],
    ['फंदक होटल', 'वह फंदक होटल में है।'],
    ['فندق القصر', 'أقيم الحفل في فُنْدُق القَصْر أمس.'],
    ['מלון הארמון', 'האירוע היה במלון או מָלוֹן הָאַרְמוֹן אתמול'],
    ['Хрустальный дворец', 'в гостинице «Хрустальный дворец» прошла'],
    ['ΟΔΟΣ', 'η οδός οδος'],
  ])('%j is stated by %j', (answer, text) => {
    expect(statesAnswer(answer)(foldText(text))).toBe(true)
  })

  test.each([
    ['アイス', 'アイスランドに着いた。'],
    ['クリスタル', 'クリスタルーにて'],
    ['ไม', 'ไม่มีคน'],
    ['ขา', 'เขามาแล้ว'],
    ['कल', 'कला'],
    ['होट', 'होटल में'],
    ['서울', '서울대학교에서 열렸다.'],
    ['산은', '부산은 크다.'],
    ['Java', 'JavaScript를 쓴다'],
    ['дом', 'домик'],
    ['cafe', 'cafe\u0301'],
  ])('%j is not stated by %j', (answer, text) => {
    expect(statesAnswer(answer)(foldText(text))).toBe(false)
  })

  test.each(['한국은행', '水泵房间', 'クリスタルパレス', 'หอประชุมมหา'])(
    '%j is long enough to mean something',
    (answer) => {
      expect(answerFinder(answer)).toBeDefined()
    },
  )
})

describe('an answer written in another way', () => {
  test.each([
    ['the U.S. Congress', 'in the US Congress of that year'],
    ['Dr. Martin Luther King, Jr.', 'by Dr Martin Luther King Jr, who'],
    ['the "Big Bang" theory', 'of the Big Bang theory'],
    ['the Big Bang theory', 'of the ‹Big Bang› theory'],
    ['《红楼梦》的作者', '他是「红楼梦」的作者之一'],
    ['列奥纳多·达·芬奇', '画家列奥纳多•达•芬奇的作品'],
    ['レオナルド・ダ・ヴィンチ', '画家レオナルド ダ ヴィンチの絵'],
    ['well-known author', 'a well-\nknown author'],
    ['co-operation treaty', 'the cooperation treaty'],
    ['대한민국역사박물관', '대한민국 역사박물관에서 열렸다.'],
    ['서울 대학교', '그는 서울대학교의 학생이다.'],
    ['المكتبة الوطنية', 'التقينا بالمكتبة الوطنية أمس'],
    ['المكتبة الوطنية', 'المكتبه الوطنيه كبيرة'],
    ['הספרייה הלאומית', 'בהספרייה הלאומית'],
    ['hóa học hữu cơ', 'ngành hoá học hữu cơ'],
    ['Пётр Королёв', 'конструктор Петр Королев'],
    ['5 mg twice daily', 'take 5mg twice daily'],
    ['at 8:05 a.m. sharp', 'at 8:05am sharp'],
    ['0.5 mg daily dose', 'a .5mg daily dose'],
    ['20 °C at night', 'It is 20°C at night.'],
  ])('%j is stated by %j', (answer, text) => {
    expect(states(answer, text)).toBe(true)
  })

  test.each([
    ['the iPhone 5 case', 'the iPhone 5s case'],
    ['5 mg twice daily', 'take .5mg twice daily'],
    ['المكتبة الوطنية', 'مالمكتبة الوطنية'],
    ['sections 1, 2 and 3', 'sections 1.2 and 3'],
    ['the king, of Spain', 'Ask the king. Of Spain little is known.'],
    ['in 1904, May', 'It was in 1904. May was rainy.'],
    ['王小明的父亲', '他是王小明。的父亲不在。'],
    ['who is there', 'Who is? There is none.'],
  ])('%j is not stated by %j', (answer, text) => {
    expect(statesAnswer(answer)(foldText(text))).toBe(false)
  })
})

test.each(['水', 'ก', 'カ', '한', 'ក', 'مُ'])('a long text of %j is searched in time', (character) => {
  const text = foldText(character.repeat(200_000))
  const started = performance.now()
  statesAnswer(`${character.repeat(5)}x`)(text)
  statesAnswer(`x${character.repeat(5)}`)(text)
  statesAnswer(character.repeat(5))(text)
  statesAnswer(character.repeat(30))(text)
  expect(performance.now() - started).toBeLessThan(3_000)
})
