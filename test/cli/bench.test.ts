import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { clara, example, workFolder } from './clara.js'

const work = workFolder()
const tiny = (name: string) => fileURLToPath(new URL(`../fixtures/models/${name}`, import.meta.url))
const corpus = example('raw_knowledge.jsonl')
const bench = (...args: string[]) => clara(['bench', ...args, '--quiet'])

describe('clara bench throughput', () => {
  it('measures an embedder, its padding and the bare model', async () => {
    const args = ['throughput', '--input-file', corpus, '--embedder', tiny('bert-mean'), '--repeat', '3']
    const { code, stdout } = await bench(...args, '--json')
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ model: 'bert-mean', device: 'cpu', passages: 72 })
    expect(result.tokens).toBe(72 * 32) // every passage is cut at 32
    expect(result.padding_share).toBe(0)
    expect(result.seconds).toHaveLength(3)
    const seconds = median(result.seconds) // given to the millisecond, which for so small a model is much
    expect(result.passages_per_second).toBeGreaterThan(72 / (seconds + 0.0006))
    expect(result.passages_per_second).toBeLessThan(72 / (seconds - 0.0006))
    expect(result.of_ceiling).toBeGreaterThan(0)
    expect(result.peak_memory_mib).toBeGreaterThan(20)
  })

  it('measures a reranker on pairs, and needs questions for it', async () => {
    const args = ['throughput', '--input-file', corpus, '--reranker', tiny('cross-bert'), '--repeat', '1']
    const { code, stdout } = await bench(...args, '--queries', example('qa.jsonl'), '--no-ceiling', '--json')
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ model: 'cross-bert', pairs: 72 })
    expect(result).not.toHaveProperty('of_ceiling')
    const refused = await bench(...args)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--queries') })
  })

  it('refuses an embedder as reranker, and a corpus of nothing', async () => {
    const queries = ['--queries', example('qa.jsonl')]
    const wrong = await bench(
      'throughput',
      '--input-file',
      corpus,
      '--reranker',
      tiny('bert-mean'),
      ...queries,
    )
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a cross-encoder is expected here'),
    })
    writeFileSync(join(work, 'empty.jsonl'), '')
    const empty = await bench('throughput', '--input-file', join(work, 'empty.jsonl'))
    expect(empty.code).toBe(2)
  })
})

describe('clara bench latency', () => {
  const args = [
    'latency',
    '--embedder',
    tiny('bert-mean'),
    '--lengths',
    '8,32',
    '--batches',
    '1,4',
    '--repeat',
    '5',
  ]

  it('has percentiles for each length and batch', async () => {
    const { code, stdout } = await bench(...args, '--json')
    expect(code).toBe(0)
    const { cases, cold_start_ms } = JSON.parse(stdout)
    expect(cold_start_ms).toBeGreaterThan(1)
    expect(cases.map(({ batch }: { batch: number }) => batch)).toEqual([1, 4, 1, 4])
    const lengths = cases.map(({ length }: { length: number }) => length)
    expect(lengths[1]).toBe(lengths[0]) // as near to 8 and 32 as its words come
    expect(lengths[0]).toBeLessThanOrEqual(8)
    expect(lengths[2]).toBeGreaterThan(20)
    expect(lengths[2]).toBeLessThanOrEqual(32)
    for (const { p50_ms, p95_ms, p99_ms, inputs_per_second, batch } of cases) {
      expect(p50_ms).toBeGreaterThan(0)
      expect(p95_ms).toBeGreaterThanOrEqual(p50_ms)
      expect(p99_ms).toBeGreaterThanOrEqual(p95_ms)
      expect((inputs_per_second * p50_ms) / 1000 / batch).toBeCloseTo(1, 1)
    }
  })

  it('prints a table for people', async () => {
    const { stdout } = await clara(['bench', ...args])
    expect(stdout).toMatch(/^ *length +batch +p50_ms +p95_ms +p99_ms/m)
    expect(stdout).toMatch(/^ +\d+ +4 +[\d.]+ /m)
  })

  it.each([
    ['a length', ['--lengths', '0']],
    ['words', ['--batches', '1,many']],
    ['a length under the special tokens', ['--lengths', '2']],
  ])('refuses %s', async (_, flags) => {
    expect((await bench(...args, ...flags)).code).toBe(2)
  })
})

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}
