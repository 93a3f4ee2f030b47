/** The package's own entry, used wrongly: whatever is not right is refused with a word on what was expected, and nothing hangs. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as library from 'clara-topk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TINY } from './support/tiny-model.js'

const work = mkdtempSync(join(tmpdir(), 'clara-library-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))
const model = join(TINY, 'bert-mean')
const directory = join(work, 'index')
const corpus = join(work, 'corpus.jsonl')
const qa = join(work, 'qa.jsonl')
const ignore = () => {}
const chunking = { tokens: 32, overlap: 0, split: true }

/** What no type checker lets through, as a program in JavaScript may do. */
// biome-ignore lint/suspicious/noExplicitAny: that is what it is about
const loose = library as Record<string, any>

async function drain(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of items) count++
  return count
}

beforeAll(async () => {
  const texts = [
    'the pump house',
    'a mill by the river',
    'ships with coal',
    'a school',
    'bread at night',
    'two gardens',
  ]
  writeFileSync(corpus, texts.map((text, i) => JSON.stringify({ _id: `d${i}`, text })).join('\n'))
  writeFileSync(qa, JSON.stringify({ question: 'where is the mill', answer: 'by the river', doc_id: 'd1' }))
  const embedder = await library.openEmbedder(await library.resolveEmbedder(model))
  await library.buildIndex(library.readDocuments([corpus], ignore), embedder, {
    outputDir: directory,
    overwrite: false,
    chunking,
    force: true,
  })
  await embedder.close()
})

const mining = (change: object) => {
  const options = { index: directory, embedder: model, questions: library.readQuestions(qa, ignore), topK: 3 }
  return drain(loose.mineHardNegatives({ ...options, scoreCache: false, ...change }))
}

const refused = (code: string, message: string | RegExp) =>
  expect.objectContaining({
    name: 'ClaraError',
    code,
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
  })

describe('mineHardNegatives', () => {
  it.each([
    [{ topK: 0 }, 'topK is 0, expected a whole number from 1 to 1000'],
    [{ topK: 1.5 }, 'topK is 1.5'],
    [{ topK: Number.NaN }, 'topK is NaN'],
    [{ topK: '3' }, 'topK is "3"'],
    [{ topK: undefined }, 'topK is undefined'],
    [{ index: undefined }, 'index is undefined, expected the directory of an index'],
    [{ questions: [] }, 'questions is a list, expected something for "for await"'],
    [{ threads: 0 }, 'threads is 0'],
    [{ seed: 'x' }, 'seed is "x"'],
    [{ embedder: 3 }, 'embedder is 3'],
    [{ reranker: {} }, 'reranker is an object of another kind'],
    [{ device: 'gpu' }, 'device is "gpu"'],
    [{ scoreCache: 3 }, 'scoreCache is 3'],
    [{ thresholds: { margin: 'x' } }, 'thresholds: margin is "x"'],
    [{ truth: 1 }, 'truth is 1'],
    [{ select: 'best' }, 'select is "best", expected one of top, random'],
    [{ onProblem: 1 }, 'onProblem is 1, expected a function'],
    [{ signal: 1 }, 'signal is 1'],
  ])('%j', async (change, message) => {
    await expect(mining(change)).rejects.toEqual(refused('usage', message))
  })

  it('a missing folder, a missing model, no options', async () => {
    await expect(mining({ index: join(work, 'nowhere') })).rejects.toEqual(refused('index', 'no index here'))
    await expect(mining({ reranker: 'nowhere' })).rejects.toEqual(refused('model', 'no model nowhere'))
    await expect(drain(loose.mineHardNegatives())).rejects.toEqual(refused('usage', 'options is undefined'))
  })

  it('mines where all is right', async () => {
    expect(await mining({ force: true })).toBe(1)
  })
})

describe('an index and its model', () => {
  it('refuse what they are not, and any use once they are closed; a second close is none', async () => {
    const found = await library.resolveEmbedder(model)
    await expect(loose.openIndex(undefined, found)).rejects.toEqual(
      refused('usage', 'directory is undefined'),
    )
    await expect(loose.openIndex(directory)).rejects.toEqual(refused('usage', 'model is undefined'))
    await expect(library.openIndex(join(work, 'nowhere'), found)).rejects.toEqual(
      refused('index', 'no index'),
    )
    const index = await library.openIndex(directory, found)
    const embedder = await library.openEmbedder(found)
    const query = await embedder.embed(['mill'], 'query')
    const search = index.search as (...args: unknown[]) => Promise<unknown>
    for (const k of [0, 1.5, Number.NaN, -1, '3', undefined, Number.POSITIVE_INFINITY]) {
      await expect(search(query, k)).rejects.toEqual(
        refused('usage', `search: k is ${JSON.stringify(k)?.replace('null', String(k)) ?? k}`),
      )
    }
    for (const queries of [query.subarray(1), [1, 2], undefined, query.map(() => Number.NaN)]) {
      await expect(search(queries, 3)).rejects.toEqual(refused('usage', 'expected a Float32Array of rows of'))
    }
    await expect(search(query, 3, { method: 'best' })).rejects.toEqual(refused('usage', 'method is "best"'))
    expect((await index.search(query, 1_000_000)).k).toBe(6)
    const embed = embedder.embed as (...args: unknown[]) => Promise<unknown>
    for (const texts of ['mill', undefined, [3]]) {
      await expect(embed(texts, 'query')).rejects.toEqual(refused('usage', 'embed: texts'))
    }
    await expect(embed(['mill'], 'question')).rejects.toEqual(refused('usage', 'one of query, document'))

    await Promise.all([index.close(), index.close()])
    await index.close()
    for (const use of [() => index.search(query, 3), () => index.vectors([0])]) {
      await expect(use()).rejects.toEqual(refused('usage', `${directory}: is closed`))
    }
    const under = embedder
      .embed(
        Array.from({ length: 200 }, (_, i) => `text ${i}`),
        'query',
      )
      .catch((error) => error)
    await Promise.all([embedder.close(), embedder.close()])
    expect(await under).toEqual(refused('usage', 'closed'))
    await expect(embedder.embed(['mill'], 'query')).rejects.toEqual(refused('usage', 'is closed'))
  })

  it('models that are none, of the other kind, or asked for nonsense', async () => {
    const found = await library.resolveEmbedder(model)
    const reranker = await library.resolveReranker(
      library.DEFAULT_EMBEDDER.replace('all-', '').replace('-v2', '-reranker'),
    )
    for (const name of [undefined, 3, ''])
      await expect(loose.resolveEmbedder(name)).rejects.toEqual(refused('usage', 'a name of a model'))
    await expect(library.resolveEmbedder(join(work, 'nowhere'))).rejects.toEqual(refused('model', 'no model'))
    await expect(loose.openEmbedder(reranker)).rejects.toEqual(refused('usage', 'is a reranker'))
    await expect(loose.openReranker(found)).rejects.toEqual(refused('usage', 'is an embedder'))
    await expect(loose.openEmbedder(model)).rejects.toEqual(
      refused('usage', 'what resolveEmbedder() returns'),
    )
    for (const threads of [0, 1.5, '2', Number.NaN])
      await expect(loose.openEmbedder(found, { threads })).rejects.toEqual(refused('usage', 'threads is'))
    await expect(loose.openEmbedder(found, { dims: 0 })).rejects.toEqual(refused('usage', '0 dimensions'))
    const scorer = await library.openReranker(reranker, { threads: 1 })
    for (const pairs of ['x', [3], [{ question: 'x' }]]) {
      await expect((scorer.score as (pairs: unknown) => Promise<unknown>)(pairs)).rejects.toEqual(
        refused('usage', 'score: pairs'),
      )
    }
    await Promise.all([scorer.close(), scorer.close()])
    await expect(scorer.score([])).rejects.toEqual(refused('usage', 'is closed'))
  })
})

it('files and folders that are not there, and what is no path', async () => {
  for (const [read, args, message] of [
    ['readDocuments', [corpus, ignore], 'expected a list of strings'],
    ['readDocuments', [[corpus]], 'onProblem is undefined'],
    ['readQuestions', [undefined, ignore], 'source is undefined'],
  ] as const) {
    await expect(drain(loose[read](...args))).rejects.toEqual(refused('usage', message))
  }
  const missing = join(work, 'missing.jsonl')
  await expect(drain(library.readDocuments([missing], ignore))).rejects.toEqual(
    refused('input', 'no such file'),
  )
  await expect(drain(library.readQuestions(missing, ignore))).rejects.toEqual(
    refused('input', 'no such file'),
  )
  await expect(library.validateSamples(missing, { onProblem: ignore })).rejects.toEqual(
    refused('input', 'no such file'),
  )
  await expect(loose.validateSamples(qa)).rejects.toEqual(refused('usage', 'options is undefined'))
  await expect(loose.writeSamples(work, [], { topK: 3, seed: 1 })).rejects.toEqual(
    refused('usage', 'mined is a list'),
  )
  await expect(
    loose.writeSamples(work, library.readQuestions(qa, ignore), { topK: 0, seed: 1 }),
  ).rejects.toEqual(refused('usage', 'topK is 0'))
})

it('buildIndex cuts chunks as the commands do, unless it is told how', async () => {
  const embedder = await library.openEmbedder(await library.resolveEmbedder(model))
  const options = { overwrite: false, force: true }
  const own = await library.buildIndex(library.readDocuments([corpus], ignore), embedder, {
    ...options,
    outputDir: join(work, 'by-default'),
  })
  expect(own.chunking).toMatchObject({ tokens: 256, overlap: 0, split: true })
  expect(own.chunking.trainer).toMatchObject({ name: 'mistral', tokens: 256 })
  const told = await library.buildIndex(library.readDocuments([corpus], ignore), embedder, {
    ...options,
    outputDir: join(work, 'told'),
    chunking,
  })
  expect(told.chunking).toEqual(chunking)
  await embedder.close()
})

it('buildIndex refuses settings before it makes anything', async () => {
  const embedder = await library.openEmbedder(await library.resolveEmbedder(model))
  const outputDir = join(work, 'refused')
  for (const [change, message] of [
    [{ outputDir: undefined }, 'outputDir is undefined'],
    [{ chunking: 256 }, 'chunking is 256'],
    [{ chunking: { ...chunking, tokens: 0 } }, 'tokens is 0'],
    [{ chunking: { ...chunking, overlap: 16 } }, 'overlap is 16, expected a whole number from 0 to 15'],
    [{ precision: 'f8' }, 'precision is "f8"'],
    [{ recall: 7 }, 'recall is 7'],
    [{ threads: 0 }, 'threads is 0'],
  ] as const) {
    const options = { outputDir, overwrite: false, chunking, force: true, ...change }
    const documents = library.readDocuments([corpus], ignore)
    await expect(loose.buildIndex(documents, embedder, options)).rejects.toEqual(refused('usage', message))
  }
  await expect(loose.buildIndex([], embedder, { outputDir, chunking })).rejects.toEqual(
    refused('usage', 'documents is a list'),
  )
  expect(readdirSync(work)).not.toContain('refused')
  await embedder.close()
})

it('a program that closes nothing, or errs, ends by itself', async () => {
  const script = join(work, 'program.mjs')
  writeFileSync(
    script,
    `import { mineHardNegatives, openEmbedder, openIndex, readQuestions, resolveEmbedder } from ${JSON.stringify(import.meta.resolve('clara-topk'))}
const model = await resolveEmbedder(${JSON.stringify(model)})
const embedder = await openEmbedder(model)
const index = await openIndex(${JSON.stringify(directory)}, model)
await index.search(await embedder.embed(['mill'], 'query'), 2)
const mined = mineHardNegatives({ index: ${JSON.stringify(directory)}, embedder: ${JSON.stringify(model)}, questions: readQuestions(${JSON.stringify(qa)}, () => {}), topK: 0 })
await mined.next().catch((error) => console.log(error.code))
`,
  )
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    timeout: 60_000,
  })
  expect(stdout).toBe('usage\n')
})
