/** A corpus whose script the model's vocabulary lacks stops a build, unless it is forced. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, workFolder } from './clara.js'

const work = workFolder()
const chinese =
  '困难负样本是与问题相近、却没有给出答案的段落。检索模型把问题和段落编码为向量，再比较它们之间的相似度。'
const english = 'The harbour town wakes before the sun, and the boats are out before the first bell.'

/** A corpus of so many records, and where its index would go. */
function corpus(name: string, count: number, text: (i: number) => string) {
  const path = join(work, `${name}.jsonl`)
  const records = Array.from({ length: count }, (_, i) => JSON.stringify({ _id: `${i}`, text: text(i) }))
  writeFileSync(path, records.join('\n'))
  const index = join(work, `${name}-index`)
  return {
    index,
    build: (...flags: string[]) =>
      clara(['index', 'build', '--input-file', path, '--output-dir', index, ...flags]),
    path,
  }
}

const left = (index: string) =>
  readdirSync(work).filter((name) => name.includes(index.slice(work.length + 1)))

const ENGLISH = ['--embedder', 'all-minilm-l6-v2']

it('a Chinese corpus for an English model: exit code 2, what builds it named, nothing left behind', async () => {
  const { index, build, path } = corpus('chinese', 40, (i) => `${i} ${chinese}`)
  const { code, stdout, stderr } = await build('--json', ...ENGLISH)
  expect(stderr).toMatch(/error: \d\d% of the \d+ tokens of the corpus are unknown to all-minilm-l6-v2/)
  const rebuild = `index build --input-file '${path}' --output-dir '${index}' --json --embedder multilingual-e5-small-en-zh`
  for (const part of [rebuild, 'clara-models pull multilingual-e5-small', '--force']) {
    expect(stderr).toContain(part)
  }
  expect({ code, stdout, left: left(index) }).toEqual({ code: 2, stdout: '', left: [] })
})

it('--force goes on and says how much is unknown', async () => {
  const { index, build } = corpus('forced', 40, (i) => `${i} ${chinese}`)
  const { code, stdout } = await build('--force', '--json', ...ENGLISH)
  const { unknown_token_share: share, chunks } = JSON.parse(stdout)
  expect({ code, chunks }).toEqual({ code: 0, chunks: 40 })
  expect(share).toBeGreaterThan(0.2)
  expect(share).toBeLessThanOrEqual(1)
  expect(existsSync(join(index, 'manifest.json'))).toBe(true)
})

it('--overwrite keeps the index that is there when the new corpus is refused', async () => {
  const { index, build } = corpus('kept', 3, () => english)
  expect((await build('--quiet')).code).toBe(0)
  corpus('kept', 40, () => chinese)
  expect((await build('--overwrite', '--quiet', ...ENGLISH)).code).toBe(2)
  const { code, stdout } = await clara(['index', 'verify', index, '--json'])
  expect({ code, chunks: JSON.parse(stdout).chunks }).toEqual({ code: 0, chunks: 3 })
  expect(left(index)).toEqual(['kept-index'])
})

it.each([
  ['a rare character in each record', (i: number) => `${english} ${english} \u{1f9ac} ${i}`],
  ['a Chinese record among many', (i: number) => (i === 0 ? chinese : `${english} ${i}`)],
])('an English corpus with %s goes through', async (name, text) => {
  const { build } = corpus(name, 40, text)
  const { code, stdout, stderr } = await build('--json', ...ENGLISH)
  expect(code, stderr).toBe(0)
  const { unknown_token_share: share } = JSON.parse(stdout)
  expect(share).toBeGreaterThan(0)
  expect(share).toBeLessThan(0.05)
})

it('an English corpus has no unknown token', async () => {
  const { build } = corpus('english', 4, (i) => `${english} ${i}`)
  expect(JSON.parse((await build('--json')).stdout).unknown_token_share).toBe(0)
})

it('a long corpus is refused when it has begun', async () => {
  const count = 4000
  const { index, build } = corpus('long', count, (i) => `${i} ${chinese}`)
  const { code, stderr } = await build(...ENGLISH)
  const [, tokens, chunks] = /of the (\d+) tokens of its first (\d+) chunks are unknown/.exec(stderr) ?? []
  expect(code).toBe(2)
  expect(Number(tokens)).toBeGreaterThanOrEqual(20_000)
  expect(Number(tokens)).toBeLessThan(60_000)
  expect(Number(chunks)).toBeLessThan(count / 3)
  expect(left(index)).toEqual([])
})

const thai = 'ท่าเรือตื่นก่อนพระอาทิตย์ขึ้น และเรือออกจากฝั่งก่อนระฆังแรกดังขึ้นทุกวันตลอดทั้งปี'

it.each([
  ['Thai', thai],
  ['Korean', '항구 마을은 해가 뜨기 전에 깨어나고 배들은 첫 종이 울리기 전에 바다로 나간다.'],
  ['Russian', 'Портовый город просыпается до восхода солнца, и лодки выходят в море до первого колокола.'],
  ['Arabic', 'تستيقظ مدينة الميناء قبل شروق الشمس وتخرج القوارب قبل أول جرس في الصباح'],
  ['Hindi', 'बंदरगाह का शहर सूरज से पहले जागता है और नावें पहली घंटी से पहले निकल जाती हैं'],
])('a third of the documents in %s is a stop, however long the others are', async (name, foreign) => {
  const { build, index } = corpus(`third-${name}`, 12, (i) => (i % 3 === 0 ? foreign : english.repeat(20)))
  const { code, stderr } = await build()
  expect(stderr).toMatch(/4 of 12 documents \("0", "3", "6", …\) are in writing that it does not read/)
  expect({ code, left: left(index) }).toEqual({ code: 2, left: [] })
})

it('one in twelve is a warning that names it', async () => {
  const { build } = corpus('one', 12, (i) => (i === 5 ? thai : english))
  const { code, stdout, stderr } = await build('--json')
  expect(code, stderr).toBe(0)
  expect(stderr).toContain(
    'warning: 1 of 12 documents ("5") are in writing that all-minilm-l6-v2 (en) does not read',
  )
  expect(JSON.parse(stdout).documents_not_read).toBe(1)
})

it.each([
  [
    'names in other scripts',
    `${english} The inn is called 港の宿 (Minato no yado), its owner Αλέξανδρος, and its boat Катюша.`,
  ],
  ['formulas', 'Let α, β and γ be angles: sin α / a = sin β / b = sin γ / c, and Σ xᵢ = ∫ f(x) dx ≤ ∞.'],
  ['emoji', 'We saw the boats 🚣🚣🚣 and the birds 🐦🐦 and the sun ☀️☀️ and went home 🏠🏠🏠 late 🌙.'],
  ['code', 'for (let i = 0; i < n; i++) { total += price[i] * count[i] } // 合計を計算する'],
  ['numbers alone', '1913 1914 1915 | 12.5 13.0 13.5 | — — —'],
])('%s are no reason', async (name, text) => {
  const { build } = corpus(name, 10, (i) => `${text} ${i}`)
  const { code, stderr } = await build()
  expect(code, stderr).toBe(0)
  expect(stderr).not.toContain('does not read')
})

it('a document is judged by its chunks, in an add as in a build', async () => {
  const { build, index } = corpus('parts', 5, (i) => `${english} ${i}`)
  expect((await build('--quiet')).code).toBe(0)
  const more = join(work, 'more.jsonl')
  const add = (...texts: string[]) => {
    writeFileSync(more, texts.map((text, i) => JSON.stringify({ _id: `more${i}`, text })).join('\n'))
    return clara(['index', 'add', index, '--input-file', more])
  }
  const mostlyEnglish = await add(`${thai}\n\n${`${english} `.repeat(60)}`)
  expect(mostlyEnglish.stderr).not.toContain('does not read')
  const { code, stderr } = await add(`${english} new`, `${english}\n\n${`${thai} `.repeat(40)}`)
  expect(code).toBe(2)
  expect(stderr).toContain('1 of 2 documents ("more1")')
})

it('the index keeps which chunks are not read', async () => {
  const { build, index } = corpus('resumed', 300, (i) => (i < 40 ? `${thai} ${i}` : `${english} ${i}`))
  const forced = await build('--force', '--json')
  expect(JSON.parse(forced.stdout).documents_not_read).toBe(40)
  const lines = readFileSync(join(index, 'documents.jsonl'), 'utf8').trimEnd().split('\n')
  expect(lines.filter((line) => JSON.parse(line).unread === 1)).toHaveLength(40)
})

describe('questions that the model does not read', () => {
  const index = join(work, 'english-index')
  const questions = (name: string, foreign: number) => {
    const path = join(work, `${name}.jsonl`)
    const lines = Array.from({ length: 12 }, (_, i) => ({
      question:
        i < foreign ? `第${i}个问题：港口小镇什么时候醒来？` : `When does the harbour town number ${i} wake?`,
      answer: `before the sun, as number ${i}`,
      doc_id: `${i}`,
    }))
    writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'))
    return path
  }
  const mine = (path: string, ...flags: string[]) =>
    clara([
      ...['mine', '--index', index, '--qa-file', path, '--output-dir', join(work, 'mined')],
      ...['--target-top-k', '2', '--overwrite', ...flags],
    ])
  beforeAll(async () => {
    const texts = ['wakes before the sun', 'sells fish', 'paints boats', 'mends nets', 'rings bells', 'waits']
    const { build } = corpus(
      'english',
      12,
      (i) => `In the year ${1900 + i} the town ${texts[i % 6]}, as number ${i}.`,
    )
    expect((await build('--quiet', '--overwrite')).code).toBe(0)
  })

  it('are a stop before anything is written, which names a model and --force', async () => {
    const { code, stderr } = await mine(questions('all', 12))
    expect(code).toBe(2)
    expect(stderr).toContain(
      '12 of 12 questions (lines 1, 2, 3, …) are in writing that all-minilm-l6-v2 (en) does not read',
    )
    for (const part of ['multilingual-e5-small-en-zh', 'multilingual-e5-small ', '--force'])
      expect(stderr).toContain(part)
    expect(existsSync(join(work, 'mined'))).toBe(false)
  })

  it('are a warning where they are few, or with --force', async () => {
    const few = await mine(questions('few', 2))
    expect(few.stderr).toContain('warning: 2 of 12 questions (lines 1, 2) are in writing that all-minilm')
    const forced = await mine(questions('all', 12), '--force')
    expect([few.code, forced.code]).toEqual([0, 0])
    expect(forced.stderr).toContain('warning: 12 of 12 questions')
  })

  it('are a warning of a search', async () => {
    const ask = (query: string) => clara(['index', 'search', index, '--query', query])
    const { code, stderr } = await ask('港口小镇什么时候醒来？')
    expect(code).toBe(0)
    expect(stderr).toContain('warning: the question is in writing that all-minilm-l6-v2 (en) does not read')
    expect((await ask('When does the town wake?')).stderr).not.toContain('warning')
  })
})
