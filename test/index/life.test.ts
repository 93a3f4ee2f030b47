import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from '#clara/documents/document.js'
import { addDocuments } from '#clara/index/add.js'
import { compactIndex } from '#clara/index/compact.js'
import { readManifest } from '#clara/index/manifest.js'
import { openIndex } from '#clara/index/open.js'
import { removeDocuments } from '#clara/index/remove.js'
import { unfinishedWork } from '#clara/index/unfinished.js'
import { verifyIndex } from '#clara/index/verify.js'
import { claraError, collect } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { again, buildTiny, contents, useTinyEmbedder, watched } from '../support/tiny-index.js'

const tiny = useTinyEmbedder()
const directory = useDirectory()
let fixed: string
let path: string
/** The first documents are indexed, the next ones are there to be added. */
let first: Document[]
let next: Document[]

beforeAll(async () => {
  fixed = await mkdtemp(join(tmpdir(), 'clara-life-'))
  first = tiny.documents.slice(0, 20)
  next = tiny.documents.slice(20, 40)
  await buildTiny(join(fixed, 'first'), first, tiny.embedder)
})
afterAll(() => rm(fixed, { recursive: true }))

const copy = async (name = 'index') => {
  path = join(directory.path, name)
  await cp(join(fixed, 'first'), path, { recursive: true })
  return path
}
const add = (documents: Document[], embedder = tiny.embedder, options = {}) =>
  addDocuments(path, again(documents), embedder, { force: true, ...options })
const changed = (document: Document): Document => ({ ...document, text: `${document.text} It has changed.` })
const idsOf = (documents: Document[]) => documents.map(({ id }) => id)

/** Documents of an index by a search for everything, and by its chunks. */
async function documentsIn(directory: string) {
  const index = await openIndex(directory, tiny.embedder.model)
  const query = await tiny.embedder.embed(['anything'], 'query')
  const { ids } = await index.search(query, index.chunks.rows)
  const found = await Promise.all(
    Array.from(
      ids.filter((id) => id >= 0),
      index.chunks.read,
    ),
  )
  const all = await collect(index.chunks.all())
  await index.close()
  const distinct = (chunks: { documentId: string }[]) => [...new Set(chunks.map((chunk) => chunk.documentId))]
  expect(found).toHaveLength(all.length)
  expect(distinct(found).sort()).toEqual(distinct(all).sort())
  return { ids: distinct(all), texts: all.map(({ text }) => text) }
}

/** All of both but generation numbers and names. */
async function expectSameIndex(one: string, other: string) {
  const [a, b] = await Promise.all([contents(one), contents(other)])
  const plain = (files: Record<string, Buffer>) =>
    Object.fromEntries(
      Object.entries(files)
        .filter(([name]) => name !== 'manifest.json')
        .map(([name, data]) => [name.replace(/\.\d+\./, '.'), data.toString('base64')]),
    )
  expect(plain(a)).toEqual(plain(b))
  const bare = async (path: string): Promise<object> => {
    const { generation: _, files, ...rest } = await readManifest(path)
    return {
      ...rest,
      files: Object.entries(files).map(([role, { name: _, ...digest }]) => ({ role, ...digest })),
    }
  }
  expect(await bare(one)).toEqual(await bare(other))
}

describe('add', () => {
  test('appends new documents, replaces changed ones and skips known ones', async () => {
    await copy()
    const embedder = watched(tiny.embedder)
    const input = [first[3]!, changed(first[5]!), ...next, first[7]!]
    const { manifest, ...counts } = await add(input, embedder)
    expect(counts).toEqual({ added: 20, changed: 1, skipped: 2 })
    const texts = embedder.texts.join('\n')
    expect(texts).toContain('It has changed.')
    expect(texts).not.toContain(first[3]!.text.slice(0, 40))
    expect(await verifyIndex(path)).toEqual(manifest)
    expect(manifest).toMatchObject({ generation: 2, counts: { documents: 40 } })
    expect(manifest.counts.removed).toBeGreaterThan(0)
    const { ids, texts: now } = await documentsIn(path)
    expect(ids).toEqual(idsOf([...first.slice(0, 5), ...first.slice(6), first[5]!, ...next]))
    expect(now.some((text) => text.includes('It has changed.'))).toBe(true)
    const names = Object.values(manifest.files).map(({ name }) => name)
    expect((await readdir(path)).sort()).toEqual(['manifest.json', ...names].sort())
  })

  test('of nothing new changes nothing', async () => {
    const before = await contents(await copy())
    const { manifest: _, ...counts } = await add(first.slice(3, 6))
    expect(counts).toEqual({ added: 0, changed: 0, skipped: 3 })
    expect(await contents(path)).toEqual(before)
  })

  test('that stopped goes on, embeds nothing twice, and ends the same', async () => {
    await copy('whole')
    const embedder = watched(tiny.embedder)
    await add([changed(first[0]!), ...next], embedder)
    const whole = path
    await copy()
    const stopped = watched(tiny.embedder, 1)
    const before = await contents(join(fixed, 'first'))
    await expect(add([changed(first[0]!), ...next], stopped)).rejects.toThrow(
      '64 chunks are embedded and kept',
    )
    await verifyIndex(path) // still the old one
    expect(await unfinishedWork(path)).toMatchObject({ work: 'add', chunks: 64 })
    await expect(removeDocuments(path, [first[2]!.id])).rejects.toMatchObject(
      claraError('exists', 'unfinished add of 64 chunks', '--overwrite'),
    )
    await expect(compactIndex(path)).rejects.toMatchObject(claraError('exists', 'unfinished add'))
    await expect(add(next)).rejects.toMatchObject(claraError('exists', 'other documents', first[0]!.id))
    expect(await contents(path)).toEqual(before)
    const resumed = watched(tiny.embedder)
    const { manifest: __, ...counts } = await add([changed(first[0]!), ...next], resumed)
    expect(counts).toEqual({ added: 20, changed: 1, skipped: 0 })
    expect([...stopped.texts, ...resumed.texts]).toEqual(embedder.texts)
    expect(await contents(path)).toEqual(await contents(whole))
  })

  test('of other documents begins anew with overwrite', async () => {
    await copy()
    await expect(add(next, watched(tiny.embedder, 1))).rejects.toThrow('kept')
    const { added } = await add(next.slice(3), tiny.embedder, { overwrite: true })
    expect(added).toBe(17)
    await verifyIndex(path)
  })

  test('with another embedder is refused with both names', async () => {
    await copy()
    const { model } = tiny.embedder
    const other = {
      ...tiny.embedder,
      model: {
        ...model,
        card: { ...model.card, name: 'another' },
        model: { ...model.model, sha256: 'f'.repeat(64) },
      },
    }
    await expect(add(next, other)).rejects.toMatchObject(claraError('index', 'bert-mean', 'another'))
    await expect(add(next, { ...tiny.embedder, dims: 16 })).rejects.toMatchObject(
      claraError('index', '32', '16'),
    )
  })

  test('to no index is refused, and leaves nothing', async () => {
    path = join(directory.path, 'absent')
    await expect(add(next)).rejects.toMatchObject(claraError('index', 'no index here'))
    expect(await readdir(directory.path)).toEqual([])
  })
})

describe('remove', () => {
  test('takes documents out of every search, and says which are not there', async () => {
    await copy()
    const { manifest, ...counts } = await removeDocuments(path, [first[4]!.id, 'nowhere', first[0]!.id])
    expect(counts).toMatchObject({ documents: 2, unknown: ['nowhere'] })
    expect(await verifyIndex(path)).toEqual(manifest)
    expect(manifest.counts.documents).toBe(18)
    expect((await documentsIn(path)).ids).toEqual(idsOf(first.filter((_, i) => i !== 4 && i !== 0)))
    const again = await removeDocuments(path, [first[4]!.id])
    expect(again).toMatchObject({ documents: 0, unknown: [first[4]!.id] })
    expect(again.manifest).toEqual(manifest)
  })

  test('of everything is refused', async () => {
    const before = await contents(await copy())
    await expect(removeDocuments(path, idsOf(first))).rejects.toMatchObject(claraError('too-small', path))
    expect(await contents(path)).toEqual(before)
  })

  test('twice, with an add of the same document between', async () => {
    await copy()
    await removeDocuments(path, [first[4]!.id])
    expect(await add([first[4]!])).toMatchObject({ added: 1, skipped: 0 })
    await removeDocuments(path, [first[6]!.id, first[4]!.id])
    await verifyIndex(path)
    expect((await documentsIn(path)).ids).toEqual(idsOf(first.filter((_, i) => i !== 4 && i !== 6)))
  })
})

describe('compact', () => {
  test('gives what a build of the documents that are left gives', async () => {
    await copy()
    await add([changed(first[5]!), ...next])
    await removeDocuments(path, [first[0]!.id, next[19]!.id, next[3]!.id])
    const manifest = await compactIndex(path)
    expect(await verifyIndex(path)).toEqual(manifest)
    expect(manifest).toMatchObject({ generation: 4, counts: { removed: 0, documents: 37 } })
    const left = [
      ...first.filter((_, i) => i !== 0 && i !== 5),
      changed(first[5]!),
      ...next.filter((_, i) => i !== 3 && i !== 19),
    ]
    const fresh = join(directory.path, 'fresh')
    await buildTiny(fresh, left, tiny.embedder)
    await expectSameIndex(path, fresh)
  })

  test('keeps count of chunks that the model saw the beginning of', async () => {
    const chunking = { tokens: 32, overlap: 0, split: false }
    const documents = [{ id: 'short', title: '', text: 'A few words.' }, ...first.slice(0, 6)]
    path = join(directory.path, 'index')
    await buildTiny(path, documents, tiny.embedder, { chunking })
    await removeDocuments(path, [first[1]!.id])
    const { counts } = await compactIndex(path)
    expect(counts).toMatchObject({ chunks: 6, truncated: 5 })
    await buildTiny(join(directory.path, 'fresh'), documents.filter(({ id }) => id !== first[1]!.id), tiny.embedder, { chunking }) // biome-ignore format: short
    await expectSameIndex(path, join(directory.path, 'fresh'))
  })
})

test('a damaged file is not copied into another index', async () => {
  for (const name of ['chunks.jsonl', 'vectors.f32']) {
    await copy(name)
    await removeDocuments(path, [first[1]!.id])
    const data = await readFile(join(path, name))
    data[data.length - 9]! ^= 1
    await writeFile(join(path, name), data)
    const before = await contents(path)
    await expect(compactIndex(path)).rejects.toMatchObject(claraError('index', name))
    await expect(add(next)).rejects.toMatchObject(claraError('index', name))
    expect((await contents(path))['manifest.json']).toEqual(before['manifest.json'])
  }
})
