import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { digestFile } from '#clara/files/durable-file.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '#clara/models/resolve.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { EMBEDDED, readEmbeddedCard } from '../support/model-copy.js'

const directory = useDirectory()
const card = await readEmbeddedCard()

test('the embedded model resolves by name and by folder', async () => {
  const byName = await resolveEmbedder(DEFAULT_EMBEDDER)
  expect(byName.card.name).toBe(DEFAULT_EMBEDDER)
  expect(byName.model.path).toBe(join(EMBEDDED, 'model.onnx'))
  expect(byName.model.sha256).toBe(
    card.files.find(({ path }: { path: string }) => path === 'model.onnx').sha256,
  )
  expect(await resolveEmbedder(EMBEDDED)).toEqual(byName)
})

describe('the embedded files are those of the card', () => {
  test.each(card.files as { path: string; bytes: number; sha256: string }[])('$path', async (file) => {
    const { bytes, sha256 } = file
    expect(await digestFile(join(EMBEDDED, file.path))).toEqual({ bytes, sha256 })
  })
  test('are four', () => expect(card.files).toHaveLength(4))
})

test('an unknown name is refused with the known ones', async () => {
  await expect(resolveEmbedder('no-such-model')).rejects.toMatchObject(
    claraError('model', 'no model no-such-model', DEFAULT_EMBEDDER),
  )
})

test('a name of the catalogue that is not here says how to get it', async () => {
  vi.stubEnv('CLARA_CACHE_DIR', directory.path)
  await expect(resolveEmbedder('bge-m3')).rejects.toMatchObject(
    claraError('model', 'bge-m3 is not here yet', 'run clara-models pull bge-m3'),
  )
  vi.unstubAllEnvs()
})

test('a name that is nearly right is told the right one', async () => {
  await expect(resolveEmbedder('all-minilm-l6')).rejects.toMatchObject(
    claraError('model', 'did you mean all-minilm-l6-v2, all-minilm-l6-v2-fp32?'),
  )
})

test.each([
  ['nothing in it', undefined, 'has no config.json'],
  ['a card that is not JSON', '{', 'JSON'],
  ['a card that is wrong', JSON.stringify({ ...card, dims: 0 }), '"dims"'],
])('a folder with %s is refused', async (_, content, message) => {
  if (content !== undefined) await directory.write('card.json', content)
  await expect(resolveEmbedder(directory.path)).rejects.toMatchObject(
    claraError('model', directory.path, message),
  )
})
