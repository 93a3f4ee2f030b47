import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openEmbedder } from '#clara/inference/embedder.js'
import { resolveEmbedder } from '#clara/models/resolve.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { copyModel, exchange, readEmbeddedCard } from '../support/model-copy.js'

const directory = useDirectory()
const open = async () => openEmbedder(await resolveEmbedder(directory.path), { threads: 1 })

/** A thread that nobody waits for may still fail: that would end the process. */
const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
process.on('unhandledRejection', note)
afterAll(() => {
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

const damages: [string, (path: string) => Promise<void>][] = [
  [
    'with a flipped byte',
    async (path) => {
      const data = await readFile(path)
      data[data.byteLength >> 1]! ^= 1
      await writeFile(path, data)
    },
  ],
  ['cut short', (path) => truncate(path, 100)],
  ['empty', (path) => truncate(path, 0)],
  ['that is missing', (path) => rm(path)],
]

describe.each(['model.onnx', 'tokenizer.json', 'tokenizer_config.json'])('%s', (name) => {
  test.each(damages)('%s is refused', async (_, damage) => {
    await copyModel(directory.path)
    await damage(join(directory.path, name))
    await expect(open()).rejects.toMatchObject(claraError('model', join(directory.path, name)))
  })
})

describe('files that match their card and are still wrong are refused', () => {
  test.each([
    ['no ONNX', 'model.onnx', () => Buffer.from('this is no protobuf')],
    ['half of an ONNX', 'model.onnx', (data: Buffer) => data.subarray(0, data.byteLength >> 1)],
    ['an ONNX with another input', 'model.onnx', renamed('input_ids', 'inputtids')],
    ['no JSON', 'tokenizer.json', () => Buffer.from('{"model":')],
    ['no tokenizer', 'tokenizer.json', () => Buffer.from('{}')],
    ['a null', 'tokenizer.json', () => Buffer.from('null')],
    ['no JSON', 'tokenizer_config.json', () => Buffer.from('[1,')],
  ])('%s as %s', async (_, name, change) => {
    await copyModel(directory.path)
    await exchange(directory.path, name, change)
    await expect(open()).rejects.toMatchObject(claraError('model', join(directory.path, name)))
  })

  function renamed(from: string, to: string) {
    return (data: Buffer) => Buffer.from(data.toString('latin1').replaceAll(from, to), 'latin1')
  }
})

test('a card with other dimensions than the model is refused with both', async () => {
  await copyModel(directory.path)
  await directory.write('card.json', JSON.stringify({ ...(await readEmbeddedCard()), dims: 128 }))
  const embedder = await open()
  await expect(embedder.embed(['a', 'b'], 'query')).rejects.toMatchObject(
    claraError('model', '[2,3,384]', '[2,3,128]'),
  )
  await embedder.close()
})
