/** A corpus whose script the model's vocabulary lacks stops a build, unless it is forced. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
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
  }
}

const left = (index: string) =>
  readdirSync(work).filter((name) => name.includes(index.slice(work.length + 1)))

it('a Chinese corpus: exit code 2, both models named, nothing left behind', async () => {
  const { index, build } = corpus('chinese', 40, (i) => `${i} ${chinese}`)
  const { code, stdout, stderr } = await build('--json')
  expect(stderr).toMatch(/error: \d\d% of the \d+ tokens of the corpus are unknown to all-minilm-l6-v2/)
  for (const part of ['bge-small-zh-v1.5', 'multilingual-e5-small', 'clara-models pull', '--force']) {
    expect(stderr).toContain(part)
  }
  expect({ code, stdout, left: left(index) }).toEqual({ code: 2, stdout: '', left: [] })
})

it('--force goes on and says how much is unknown', async () => {
  const { index, build } = corpus('forced', 40, (i) => `${i} ${chinese}`)
  const { code, stdout } = await build('--force', '--json')
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
  expect((await build('--overwrite', '--quiet')).code).toBe(2)
  const { code, stdout } = await clara(['index', 'verify', index, '--json'])
  expect({ code, chunks: JSON.parse(stdout).chunks }).toEqual({ code: 0, chunks: 3 })
  expect(left(index)).toEqual(['kept-index'])
})

it.each([
  ['a rare character in each record', (i: number) => `${english} ${english} \u{1f9ac} ${i}`],
  ['a Chinese record among many', (i: number) => (i === 0 ? chinese : `${english} ${i}`)],
])('an English corpus with %s goes through', async (name, text) => {
  const { build } = corpus(name, 40, text)
  const { code, stdout, stderr } = await build('--json')
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
  const { code, stderr } = await build()
  const [, tokens, chunks] = /of the (\d+) tokens of its first (\d+) chunks are unknown/.exec(stderr) ?? []
  expect(code).toBe(2)
  expect(Number(tokens)).toBeGreaterThanOrEqual(20_000)
  expect(Number(tokens)).toBeLessThan(60_000)
  expect(Number(chunks)).toBeLessThan(count / 3)
  expect(left(index)).toEqual([])
})
