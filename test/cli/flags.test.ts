/** What a command line that is not right comes to, and what is not lost by it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, example, workFolder } from './clara.js'

const work = workFolder()
const corpus = example('raw_knowledge.jsonl')
const index = join(work, 'index')
const tiny = fileURLToPath(new URL('../fixtures/models/bert-mean', import.meta.url))
const mine = (out: string, ...flags: string[]) =>
  clara([
    ...['mine', '--index', index, '--qa-file', example('qa.jsonl'), '--output-dir', out],
    ...['--force', '--no-score-cache', ...flags],
  ])
const build = (out: string, ...flags: string[]) =>
  clara(['index', 'build', '--input-file', corpus, '--output-dir', out, '--force', '--quiet', ...flags])

beforeAll(async () => {
  expect((await build(index)).code).toBe(0)
})

describe('clara mine --overwrite', () => {
  it('removes nothing that is not of a run before: an index, replies that were paid for', async () => {
    const before = readdirSync(index)
    const { code, stderr } = await mine(index, '--overwrite')
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no output of this'),
    })
    expect(readdirSync(index)).toEqual(before)
  })

  it('replaces a run and its report, and stops where something else lies beside them', async () => {
    const out = join(work, 'out')
    expect((await mine(out, '--parquet', '--format', 'beir', 'triplet')).code).toBe(0)
    expect((await clara(['report', '--input-dir', out])).code).toBe(0)
    expect((await mine(out, '--overwrite')).code).toBe(0)
    expect(readdirSync(out).sort()).toEqual([
      'end_to_end_data.jsonl',
      'end_to_end_data.provenance.jsonl',
      'report.json',
    ])
    writeFileSync(join(out, 'notes.txt'), 'mine')
    const { code, stderr } = await mine(out, '--overwrite')
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('"notes.txt"') })
    expect(readFileSync(join(out, 'notes.txt'), 'utf8')).toBe('mine')
  })
})

describe('the embedder of an index', () => {
  it('is the one that the manifest names, or what to pass is said', async () => {
    const other = join(work, 'other')
    expect((await build(other, '--embedder', tiny)).code).toBe(0)
    const found = await clara(['index', 'search', other, '--query', 'recall', '-k', '1'])
    expect(found).toMatchObject({ code: 2, stderr: expect.stringContaining('--embedder FOLDER') })
    // By its name it is found from the folder that it lies in.
    const beside = { cwd: join(tiny, '..') }
    expect((await clara(['index', 'search', other, '--query', 'recall', '-k', '1'], beside)).code).toBe(0)
  })
})

describe('flags', () => {
  it.each([
    [['index', 'build', '--input-file', corpus, '--output-dir', ''], '--output-dir is empty'],
    [['index', 'build', '--input-file', '', '--output-dir', join(work, 'n')], '--input-file is empty'],
    [
      ['index', 'search', index, '--query', 'x', '--exact', '--method', 'graph'],
      "cannot be used with option '--method",
    ],
    [
      [
        'index',
        'build',
        '--input-file',
        corpus,
        '--output-dir',
        join(work, 'n'),
        '--no-chunk',
        '--chunk-tokens',
        '64',
      ],
      "cannot be used with option '--chunk-tokens",
    ],
    [['index', 'info', corpus], 'the directory of an index was expected'],
    [
      ['mine', '--index', index, '--qa-file', work, '--output-dir', join(work, 'n')],
      'expected a qa.jsonl, or a BEIR folder',
    ],
  ])('%j', async (args, message) => {
    const { code, stderr, stdout } = await clara(args)
    expect({ code, stdout, stderr }).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    })
  })

  it('--reranker turns reranking on, as it does elsewhere', async () => {
    const search = (...flags: string[]) =>
      clara(['index', 'search', index, '--query', 'What is BM25?', '-k', '3', '--json', ...flags])
    const [named, asked, plain] = await Promise.all([
      search('--reranker', 'multilingual-e5-small-en-zh'),
      search('--rerank'),
      search(),
    ])
    expect(named.stdout).toBe(asked.stdout)
    expect(named.stdout).not.toBe(plain.stdout)
  })

  it('that a command needs are marked in its help', async () => {
    expect((await clara(['mine', '--help'])).stdout).toMatch(
      /--index <dir> +made by clara-index build \(required\)/,
    )
  })
})

describe('what is said', () => {
  it('of more bad records than are printed, also where the run ends with an error', async () => {
    const file = join(work, 'bad.jsonl')
    writeFileSync(file, 'x\n'.repeat(25))
    const { stderr } = await clara(['index', 'build', '--input-file', file, '--output-dir', join(work, 'n')])
    expect(stderr).toMatch(/… and 5 more like these\nerror: the corpus has no text to index\n$/)
  })

  it('as text holds no JSON, and an object of objects has a row for each', async () => {
    const { stdout } = await mine(join(work, 'text'))
    expect(stdout).toMatch(/^scores\.positive +mean 0\.\d+, p5 /m)
    expect(stdout).toMatch(/^tiers +hard 3\d\d, top 0, /m)
    expect(stdout).not.toMatch(/[{}]/)
  })

  it('by verify is that the index is right', async () => {
    expect((await clara(['index', 'verify', index])).stdout).toMatch(/^ok +true$/m)
  })

  it('of an ids file with a byte order mark is nothing: its first id is found', async () => {
    const ids = join(work, 'ids.txt')
    writeFileSync(ids, '\ufeffbm25-term-saturation.md\r\n')
    const { code, stdout } = await clara(['index', 'remove', index, '--ids-file', ids, '--json'])
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, removed_documents: 1 })
  })
})
