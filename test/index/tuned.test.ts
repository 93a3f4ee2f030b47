/** A graph that is tuned when it is made, and made again. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addDocuments } from '#clara/index/add.js'
import { compactIndex } from '#clara/index/compact.js'
import { readManifest } from '#clara/index/manifest.js'
import { openIndex } from '#clara/index/open.js'
import { removeDocuments } from '#clara/index/remove.js'
import { build, exampleDocuments, useExampleIndex } from '../support/example-index.js'

const example = useExampleIndex()

test('a small graph is tuned only where it was asked for', () => {
  expect(example.index.manifest.recall).toBeNull()
})

test('what was asked for stays with the index through every change', async () => {
  const directory = join(example.work, 'tuned')
  const built = await build(exampleDocuments(), example.embedder, directory, { recall: 0.9 })
  expect(built.recall).toMatchObject({ target: 0.9, sample: built.counts.chunks })
  expect(built.recall!.at10.recall).toBeGreaterThanOrEqual(0.9)
  const index = await openIndex(directory, example.model)
  const vectors = await example.embedder.embed(['What is a hard negative?'], 'query')
  const [graph, exact] = [
    await index.search(vectors, 5, { method: 'graph' }),
    await index.search(vectors, 5, { method: 'exact' }),
  ]
  await index.close()
  expect([graph.method, exact.method]).toEqual(['graph', 'exact'])
  expect(graph.scores[0]).toBe(exact.scores[0])

  const documents = [{ id: 'new.md', text: 'Hard negatives look relevant and are not.' }]
  async function* more() {
    yield* documents.map(({ id, text }) => ({ id, text, title: '' }))
  }
  const added = await addDocuments(directory, more() as never, example.embedder, { force: true })
  expect(added.manifest.recall).toMatchObject({ target: 0.9, sample: built.counts.chunks + 1 })
  await removeDocuments(directory, ['new.md'])
  const compacted = await compactIndex(directory)
  expect(compacted.recall).toEqual(built.recall)
  expect((await readManifest(directory)).recall).toEqual(built.recall)
})
