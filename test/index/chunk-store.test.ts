import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type ChunkDigests, createChunkWriter, openNewChunks } from '#clara/index/chunk-store.js'
import { randomFor, shuffled } from '#clara/negatives/random.js'
import { claraError, collect } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()
const chunks = Array.from({ length: 200 }, (_, i) => ({
  id: `d${i}#0`,
  documentId: `d${i}`,
  title: i % 3 === 0 ? `Titel №${i}` : '',
  text: '你好 𠀀 line\nbreak\u2028 "quoted" '.repeat(i % 7),
}))

async function store(digests?: ChunkDigests) {
  const opened = await openNewChunks(directory.path, digests ?? (await write()))
  onTestFinished(opened.close)
  return opened
}

async function write() {
  const writer = await createChunkWriter(directory.path)
  for (const chunk of chunks) await writer.write(chunk)
  return writer.close()
}

test('chunks come back one at a time in any order, and all in order', async () => {
  const opened = await store()
  expect(opened.count).toBe(200)
  const positions = shuffled([...chunks.keys()], randomFor('positions'))
  expect(await Promise.all(positions.map(opened.read))).toEqual(positions.map((i) => chunks[i]))
  expect(await collect(opened.all())).toEqual(chunks)
})

test.each([-1, 200, 1e9])('there is no chunk %i', async (position) => {
  await expect((await store()).read(position)).rejects.toThrow(RangeError)
})

test.each([
  ['not whole', (data: Buffer) => data.subarray(0, -3)],
  ['not those of', (data: Buffer) => data.subarray(0, -8)],
])('offsets that are %s are refused', async (message, change) => {
  const digests = await write()
  const path = join(directory.path, 'chunks.offsets')
  const data = change(await readFile(path))
  await writeFile(path, data)
  const { sha256 } = await import('#clara/files/durable-file.js')
  digests.offsets = { bytes: data.byteLength, sha256: sha256(data) }
  await expect(store(digests)).rejects.toMatchObject(claraError('index', 'chunks.offsets', message))
})
