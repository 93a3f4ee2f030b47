import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
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

test.each([
  ['no card', undefined, 'no such file'],
  ['a card that is not JSON', '{', 'JSON'],
  ['a card that is wrong', JSON.stringify({ ...card, dims: 0 }), '"dims"'],
])('a folder with %s is refused', async (_, content, message) => {
  if (content !== undefined) await directory.write('card.json', content)
  await expect(resolveEmbedder(directory.path)).rejects.toMatchObject(
    claraError('model', join(directory.path, 'card.json'), message),
  )
})
