import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, example, readRows, workFolder } from './clara.js'

const work = workFolder()
const index = join(work, 'index')
const cache = join(work, 'scores')
const MODELS = fileURLToPath(new URL('../fixtures/models/', import.meta.url))

beforeAll(async () => {
  const corpus = example('raw_knowledge.jsonl')
  const flags = ['--input-file', corpus, '--output-dir', index, '--force', '--quiet']
  expect((await clara(['index', 'build', ...flags])).code).toBe(0)
})

const mine = (out: string, ...flags: string[]) =>
  clara([
    ...['mine', '--index', index, '--qa-file', example('qa.jsonl'), '--output-dir', join(work, out)],
    ...['--force', '--score-cache', cache, '--json', ...flags],
  ])

const filesOf = (out: string) =>
  Object.fromEntries(
    readdirSync(join(work, out)).map((name) => [name, readFileSync(join(work, out, name), 'utf8')]),
  )

describe('what is computed once', () => {
  it('is there for another k, and gives what it would give anew', async () => {
    const first = JSON.parse((await mine('k5')).stdout)
    expect(first).toMatchObject({ samples: 80, texts_embedded: 80, vectors_reused: 0 })
    const second = await mine('k4', '--target-top-k', '4')
    expect(JSON.parse(second.stdout)).toMatchObject({ samples: 80, texts_embedded: 0, vectors_reused: 80 })
    expect(second.stderr).not.toContain('on cpu') // no model was opened
    await mine('k4-anew', '--target-top-k', '4', '--no-score-cache')
    expect(filesOf('k4-anew')).toEqual(filesOf('k4'))
  })

  it('and the report’s file does not tell the one from the other', async () => {
    const { 'report.json': report } = filesOf('k5')
    expect(Object.keys(JSON.parse(report!))).not.toContain('texts_embedded')
    await mine('k5-again')
    expect(filesOf('k5-again')).toEqual(filesOf('k5'))
  })
})

it('a run that is killed at any time gives the same files when it is run again', async () => {
  await mine('whole', '--no-score-cache')
  for (const delay of [150, 450, 700, 900, 1100]) {
    const out = `killed-${delay}`
    const place = join(work, `cache-${delay}`)
    const args = [
      ...['mine', '--index', index, '--qa-file', example('qa.jsonl'), '--output-dir', join(work, out)],
      '--force',
    ]
    await clara([...args, '--score-cache', place], {
      onStart: (child) => setTimeout(() => child.kill('SIGKILL'), delay),
    })
    const again = await clara([...args, '--score-cache', place, '--overwrite'])
    expect(again.code, again.stderr).toBe(0)
    expect(filesOf(out)).toEqual(filesOf('whole'))
  }
})

describe('the report', () => {
  it('has counts by reason and tier, and how scores are spread', async () => {
    const { stdout, stderr } = await mine('report', '--min-score', '0.3', '--random-share', '0.25')
    const report = JSON.parse(stdout)
    const { tiers } = report
    expect(tiers.hard + tiers.top + tiers.easy + tiers.random + tiers.suspect).toBe(80 * 4)
    expect(tiers.random).toBeGreaterThan(0)
    expect(tiers.easy).toBeGreaterThan(0)
    expect(report.excluded['is a positive']).toBeGreaterThan(60)
    expect(report.scores.positive.p50).toBeGreaterThan(report.scores.negative.p50)
    expect(report.scores.difference.p50).toBeGreaterThan(0)
    expect(Object.keys(report.seconds)).toEqual(['embed', 'search', 'select', 'score'])
    expect(stderr).toContain('score under --min-score (--min-score)')
  })

  it('and the provenance say what each negative was judged by', async () => {
    const { unrelated } = JSON.parse(readFileSync(join(work, 'report', 'report.json'), 'utf8')).scale
    for (const row of readRows(join(work, 'report', 'end_to_end_data.provenance.jsonl'))) {
      const { docs, thresholds } = row as {
        docs: { role: string; tier: string; standard_score: number }[]
        thresholds: { positive: number; most: number; least: number }
      }
      expect(thresholds.most).toBeCloseTo(
        Math.max(unrelated, thresholds.positive - 0.05 * Math.abs(thresholds.positive)),
        5,
      )
      for (const { role, tier, standard_score } of docs) {
        if (role === 'positive') continue
        if (tier !== 'suspect') expect(standard_score).toBeLessThanOrEqual(thresholds.most + 1e-6)
        if (tier === 'hard') expect(standard_score).toBeGreaterThanOrEqual(0.3 - 1e-6)
      }
    }
  })
})

it('--strict writes only what hard negatives fill', async () => {
  const { stdout } = await mine('strict', '--min-score', '0.3', '--strict')
  const { samples, dropped, tiers } = JSON.parse(stdout)
  expect(samples + dropped).toBe(80)
  expect(samples).toBeGreaterThan(0)
  expect(dropped).toBeGreaterThan(0)
  expect(tiers).toEqual({ hard: samples * 4, top: 0, easy: 0, random: 0, suspect: 0 })
  expect(readRows(join(work, 'strict', 'end_to_end_data.jsonl'))).toHaveLength(samples)
})

it('where no question becomes a sample, says so and writes nothing', async () => {
  const qa = join(work, 'unknown.jsonl')
  writeFileSync(qa, '{"question": "Who?", "answer": "She.", "doc_id": "nowhere.md"}\n')
  const { code, stderr, stdout } = await mine('nothing', '--qa-file', qa)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/unknown\.jsonl:1: .*nowhere\.md.*no question became a sample: the lines above/s)
  expect(existsSync(join(work, 'nothing'))).toBe(false)
})

describe('is refused', () => {
  it.each([
    [['--skip-top', '10', '--max-rank', '10'], '--skip-top 10 leaves no rank'],
    [['--min-score', '0.9', '--max-score', '0.1'], '--min-score 0.9 is above'],
    [['--max-percent-of-positive', '1.5'], 'from 0 to 1'],
    [['--margin', 'wide'], 'expected a number'],
    [['--random-share', '-1'], 'from 0 to 1'],
    [['--select', 'best'], 'Allowed choices are top, random'],
    [['--keep-false-negatives', 'yes'], 'as-positives'],
    [['--reranker', join(MODELS, 'bert-pooled')], 'a reranker, or an embedder that gives each token one'],
    [['--reranker', 'no-such-model'], 'no model no-such-model'],
  ])('%j', async (flags, message) => {
    const { code, stderr } = await mine('refused', ...flags)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it('a reranker that cannot tell, with what to do', async () => {
    const { code, stderr } = await mine('refused', '--reranker', join(MODELS, 'cross-bert'))
    expect(stderr).toMatch(
      /ranks the known positive above a random chunk for \d+% of pairs.*--reranker none/s,
    )
    expect(code).toBe(2)
  })
})

it('a score cache that cannot be had costs no result', async () => {
  const { code, stderr, stdout } = await mine('uncached', '--score-cache', example('qa.jsonl'))
  expect(code).toBe(0)
  expect(stderr).toContain('scores are not kept in')
  expect(JSON.parse(stdout).samples).toBe(80)
})
