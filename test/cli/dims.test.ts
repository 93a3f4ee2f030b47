/** Fewer dimensions than the model has (Matryoshka): an index remembers, and so do its readers. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openEmbedder } from '#clara/inference/embedder.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '#clara/models/resolve.js'
import { claraError } from '../support/collect.js'
import { clara, example, readRows, workFolder } from './clara.js'

const work = workFolder()
const build = (name: string, ...flags: string[]) =>
  clara([
    ...['index', 'build', '--input-file', example('raw_knowledge.jsonl'), '--output-dir', join(work, name)],
    ...['--force', '--json', ...flags],
  ])

describe('an index with --dims 128', () => {
  const index = join(work, 'small')
  beforeAll(async () => {
    const { code, stdout, stderr } = await build('small', '--dims', '128')
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ dims: 128 })
  })

  it('keeps 128 numbers a chunk', () => {
    const { dims, counts, files } = JSON.parse(readFileSync(join(index, 'manifest.json'), 'utf8'))
    expect(dims).toBe(128)
    expect(files.vectors.bytes).toBe(counts.chunks * 128 * 4)
  })

  it('is searched without saying so again, by the graph and exactly', async () => {
    for (const flags of [['--method', 'graph'], ['--exact']]) {
      const query = ['--query', 'What does mean reciprocal rank average?', '-k', '3', '--json']
      const { code, stdout, stderr } = await clara(['index', 'search', index, ...query, ...flags])
      expect(code, stderr).toBe(0)
      const [{ hits }] = JSON.parse(stdout).results
      expect(hits).toHaveLength(3)
      expect(hits[0].text.toLowerCase()).toContain('reciprocal rank')
      for (const { score } of hits) expect(score).toBeLessThanOrEqual(1.0001)
    }
  })

  it('is mined', async () => {
    const out = join(work, 'samples')
    const qa = example('qa.jsonl')
    const { code, stderr } = await clara([
      ...['mine', '--index', index, '--qa-file', qa, '--output-dir', out, '--force'],
    ])
    expect(code, stderr).toBe(0)
    const [name] = readdirSync(out).filter((each) => each.endsWith('.jsonl'))
    expect(readRows(join(out, name!)).length).toBeGreaterThan(50)
  })

  it('verifies', async () => {
    expect((await clara(['index', 'verify', index])).code).toBe(0)
  })
})

it.each([
  ['385', ['385', '384']],
  ['4096', ['4096', '384']],
  ['0', ['--dims', 'expected a whole number from 1']],
  ['-1', ['--dims', 'expected a whole number from 1']],
  ['1.5', ['--dims', 'expected a whole number from 1']],
  ['1e2', ['--dims', 'expected a whole number from 1']],
  ['all', ['--dims', 'expected a whole number from 1']],
  ['', ['--dims', 'expected a whole number from 1']],
  ['99999999999', ['--dims', 'expected a whole number from 1']],
])('--dims %j is refused', async (dims, parts) => {
  const { code, stdout, stderr } = await build('refused', '--dims', dims)
  for (const part of parts) expect(stderr).toContain(part)
  expect(stderr).not.toContain('this is a bug')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(readdirSync(work).filter((name) => name.includes('refused'))).toEqual([])
})

it.each([0, -1, 1.5, Number.NaN, 385])('an embedder of %d dimensions is refused', async (dims) => {
  const opening = openEmbedder(await resolveEmbedder(DEFAULT_EMBEDDER), { threads: 1, dims })
  const outcome = await opening.then(
    (embedder) => embedder.close(),
    (error) => error,
  )
  expect(outcome).toMatchObject(
    claraError('usage', `${dims} dimensions asked for, ${DEFAULT_EMBEDDER} has 384`),
  )
})
