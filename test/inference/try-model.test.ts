import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { tryModel } from '#clara/inference/try-model.js'
import { locateModel } from '#clara/models/resolve.js'
import { useDirectory } from '../support/directory.js'
import { EMBEDDED } from '../support/model-copy.js'

const MODELS = fileURLToPath(new URL('../fixtures/models/', import.meta.url))
const directory = useDirectory()

test.each([
  EMBEDDED,
  ...['bert-mean', 'qwen3', 'cross-bert', 'cross-bert-two'].map((name) => join(MODELS, name)),
])('%s works', async (folder) => expect(await tryModel(await locateModel(folder))).toEqual([]))

test('an embedder that pools otherwise than its golden vectors is found out', async () => {
  const { folder, card } = await locateModel(EMBEDDED)
  const findings = await tryModel({ folder, card: { ...card, pooling: 'cls' } as typeof card })
  expect(findings).toEqual([
    { path: 'golden.json', reason: expect.stringContaining('expected 0.98 or more') },
  ])
})

test('a reranker that gives one score to all pairs is found out', async () => {
  await cp(join(MODELS, 'cross-bert'), directory.path, { recursive: true })
  const path = join(directory.path, 'onnx', 'model.onnx')
  await writeFile(path, zeroed(await readFile(path), 'classifier.weight'))
  const [finding] = await tryModel(await locateModel(directory.path))
  expect(finding?.reason).toContain('to every pair')
})

/** The floats of one initializer set to zero: TensorProto.raw_data (field 9) comes after its name (field 8). */
function zeroed(model: Buffer, name: string): Buffer {
  const at = model.lastIndexOf(Buffer.from(name))
  expect(at).toBeGreaterThan(0)
  const raw = model.indexOf(0x4a, at + name.length)
  const [length, start] = [model[raw + 1]! & 0x7f, model[raw + 1]! < 0x80 ? raw + 2 : raw + 3]
  const bytes = model[raw + 1]! < 0x80 ? length : length + (model[raw + 2]! << 7)
  return Buffer.concat([model.subarray(0, start), Buffer.alloc(bytes), model.subarray(start + bytes)])
}
