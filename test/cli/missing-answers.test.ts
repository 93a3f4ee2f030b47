/** Answers that are nowhere in the documents that are named for them: a warning, and a stop where most are. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, workFolder } from './clara.js'

const work = workFolder()
const index = join(work, 'index')

const TOWNS = [
  'Aldmere',
  'Brenfield',
  'Corwick',
  'Dunhaven',
  'Elmsea',
  'Farnby',
  'Garlow',
  'Hexton',
  'Inver',
  'Jarrow',
  'Kelso',
  'Lorne',
]
const TRADES = [
  'glass beads',
  'salted herring',
  'copper kettles',
  'wool blankets',
  'church bells',
  'clay pipes',
  'beeswax candles',
  'oak barrels',
  'silk ribbons',
  'brass clocks',
  'leather saddles',
  'paper kites',
]
const RIVERS = [
  '三岔河',
  '青石溪',
  '白鹭江',
  '红枫涧',
  '黑水渡',
  '金沙湾',
  '银杏浦',
  '铁索桥',
  '玉带沟',
  '石榴塘',
  '竹林渠',
  '松花坝',
]

const text = (i: number) =>
  `${TOWNS[i]} lies where two roads meet. Its people have always lived by making ${TRADES[i]}, which merchants carried to the coast. ` +
  `On market days the square is full from dawn, and in winter the ${i + 3} mills stand still.\n\n` +
  `A traveller from the east wrote that the stream beside it is called ${RIVERS[i]}，当地人常到那里钓鱼。`

/** Each in the words of its document. */
const ANSWERS: Record<string, (i: number) => string> = {
  'word for word': (i) => TRADES[i]!,
  'Chinese, word for word': (i) => RIVERS[i]!,
  'in markup': (i) => `**${TRADES[i]}**`,
  'in other words': (i) => `For a living the inhabitants of ${TOWNS[i]} used to make ${TRADES[i]}.`,
  'short ones': (i) => TRADES[i]!.split(' ')[0]!,
}

beforeAll(async () => {
  const corpus = join(work, 'corpus.jsonl')
  writeFileSync(corpus, TOWNS.map((_, i) => JSON.stringify({ _id: `t${i}`, text: text(i) })).join('\n'))
  const { code, stderr } = await clara([
    ...['index', 'build', '--input-file', corpus, '--output-dir', index, '--chunk-tokens', '64', '--force'],
  ])
  expect(code, stderr).toBe(0)
})

async function mine(
  name: string,
  answer: (i: number) => string,
  idOf: (i: number) => string,
  ...flags: string[]
) {
  const qa = join(work, `${name.replace(/\W+/g, '-')}.jsonl`)
  const rows = TOWNS.map((town, i) => ({
    question: `What about the trade of ${town}?`,
    answer: answer(i),
    doc_id: idOf(i),
  }))
  writeFileSync(qa, rows.map((row) => JSON.stringify(row)).join('\n'))
  const output = join(work, `out-${name.replace(/\W+/g, '-')}`)
  const { code, stdout, stderr } = await clara([
    ...['mine', '--index', index, '--qa-file', qa, '--output-dir', output, '--overwrite', '--json'],
    ...['--target-top-k', '3', ...flags],
  ])
  return { code, stderr, output, report: stdout === '' ? undefined : JSON.parse(stdout) }
}

const own = (i: number) => `t${i}`
const shifted = (i: number) => `t${(i + 1) % TOWNS.length}`

describe.each(Object.entries(ANSWERS))('answers %s', (name, answer) => {
  it('go through where they belong', async () => {
    const { code, stderr, report } = await mine(name, answer, own)
    expect(code, stderr).toBe(0)
    expect(report.answers_not_found).toBe(0)
    expect(stderr).not.toContain('nowhere')
  })

  it('stop mining where each line names the document of the next', async () => {
    const { code, stderr, output } = await mine(`${name} shifted`, answer, shifted)
    expect(stderr).toMatch(
      /error: .+\.jsonl: \d+ of the first \d+ different answers are not in the documents that their lines name \(lines 1, 2, /,
    )
    expect(stderr).toContain('--force goes on all the same')
    expect({ code, written: existsSync(output) }).toEqual({ code: 2, written: false })
  })
})

it('--force goes on, and says how many and on which lines', async () => {
  const { code, stderr, report } = await mine('forced', ANSWERS['word for word']!, shifted, '--force')
  expect({ code, missing: report.answers_not_found }).toEqual({ code: 0, missing: 12 })
  expect(stderr).toMatch(
    /warning: .+: 12 of 12 answers are nowhere in the document that is named \(lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …\)/,
  )
})

it('a few are a warning with their lines', async () => {
  const answer = (i: number) => (i === 4 || i === 7 ? 'a submarine cable factory' : TRADES[i]!)
  const { code, stderr } = await mine('few', answer, own)
  expect(code).toBe(0)
  expect(stderr).toMatch(
    /warning: .+: 2 of 12 answers are nowhere in the document that is named \(lines 5, 8\)/,
  )
})

it.each([
  ['yes and no', (i: number) => (i % 2 ? 'Yes' : 'No.')],
  ['one remark for all', () => 'see the enclosed summary'],
  ['another script', (i: number) => `продажа товаров ${'абвгдежзиклм'[i]}`],
  ['numbers that were worked out', (i: number) => String(1000 + i * 17)],
])('answers that say nothing about their document are no reason: %s', async (name, answer) => {
  expect((await mine(name, answer, own)).code).toBe(0)
})

it('the whole document counts where a chunk is named', async () => {
  const { code, stderr } = await mine('chunk', ANSWERS['Chinese, word for word']!, (i) => `t${i}#0`)
  expect(code, stderr).toBe(0)
  expect(stderr).not.toContain('nowhere')
})

it('positives that are found no more often than by chance are a warning', async () => {
  const qa = join(work, 'chance.jsonl')
  const rows = Array.from({ length: 24 }, (_, i) => ({
    question: `What about the trade of ${TOWNS[i % 12]}${i < 12 ? '' : ' then'}?`,
    answer: 'Yes',
    doc_id: `t${(i + 5) % 12}`,
  }))
  writeFileSync(qa, rows.map((row) => JSON.stringify(row)).join('\n'))
  const { code, stderr } = await clara([
    ...[
      'mine',
      '--index',
      index,
      '--qa-file',
      qa,
      '--output-dir',
      join(work, 'chance'),
      '--target-top-k',
      '2',
    ],
  ])
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(
    /warning: \d of 24 questions found a positive among the first k, by chance it would be \d/,
  )
})
