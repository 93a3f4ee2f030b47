/** The embedded reranker, in mining and in search. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, example, readRows, workFolder } from './clara.js'

const RERANKER = 'minilm-l6-reranker'
const work = workFolder()
const index = join(work, 'index')
const cache = join(work, 'scores')
const qa = join(work, 'qa.jsonl')

/** It reads English; so the questions are those. */
beforeAll(async () => {
  const rows = readFileSync(example('qa.jsonl'), 'utf8').trim().split('\n')
  writeFileSync(qa, `${rows.filter((row) => !/\p{Script=Han}/u.test(row)).join('\n')}\n`)
  const corpus = example('raw_knowledge.jsonl')
  const built = await clara(['index', 'build', '--input-file', corpus, '--output-dir', index, '--force'])
  expect(built.code, built.stderr).toBe(0)
})

const mineArgs = (out: string, ...flags: string[]) => [
  ...['mine', '--index', index, '--qa-file', qa, '--output-dir', join(work, out), '--json'],
  ...['--reranker', RERANKER, ...flags],
]
const mine = (out: string, ...flags: string[]) => clara(mineArgs(out, '--score-cache', cache, ...flags))
const filesOf = (out: string) =>
  Object.fromEntries(
    readdirSync(join(work, out)).map((name) => [name, readFileSync(join(work, out, name), 'utf8')]),
  )

describe('mining', () => {
  it('scores few pairs, and none of them again for another k, margin or seed', async () => {
    const first = await mine('k5')
    expect(first.code, first.stderr).toBe(0)
    const { samples, pairs_scored: scored, reranker } = JSON.parse(first.stdout)
    expect(reranker).toBe(RERANKER)
    expect(samples).toBeGreaterThan(40)
    expect(scored / samples).toBeLessThan(12.5)
    for (const [out, ...flags] of [
      ['k3', '--target-top-k', '3'],
      ['wider', '--margin', '0.01'],
      ['seed', '--seed', '7'],
    ]) {
      const again = await mine(out!, ...flags)
      expect(JSON.parse(again.stdout).texts_embedded).toBe(0)
      expect(JSON.parse(again.stdout).pairs_scored).toBeLessThan(scored / 4)
    }
    const same = await mine('k3-again', '--target-top-k', '3')
    expect(JSON.parse(same.stdout)).toMatchObject({ pairs_scored: 0 })
    expect(same.stderr).not.toContain(`${RERANKER} on cpu`)
    await clara(mineArgs('k3-anew', '--target-top-k', '3', '--no-score-cache'))
    expect(filesOf('k3-anew')).toEqual(filesOf('k3'))
  })

  it('gives negatives that score under their limit, by the reranker', () => {
    for (const row of readRows(join(work, 'k5', 'end_to_end_data.provenance.jsonl'))) {
      const { docs, thresholds } = row as {
        docs: { role: string; tier: string; reranker_score: number }[]
        thresholds: { positive: number; most: number }
      }
      expect(docs).toHaveLength(5)
      for (const { role, tier, reranker_score: score } of docs) {
        if (role === 'positive') expect(score).toBeGreaterThanOrEqual(thresholds.positive - 1e-6)
        else if (tier !== 'suspect') expect(score).toBeLessThanOrEqual(thresholds.most + 1e-6)
      }
    }
  })

  it('gives the same bytes on one thread, and after a kill at any time', async () => {
    await clara(mineArgs('one', '--threads', '1', '--no-score-cache'))
    expect(filesOf('one')).toEqual(filesOf('k5'))
    for (const delay of [700, 2200]) {
      const place = ['--score-cache', join(work, `cache-${delay}`)]
      await clara(mineArgs(`killed-${delay}`, ...place), {
        onStart: (child) => setTimeout(() => child.kill('SIGKILL'), delay),
      })
      const again = await clara(mineArgs(`killed-${delay}`, ...place, '--overwrite'))
      expect(again.code, again.stderr).toBe(0)
      expect(filesOf(`killed-${delay}`)).toEqual(filesOf('k5'))
    }
  })
})

describe('search', () => {
  const ask = async (...flags: string[]) => {
    const { code, stdout, stderr } = await clara([
      'index',
      'search',
      index,
      '--queries',
      qa,
      '--json',
      ...flags,
    ])
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout).results as {
      id: string
      hits: { rank: number; score: number; chunk: string }[]
    }[]
  }

  it('with --rerank puts what was found into the order of its logits', async () => {
    const [plain, reranked] = [await ask('-k', '20'), await ask('-k', '20', '--rerank')]
    expect(reranked.map(({ id }) => id)).toEqual(plain.map(({ id }) => id))
    for (const [i, { hits }] of reranked.entries()) {
      expect(hits.map(({ chunk }) => chunk).sort()).toEqual(plain[i]!.hits.map(({ chunk }) => chunk).sort())
      expect(hits.map(({ rank }) => rank)).toEqual(hits.map((_, at) => at + 1))
      expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).sort((a, b) => b - a))
    }
    const answers = readRows(qa).map((row) => row.doc_id as string)
    const first = (rows: typeof plain) =>
      rows.filter(({ hits }, i) => hits[0]!.chunk.startsWith(`${answers[i]}#`)).length
    expect(first(reranked)).toBeGreaterThan(0.8 * answers.length)
    expect(await ask('-k', '3', '--rerank')).toEqual(
      reranked.map((row) => ({ ...row, hits: row.hits.slice(0, 3) })),
    )
  })

  it('takes an embedder in its place, which compares tokens', async () => {
    const flags = ['--query', 'What is BM25?', '-k', '1', '--reranker', 'all-minilm-l6-v2', '--json']
    const { code, stdout } = await clara(['index', 'search', index, ...flags])
    expect(code).toBe(0)
    expect(JSON.parse(stdout).results[0].hits[0].chunk).toMatch(/^bm25/)
  })
})

it('its logits are those it was made with', async () => {
  const { code, stdout, stderr } = await clara(['models', 'verify', RERANKER, '--json'])
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ ok: true })
})
