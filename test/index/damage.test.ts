import { copyFile, cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ClaraError } from '#clara/errors.js'
import { FILES, type Manifest, manifestText } from '#clara/index/manifest.js'
import { openIndex } from '#clara/index/open.js'
import { verifyIndex } from '#clara/index/verify.js'
import { claraError, collect } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { useExampleIndex } from '../support/example-index.js'
import { openFiles } from '../support/open-files.js'

const example = useExampleIndex()
const directory = useDirectory()

const copy = async () => {
  const to = join(directory.path, 'index')
  await cp(example.directory, to, { recursive: true })
  return to
}
const open = (path: string) => openIndex(path, example.model)
/** Opens, and if that works, searches and reads. */
const use = async (path: string) => {
  const index = await open(path)
  try {
    const query = await example.embedder.embed(['a question'], 'query')
    for (const method of ['exact', 'graph'] as const)
      await index.search(query, index.chunks.count, { method })
    await collect(index.chunks.all())
  } finally {
    await index.close()
  }
}

async function flip(path: string, at: number, mask: number) {
  const data = await readFile(path)
  data[at]! ^= mask
  await writeFile(path, data)
}

const NAMES = Object.values(FILES).filter((name) => name !== FILES.removed)
/** Opening an index does not read what only verify and changes of it do. */
const READ: string[] = NAMES.filter((name) => name !== FILES.documents)
const damages: [string, (path: string) => Promise<unknown>][] = [
  ['a flipped bit', async (path) => flip(path, (await readFile(path)).byteLength >> 1, 1)],
  ['half of it gone', async (path) => truncate(path, (await readFile(path)).byteLength >> 1)],
  ['the last byte gone', async (path) => truncate(path, (await readFile(path)).byteLength - 1)],
  ['a byte more', async (path) => writeFile(path, 'x', { flag: 'a' })],
  ['nothing in it', (path) => truncate(path, 0)],
  ['no file', (path) => rm(path)],
  ['a folder in its place', async (path) => rm(path).then(() => mkdir(path))],
]

describe.each(NAMES)('%s', (name) => {
  test.each(damages)('with %s is refused by name', async (_, damage) => {
    const path = await copy()
    await damage(join(path, name))
    if (READ.includes(name))
      await expect(use(path)).rejects.toMatchObject(claraError('index', join(path, name)))
    await expect(verifyIndex(path)).rejects.toMatchObject(claraError('index', join(path, name)))
  })

  test.each(NAMES.filter((other) => other !== name))(
    'with the content of %s is refused by name',
    async (other) => {
      const path = await copy()
      await copyFile(join(path, other), join(path, name))
      if (READ.includes(name)) {
        await expect(use(path)).rejects.toMatchObject(claraError('index', join(path, name)))
      }
      await expect(verifyIndex(path)).rejects.toMatchObject(claraError('index', join(path, name)))
    },
  )
})

describe('manifest.json', () => {
  const write = async (content: string) => {
    const path = await copy()
    await writeFile(join(path, 'manifest.json'), content)
    return path
  }
  const edited = async (change: (manifest: Manifest) => object) =>
    write(manifestText(change(structuredClone(example.index.manifest)) as Manifest))

  test.each([
    ['empty', '', 'JSON'],
    ['not JSON', '{"format": "clara-index", ', 'JSON'],
    ['garbage', '\0\xff\x7fELF', 'JSON'],
    ['a list', '[]', 'not the manifest of an index'],
    ['null', 'null', 'not the manifest of an index'],
    ['of something else', '{"format": "other"}', 'not the manifest of an index'],
    ['of a later version', '{"format": "clara-index", "version": 3}', 'format version 3, expected 2'],
    ['of no version', '{"format": "clara-index"}', 'format version undefined, expected 2'],
  ])('that is %s is refused', async (_, content, message) => {
    const path = await write(content)
    const expected = claraError('index', join(path, 'manifest.json'), message)
    await expect(open(path)).rejects.toMatchObject(expected)
    await expect(verifyIndex(path)).rejects.toMatchObject(expected)
  })

  test.each([
    ['embedder', undefined],
    ['embedder', { name: 'x' }],
    ['dims', 0],
    ['dims', '384'],
    ['precision', 'f64'],
    ['counts', { documents: 1 }],
    ['generation', 0],
    ['metric', 'l2'],
    ['recall', 0.99],
    ['chunking', undefined],
    ['files', { chunks: { name: 'chunks.jsonl', bytes: 1, sha256: 'x' } }],
    ['files', { chunks: { name: '../elsewhere', bytes: 1, sha256: 'x' } }],
  ])('with "%s": %j is refused', async (key, value) => {
    const path = await edited((manifest) => ({ ...manifest, [key]: value }))
    await expect(open(path)).rejects.toMatchObject(
      claraError('index', join(path, 'manifest.json'), `"${key}`),
    )
  })

  test('that is missing means no index, and how to make one', async () => {
    const path = await copy()
    await rm(join(path, 'manifest.json'))
    await expect(open(path)).rejects.toMatchObject(claraError('index', path, 'clara-index build'))
    await expect(verifyIndex(join(path, 'absent'))).rejects.toMatchObject(
      claraError('index', 'clara-index build'),
    )
  })

  test.each<[string, (manifest: Manifest) => object]>([
    ['one chunk more', (m) => ({ ...m, counts: { ...m.counts, chunks: m.counts.chunks + 1 } })],
    ['one chunk fewer', (m) => ({ ...m, counts: { ...m.counts, chunks: m.counts.chunks - 1 } })],
    ['other dimensions', (m) => ({ ...m, dims: 192 })],
    [
      'twice the chunks of half the dimensions',
      (m) => ({ ...m, dims: 192, counts: { ...m.counts, chunks: m.counts.chunks * 2 } }),
    ],
    ['another precision', (m) => ({ ...m, precision: 'f32' })],
  ])('that claims %s is refused', async (_, change) => {
    await expect(use(await edited(change))).rejects.toMatchObject(claraError('index', directory.path))
  })

  test('with any third byte changed is refused', async () => {
    const path = await copy()
    const manifest = join(path, 'manifest.json')
    const { byteLength } = await readFile(manifest)
    for (let at = 0; at < byteLength; at += 3) {
      await flip(manifest, at, 0x11)
      await expect(verifyIndex(path), `byte ${at}`).rejects.toMatchObject(claraError('index', path))
      await flip(manifest, at, 0x11)
    }
  })
})

test('an index of another model is refused with both names', async () => {
  const { card, model, ...rest } = example.model
  const other = {
    ...rest,
    card: { ...card, name: 'other-model', dims: 768 },
    model: { ...model, sha256: 'f'.repeat(64) },
  }
  await expect(openIndex(example.directory, other)).rejects.toMatchObject(
    claraError('index', example.directory, 'all-minilm-l6-v2 (384', 'other-model (768', 'ffffffffffff'),
  )
})

test.skipIf(process.platform !== 'linux')('an index that is refused leaves no file open', async () => {
  const path = await copy()
  await truncate(join(path, 'index.usearch'), 10)
  await expect(open(path)).rejects.toThrow(ClaraError)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect((await openFiles()).filter((file) => file.startsWith(path))).toEqual([])
})
