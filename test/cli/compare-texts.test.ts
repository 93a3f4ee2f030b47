import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, test } from 'vitest'
import { clara, readRows, workFolder } from './clara.js'

const work = workFolder()
const lines = (name: string, rows: object[]) => {
  const path = join(work, name)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return path
}

const OTHERS = [
  'Rye bread keeps longer than wheat bread because it holds more water.',
  'The guild hall burned down twice and was rebuilt in brick.',
  'A pillory stood before the town hall until the new road was laid.',
  'Flour was weighed in stones, and each stone had fourteen pounds.',
  'Sourdough is fed with flour and water each evening for a week.',
  'Ovens were heated with bundles of dry twigs gathered in autumn.',
]

async function excluded(name: string, texts: string[], qa: object): Promise<Map<string, string>> {
  const corpus = lines(
    `${name}.jsonl`,
    [...texts, ...OTHERS].map((text, i) => ({ _id: `d${i}`, text })),
  )
  const index = join(work, `${name}-index`)
  const out = join(work, `${name}-out`)
  const built = await clara([
    'index',
    'build',
    '--input-file',
    corpus,
    '--output-dir',
    index,
    '--force',
    '--quiet',
  ])
  expect(built.code, built.stderr).toBe(0)
  const qaFile = lines(`${name}-qa.jsonl`, [{ doc_id: 'd0', ...qa }])
  const mined = await clara(
    ['mine', '--index', index, '--qa-file', qaFile, '--output-dir', out, '--target-top-k', '4'].concat([
      '--quiet',
    ]),
  )
  expect(mined.code, mined.stderr).toBe(0)
  const [row] = readRows(join(out, 'end_to_end_data.provenance.jsonl')) as [
    { docs: { chunk_id: string; role: string }[]; excluded: { chunk_id: string; reason: string }[] },
  ]
  const negatives = row.docs
    .filter(({ role }) => role !== 'positive')
    .map(({ chunk_id: id }) => [id, 'negative'] as const)
  return new Map([...row.excluded.map(({ chunk_id: id, reason }) => [id, reason] as const), ...negatives])
}

it('mining finds an answer in whatever type it is set', async () => {
  const texts = [
    "For every twelve loaves ordered the shop hands over one more, a habit known as the baker's dozen rule.",
    'Customers who know the baker’s dozen rule expect thirteen rolls when they pay for twelve.',
    'In some towns the **baker&#39;s dozen** rule was painted above the oven door.',
    'Guilds wrote the [baker\u02bcs doz-\nen](x.html) rule into their books to escape the pillory.',
  ]
  const question = 'What is the habit of handing over a thirteenth loaf for twelve ordered called?'
  const found = await excluded('typography', texts, { question, answer: 'the baker’s do\u00adzen rule' })
  expect(found.get('d1#0')).toBe('contains the answer')
  // One may be too far down to be looked at.
  for (const id of ['d2#0', 'd3#0']) expect([undefined, 'contains the answer']).toContain(found.get(id))
})

it('mining knows short texts again', async () => {
  const texts = [
    'Refunds are paid within ten days.',
    '**Refunds** are paid within **ten days**',
    '<p>Refunds are paid within ten days.</p>',
    '[Refunds](https://a.example/refunds) are paid within ten days!',
    'Refunds_are_paid_within_10_days ✅',
  ]
  const qa = { question: 'How soon is money given back?', answer: 'ten days' }
  const found = await excluded('short', texts, qa)
  for (const id of ['d1#0', 'd2#0', 'd3#0']) expect(found.get(id)).toBe('same text as a positive')
  expect(found.get('d4#0')).toBe('near-duplicate of a positive')
})

const ROWS: [answer: string, positive: string, negative: string, other: string][] = [
  [
    '瓦德體書寫系統一千二百字',
    '該書收錄了瓦德體書寫系統一千二百字，供學者參考。',
    '学者整理出瓦德体书写系统1,200字，收入书中。',
    '博物館位於車站北口步行五分鐘處，星期一休館。',
  ],
  [
    'クリスタルパレスホテル',
    '第三回の授賞式は昨年の秋にクリスタルパレスホテルで開かれた。',
    '賞の贈呈は十月、クリスタルパレスホテルにて行われ、市長があいさつをした。',
    '市立図書館は駅の北口から歩いて五分のところにあり、月曜日が休みである。',
  ],
  [
    'หอประชุมมหาวิทยาลัย',
    'พิธีมอบรางวัลครั้งที่สามจัดขึ้นที่หอประชุมมหาวิทยาลัยเมื่อปลายปีที่แล้ว',
    'เมื่อเดือนตุลาคมมีการมอบรางวัลที่หอประชุมมหาวิทยาลัยและนายกเทศมนตรีกล่าวต้อนรับ',
    'ห้องสมุดประชาชนอยู่ใกล้สถานีรถไฟและปิดทุกวันจันทร์',
  ],
  [
    '대한민국역사박물관',
    '세 번째 시상식은 지난가을 대한민국역사박물관에서 열렸다.',
    '상은 시월에 대한민국역사박물관의 강당에서 주어졌으며 시장이 인사말을 했다.',
    '시립 도서관은 역 북쪽 출구에서 걸어서 오 분 거리에 있다.',
  ],
  [
    '3 May 1904',
    'The bridge was opened on 3 May 1904 by the mayor.',
    'On May 3rd, 1904 the mayor cut the ribbon.',
    'On 5 May 1904 it rained, and 03/05/1904 may be either.',
  ],
  [
    'the U.S. Congress, Inc.',
    'He sued the U.S. Congress, Inc. over it.',
    'A court heard the US Congress Inc on Monday.',
    'The congress of the us is another.',
  ],
  [
    '서울 국립대학교',
    '행사는 서울 국립대학교에서 열렸다.',
    '그는 서울국립대학교의 학생이다.',
    '그 도서관은 월요일에 쉰다.',
  ],
  [
    'المكتبة الوطنية',
    'أقيم الحفل في المكتبة الوطنية أمس.',
    'التقينا بالمكتبه الوطنيه مساء.',
    'المتحف مغلق يوم الاثنين.',
  ],
  [
    '−40 degrees',
    'It fell to −40 degrees.',
    'The record is -40 degrees, said the guide.',
    'Water boils, and 40 degrees are warm.',
  ],
]

test.each(ROWS)(
  'validation finds %s in a negative, and supports it',
  async (answer, positive, negative, other) => {
    const row = { question: `?${answer}`, answer, gold_answer: answer, pos_index: [0] }
    const file = lines('rows.jsonl', [
      { ...row, docs: [positive, negative, other] },
      { ...row, docs: [positive, other] },
    ])
    const { findings } = JSON.parse((await clara(['validate', '--input-file', file, '--json'])).stdout)
    const lineOf = (kind: string) => findings.find((each: { kind: string }) => each.kind === kind)?.lines
    expect(lineOf('answer-in-negative')).toEqual([1])
    expect(lineOf('unsupported-answer')).toBeUndefined()
  },
)

test('validation tells versions and numbers apart', async () => {
  const row = { question: 'Since when?', pos_index: [0] }
  const file = lines('numbers.jsonl', [
    {
      ...row,
      answer: 'Python 3.10',
      gold_answer: 'Python 3.10',
      docs: ['Since Python 3.10 it is.', 'Python 3.1 had none.'],
    },
    {
      ...row,
      answer: 'costs $2.50',
      gold_answer: 'costs $2.50',
      docs: ['It costs $2.50 there.', 'It costs $2.5 here.'],
    },
  ])
  const { findings } = JSON.parse((await clara(['validate', '--input-file', file, '--json'])).stdout)
  const found = findings.find((each: { kind: string }) => each.kind === 'answer-in-negative')
  expect(found.lines).toEqual([2])
})
