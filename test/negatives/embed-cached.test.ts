import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Embedder } from '#clara/inference/embedder.js'
import { resolveEmbedder } from '#clara/models/resolve.js'
import { createCachedEmbedder } from '#clara/negatives/embed-cached.js'
import { NO_CACHE, openScoreCache } from '#clara/negatives/score-cache.js'
import { failOnProblem } from '../support/example-index.js'

const model = await resolveEmbedder('all-minilm-l6-v2')

/** Gives each text its length and the kind's, and notes what it was asked for. */
function lengths(asked: string[][]) {
  const embed: Embedder['embed'] = async (texts, kind) => {
    asked.push(texts)
    return Float32Array.from(texts.flatMap((text) => [text.length, kind.length]))
  }
  return async () => ({ embed }) as Embedder
}

test('a text that comes twice is embedded once, and in its place each time', async () => {
  const asked: string[][] = []
  const embedder = createCachedEmbedder(model, 2, lengths(asked), NO_CACHE)
  const vectors = await embedder.embed(['one', 'three', 'one', 'two', 'three'], 'query', String)
  expect([...vectors]).toEqual([3, 5, 5, 5, 3, 5, 3, 5, 5, 5])
  expect(asked).toEqual([['one', 'three', 'two']])
  expect(embedder.counts).toEqual({ embedded: 3, reused: 0 })
})

test('what is kept is not embedded again, of its own kind and length only', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'clara-embed-'))
  const cache = await openScoreCache(join(directory, 'cache'), (reason) => failOnProblem({ reason }))
  onTestFinished(async () => {
    await cache.close()
    await rm(directory, { recursive: true })
  })
  const asked: string[][] = []
  const embedder = createCachedEmbedder(model, 2, lengths(asked), cache)
  await embedder.embed(['one', 'three'], 'query', String)
  const vectors = await embedder.embed(['three', 'seven', 'one'], 'query', String)
  expect([...vectors]).toEqual([5, 5, 5, 5, 3, 5])
  expect([...(await embedder.embed(['one'], 'document', String))]).toEqual([3, 8])
  await createCachedEmbedder(model, 1, lengths(asked), cache).embed([], 'query', String)
  expect(asked).toEqual([['one', 'three'], ['seven'], ['one']])
  expect(embedder.counts).toEqual({ embedded: 4, reused: 2 })
})

test('an error names the text by its place among all', async () => {
  const failing = async () =>
    ({
      async embed(_texts, _kind, nameOf) {
        throw new Error(nameOf?.(1))
      },
    }) as Partial<Embedder> as Embedder
  const embedder = createCachedEmbedder(model, 2, failing, NO_CACHE)
  const run = embedder.embed(['a', 'a', 'b'], 'query', (i) => `text ${i}`)
  await expect(run).rejects.toThrow('text 2')
})
