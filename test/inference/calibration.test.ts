/** What the first large job measures is kept for this machine, and changes no vector. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { readCalibration, writeCalibration } from '#clara/inference/calibration-file.js'
import { type Embedder, type EmbedderOptions, openEmbedder } from '#clara/inference/embedder.js'
import { DEFAULT_EMBEDDER, type EmbedderModel, resolveEmbedder } from '#clara/models/resolve.js'
import { useDirectory } from '../support/directory.js'
import { TINY } from '../support/tiny-model.js'
import { cosine } from '../support/vectors.js'

const directory = useDirectory()
const before = process.env.CLARA_CACHE_DIR
let model: EmbedderModel
beforeEach(async () => {
  process.env.CLARA_CACHE_DIR = join(directory.path, 'cache')
  model = await resolveEmbedder(join(TINY, 'bert-mean'))
})
afterEach(() => {
  process.env.CLARA_CACHE_DIR = before
})

const texts = Array.from({ length: 1000 }, (_, i) => `the harbour ${i} ${'town wakes '.repeat(i % 9)}`)
const folder = () => join(directory.path, 'cache/calibration')
const settingOf = (embedder: Embedder) => {
  const { sessions, intraThreads, budget } = embedder.running()!
  return { sessions, intraThreads, budget }
}

async function open(options: EmbedderOptions = {}): Promise<Embedder> {
  const embedder = await openEmbedder(model, { threads: 2, calibrate: true, ...options })
  onTestFinished(() => embedder.close())
  return embedder
}

/** The one file that is kept, after a first job. */
async function calibrated(): Promise<{ path: string; embedder: Embedder }> {
  const embedder = await open()
  await embedder.embed(texts, 'document')
  const [name, ...more] = readdirSync(folder())
  expect(more).toEqual([])
  return { path: join(folder(), name!), embedder }
}

test('the first large job measures, the next process reads what it found', async () => {
  const { path, embedder } = await calibrated()
  const kept = JSON.parse(readFileSync(path, 'utf8'))
  expect(kept).toMatchObject({
    ...settingOf(embedder),
    model: model.model.sha256,
    threads: 2,
    device: 'auto',
  })
  expect(kept.sessions * kept.intraThreads).toBeLessThanOrEqual(2)

  // Another than what would be taken without a file, so that reading it shows.
  const other = { sessions: 1, intraThreads: 2, budget: 2048 }
  writeFileSync(path, JSON.stringify({ ...kept, ...other }))
  expect(settingOf(await open())).toEqual(other)
  expect(settingOf(await open({ calibrate: false }))).toEqual(other)
  expect(settingOf(await open({ threads: 3, calibrate: false }))).toEqual({
    sessions: 3,
    intraThreads: 1,
    budget: 512,
  })
})

test.each([
  ['fewer than 1,000 texts', { calibrate: true }, 999],
  ['an embedder that is not asked to', { calibrate: false }, 1000],
])('%s measure nothing', async (_, options, count) => {
  const embedder = await open(options)
  await embedder.embed(texts.slice(0, count), 'document')
  expect(() => readdirSync(folder())).toThrow('ENOENT')
})

test('equal texts are no large job', async () => {
  const embedder = await open()
  await embedder.embed(Array(1000).fill('the harbour'), 'document')
  expect(() => readdirSync(folder())).toThrow('ENOENT')
})

test('vectors are those of an embedder that has not measured, also of calls beside it', async () => {
  const plain = await open({ calibrate: false, threads: 1 })
  const expected = await plain.embed(texts, 'document')
  const embedder = await open()
  const [all, some, one, other] = await Promise.all([
    embedder.embed(texts, 'document'),
    embedder.embed(texts.slice(0, 10).toReversed(), 'document'),
    embedder.embed(['something new'], 'query'),
    embedder.embed(
      texts.map((text) => `${text} again`),
      'document',
    ),
  ])
  const rows = Array.from({ length: 10 }, (_, i) => [...expected.subarray((9 - i) * 32, (10 - i) * 32)])
  expect(cosine(all, expected)).toBeGreaterThanOrEqual(0.999999)
  expect(cosine(some, rows.flat())).toBeGreaterThanOrEqual(0.999999)
  expect(cosine(one, await plain.embed(['something new'], 'query'))).toBeGreaterThanOrEqual(0.999999)
  expect(
    cosine(
      other,
      await plain.embed(
        texts.map((text) => `${text} again`),
        'document',
      ),
    ),
  ).toBeGreaterThanOrEqual(0.999999)
})

test('the embedded model gives the same bits', async () => {
  model = await resolveEmbedder(DEFAULT_EMBEDDER)
  const words = Array.from({ length: 1000 }, (_, i) => `word ${i}`)
  const bits = async (embedder: Embedder) => Buffer.from((await embedder.embed(words, 'document')).buffer)
  const before = await bits(await open({ calibrate: false }))
  expect((await bits(await open())).equals(before)).toBe(true)
  expect(readdirSync(folder())).toHaveLength(1)
  expect((await bits(await open())).equals(before)).toBe(true)
})

describe('a file that makes no sense is not believed', () => {
  test.each<[string, (kept: Record<string, unknown>) => string]>([
    ['cut short', (kept) => JSON.stringify(kept).slice(0, 40)],
    ['empty', () => ''],
    ['a list', () => '[]'],
    ['null', () => 'null'],
    ['numbers alone', () => '{"sessions":1,"intraThreads":1,"budget":2048}'],
    ['a billion sessions', (kept) => JSON.stringify({ ...kept, sessions: 1e9 })],
    ['more threads than there are', (kept) => JSON.stringify({ ...kept, sessions: 2, intraThreads: 2 })],
    ['no sessions', (kept) => JSON.stringify({ ...kept, sessions: 0 })],
    ['less than no sessions', (kept) => JSON.stringify({ ...kept, sessions: -1, intraThreads: -1 })],
    ['half a thread', (kept) => JSON.stringify({ ...kept, sessions: 1, intraThreads: 0.5 })],
    ['text for a number', (kept) => JSON.stringify({ ...kept, sessions: '1' })],
    ['all texts in one run', (kept) => JSON.stringify({ ...kept, budget: 1e12 })],
    ['a token a run', (kept) => JSON.stringify({ ...kept, budget: 1 })],
    ['another model', (kept) => JSON.stringify({ ...kept, budget: 2048, model: 'x' })],
    ['another machine', (kept) => JSON.stringify({ ...kept, budget: 2048, cpu: 'x' })],
    ['another version', (kept) => JSON.stringify({ ...kept, budget: 2048, version: 0 })],
  ])('%s', async (_, content) => {
    const machine = { sha256: model.model.sha256, threads: 2, device: undefined }
    const found = { sessions: 1, intraThreads: 2, budget: 2048, provider: 'cpu' } as const
    await writeCalibration(machine, found)
    expect(await readCalibration(machine)).toEqual(found)
    const path = join(folder(), readdirSync(folder())[0]!)
    writeFileSync(path, content(JSON.parse(readFileSync(path, 'utf8'))))
    expect(await readCalibration(machine)).toBeUndefined()
  })
})

test('what was measured on a GPU that has gone is not taken for the CPU', async () => {
  const machine = { sha256: model.model.sha256, threads: 2, device: undefined }
  await writeCalibration(machine, { sessions: 1, intraThreads: 2, budget: 16_384, provider: 'cuda' })
  expect(settingOf(await open())).toEqual({ sessions: 2, intraThreads: 1, budget: 512 })
})

test('a cache that is no folder is no error', async () => {
  writeFileSync(process.env.CLARA_CACHE_DIR!, 'a file')
  const embedder = await open()
  expect(await embedder.embed(texts, 'document')).toHaveLength(1000 * 32)
  expect(readFileSync(process.env.CLARA_CACHE_DIR!, 'utf8')).toBe('a file')
})
